import { act, screen, within } from '@testing-library/react';
import { beforeEach, expect, test } from 'vitest';

import { checkAccessibility, click, heading } from './page';
import { World } from './world';

let world: World;
beforeEach(() => {
  world = new World();
});
checkAccessibility();

test('the page shows who is signed in, by the ID token', async () => {
  world.session = 'alice@example.com';
  world.open('/');
  await heading('You are signed in');
  const card = within(screen.getByRole('main'));
  expect(card.getByText('Alice Example')).toBeVisible();
  expect(card.getByText('alice@example.com')).toBeVisible();
  expect(world.requests[0]?.headers.get('authorization')).toBe('Bearer id-token of alice@example.com');
});

test('a session that the API refuses ends, and the visitor signs in again', async () => {
  world.session = 'alice@example.com';
  world.answers['/api/me'] = 401;
  world.open('/');
  await heading('Sign in to Acme Console');
  expect(screen.getByText(/session has ended/)).toBeVisible();
  expect(world.session).toBeNull();
});

test('a session outlives an API that is down', async () => {
  world.session = 'alice@example.com';
  world.answers['/api/me'] = 503;
  world.open('/');
  await heading('Something went wrong');
  world.answers['/api/me'] = 200;
  await click('Try again');
  expect(await heading('You are signed in')).toBeVisible();
});

test('signing out leads back to the address', async () => {
  world.session = 'alice@example.com';
  world.open('/');
  await heading('You are signed in');
  await click('Sign out');
  expect(await heading('Sign in to Acme Console')).toHaveFocus();
  expect(screen.getByText('You are signed out.')).toBeVisible();
  expect(world.session).toBeNull();
});

test('signing out everywhere says that it reached every browser', async () => {
  world.session = 'alice@example.com';
  world.open('/');
  await heading('You are signed in');
  await click('Sign out everywhere');
  await heading('Sign in to Acme Console');
  expect(screen.getByText(/signed out here and in every other browser/)).toBeVisible();
});

test('signing out everywhere claims nothing that did not happen', async () => {
  world.session = 'alice@example.com';
  world.answers['https://cognito-idp.eu-west-1.amazonaws.com/'] = 0;
  world.open('/');
  await heading('You are signed in');
  await click('Sign out everywhere');
  expect(await screen.findByText(/could not be reached/)).toBeVisible();
  expect(screen.getByRole('heading', { name: 'You are signed in' })).toBeVisible();
  expect(world.session).toBe('alice@example.com');
});

test('a session that ended in another tab ends in this one', async () => {
  world.session = 'alice@example.com';
  world.open('/');
  await heading('You are signed in');
  world.session = null;
  act(() => { world.otherTab('signedOut'); });
  expect(await heading('Sign in to Acme Console')).toBeVisible();
});
