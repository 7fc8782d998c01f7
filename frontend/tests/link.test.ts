import { confirmSignIn, signIn } from '@aws-amplify/auth';
import { screen } from '@testing-library/react';
import { beforeEach, expect, test } from 'vitest';

import { remember, remembered } from '../src/address';
import { checkAccessibility, click, enter, enterCode, field, heading } from './page';
import { CODE, SECRET, World } from './world';

const LINK = `/sign-in#${SECRET}`;

let world: World;
beforeEach(() => {
  world = new World();
});
checkAccessibility();

test('the browser that asked goes straight in', async () => {
  remember('alice@example.com');
  world.open(LINK);
  expect(await heading('You are signed in')).toHaveFocus();
  expect(confirmSignIn).toHaveBeenCalledExactlyOnceWith({ challengeResponse: `link.${SECRET}` });
  expect(location.href).toBe(`${location.origin}/`);
  expect(remembered()).toBeNull();
});

test('another browser confirms the address once', async () => {
  world.open(LINK);
  await heading('Confirm your address');
  expect(signIn).not.toHaveBeenCalled();
  await enter('alice@example.com');
  expect(await heading('You are signed in')).toBeVisible();
});

test('a wrong address can be corrected', async () => {
  world.open(LINK);
  await heading('Confirm your address');
  await enter('alicia@example.com');
  await heading('The link did not work');
  expect(screen.getByText('alicia@example.com')).toBeVisible();

  await click('Try another address');
  await heading('Confirm your address');
  expect(field()).toHaveValue('alicia@example.com');
  await enter('alice@example.com');
  expect(await heading('You are signed in')).toBeVisible();
});

test.each(['NotAuthorizedException', 'UserNotFoundException'])(
  'a link refused with %s is replaced in one click',
  async (name) => {
    world.signInError = name;
    remember('alice@example.com');
    world.open(LINK);
    await heading('The link did not work');
    expect(screen.getByText(/expired, was already used, or was made for another address/)).toBeVisible();

    await click('Send me a new mail');
    expect(await heading('Check your mail')).toBeVisible();
    expect(world.sent('/api/login')).toEqual([{ email: 'alice@example.com' }]);
  },
);

test('a link outlives a bad connection', async () => {
  world.signInError = 'NetworkError';
  remember('alice@example.com');
  world.open(LINK);
  await heading('No connection');

  world.signInError = null;
  await click('Try again');
  expect(await heading('You are signed in')).toBeVisible();
});

test.each([
  ['/sign-in', 'The link is incomplete'],
  ['/sign-in#abc', 'The link is damaged'],
])('%s says what is wrong with it and leads to a new mail', async (url, title) => {
  world.open(url);
  await heading(title);
  await click('Get a new mail');
  expect(await heading('Sign in to Acme Console')).toBeVisible();
  expect(signIn).not.toHaveBeenCalled();
});

test('an unreadable link in the browser that asked is replaced in one click', async () => {
  remember('alice@example.com');
  world.open('/sign-in');
  await heading('The link is incomplete');
  await click('Send me a new mail');
  expect(await heading('Check your mail')).toBeVisible();
});

// A link that meets a session

test('someone else who is signed in is asked first, and may stay', async () => {
  world.session = 'bob@example.com';
  world.open(LINK);
  await heading('You are already signed in');
  expect(screen.getByText('bob@example.com')).toBeVisible();
  await click('Stay signed in');
  await heading('You are signed in');
  expect(world.session).toBe('bob@example.com');
  expect(signIn).not.toHaveBeenCalled();
});

test.each([
  ['with the address that was asked for', 'alice@example.com'],
  ['with the address confirmed first', null],
])('someone else who is signed in may leave and use the link, %s', async (_, known) => {
  world.session = 'bob@example.com';
  if (known !== null) remember(known);
  world.open(LINK);
  await heading('You are already signed in');
  await click('Sign out and use the link');
  if (known === null) {
    await heading('Confirm your address');
    await enter('alice@example.com');
  }
  await heading('You are signed in');
  expect(world.session).toBe('alice@example.com');
});

test.each([
  ['/sign-in', /The link is incomplete/],
  ['/sign-in#abc', /The link is damaged/],
])('someone else who is signed in is asked before %s leads to the code', async (url, words) => {
  world.session = 'bob@example.com';
  world.open(url);
  await heading('You are already signed in');
  expect(screen.getByText(words)).toBeVisible();
  expect(world.session).toBe('bob@example.com');

  await click('Sign out and use the code');
  await screen.findByRole('heading', { name: words });
  await enter('alice@example.com');
  await enterCode(CODE);
  await heading('You are signed in');
  expect(world.session).toBe('alice@example.com');
});

test('who asked for a link and is signed in already goes in without using it', async () => {
  world.session = 'alice@example.com';
  remember('alice@example.com');
  world.open(LINK);
  await heading('You are signed in');
  expect(signIn).not.toHaveBeenCalled();
});
