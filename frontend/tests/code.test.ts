import { confirmSignIn, signIn } from '@aws-amplify/auth';
import { act, screen } from '@testing-library/react';
import { userEvent } from '@testing-library/user-event';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { remember, remembered } from '../src/address';
import { readCode } from '../src/code';
import { checkAccessibility, click, codeField, enter, enterCode, field, heading } from './page';
import { CODE, named, SECRET, World } from './world';

const REFUSED = /wrong, has expired or was already used\. After five wrong tries a code is dead/;
const WRONG = '99999999';

let world: World;
beforeEach(() => {
  world = new World();
});
checkAccessibility();
afterEach(() => {
  vi.useRealTimers();
});

async function waitForMail(address = 'alice@example.com'): Promise<void> {
  world.open('/');
  await heading('Sign in to Acme Console');
  await enter(address);
  await heading('Check your mail');
}

// What is a code

test.each([
  ['as it is', '01234567'],
  ['in two halves', '0123 4567'],
  ['with hyphens', '01-23-45-67'],
  ['with blanks around it', '  01234567\t'],
  ['with a no-break space', '0123\u00a04567'],
  ['with a dash and a minus', '01\u201323\u22124567'],
  ['with what cannot be seen', '\u200b0123\u00ad4567\ufeff'],
  ['in wide digits', '０１２３４５６７'],
])('a code is read %s', (_, typed) => {
  expect(readCode(typed)).toBe(CODE);
});

test.each(['', '0123456', '012345678', '0123456a', '0123.4567', '01234567 x', '٠١٢٣٤٥٦٧'])('%j is no code', (typed) => {
  expect(readCode(typed)).toBeNull();
});

// Under "Check your mail"

test('the code signs in as the link does', async () => {
  await waitForMail();
  expect(codeField()).toHaveAttribute('autocomplete', 'one-time-code');
  expect(codeField()).toHaveAttribute('inputmode', 'numeric');
  await userEvent.type(codeField(), '0123 4567');
  await click('Sign in');

  expect(await heading('You are signed in')).toHaveFocus();
  expect(signIn).toHaveBeenCalledExactlyOnceWith({
    username: 'alice@example.com',
    options: { authFlowType: 'CUSTOM_WITHOUT_SRP' },
  });
  expect(confirmSignIn).toHaveBeenCalledExactlyOnceWith({ challengeResponse: `code.${CODE}` });
  expect(remembered()).toBeNull();
  expect(world.sent('/api/me')).toHaveLength(1);
});

test('a code can be pasted as the mail writes it', async () => {
  await waitForMail();
  await userEvent.click(codeField());
  await userEvent.paste(' 0123-4567\n');
  await click('Sign in');
  expect(await heading('You are signed in')).toBeVisible();
});

test.each(['', '0123456', '012345678', 'abcdefgh'])('%j is refused before any request', async (typed) => {
  await waitForMail();
  await enterCode(typed);
  expect(await screen.findByText(/It has eight digits/)).toBeVisible();
  expect(codeField()).toBeInvalid();
  expect(codeField()).toHaveFocus();
  expect(codeField()).toHaveAccessibleDescription(/eight digits/);
  expect(codeField()).toHaveValue(typed);
  expect(signIn).not.toHaveBeenCalled();

  await userEvent.type(codeField(), '1');
  expect(codeField()).toBeValid();
  expect(codeField()).not.toHaveAccessibleDescription();
});

test('a wrong code is explained where it stands, and the next try replaces it', async () => {
  await waitForMail();
  await userEvent.type(codeField(), WRONG);
  await click('Sign in');
  expect(await screen.findByText(REFUSED)).toBeVisible();
  expect(codeField()).toBeInvalid();
  expect(codeField()).toHaveFocus();
  expect(codeField()).toHaveAccessibleDescription(REFUSED);
  expect(codeField()).toHaveValue(WRONG);
  expect(remembered()).toBe('alice@example.com');

  // It is selected, so it need not be deleted first.
  await userEvent.keyboard(`${CODE}{Enter}`);
  expect(await heading('You are signed in')).toBeVisible();
});

test('a person who asked for an address without an account sees what a wrong code shows', async () => {
  await waitForMail('nobody@example.com');
  await enterCode(CODE);
  expect(await screen.findByText(REFUSED)).toBeVisible();
});

test.each(['NotAuthorizedException', 'UserNotFoundException'])('%s shows what a wrong code shows', async (name) => {
  world.signInError = name;
  await waitForMail();
  await enterCode(CODE);
  expect(await screen.findByText(REFUSED)).toBeVisible();
});

test('four wrong tries are no hindrance, though Cognito ends a sign-in after three', async () => {
  await waitForMail();
  for (const wrong of ['11111111', '22222222', '33333333', '44444444']) {
    await enterCode(wrong);
    await screen.findByText(REFUSED);
  }
  await enterCode(CODE);
  expect(await heading('You are signed in')).toBeVisible();
});

test('after the fifth wrong try the code is dead, and a new mail is one click away', async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  await waitForMail();
  for (const wrong of ['11111111', '22222222', '33333333', '44444444', '55555555', CODE]) {
    await enterCode(wrong);
    await screen.findByText(REFUSED);
  }
  await act(() => vi.advanceTimersByTimeAsync(30_000));
  await click('Send again');
  expect(await screen.findByText(/Only the code in the newest mail works/)).toBeVisible();
  expect(world.sent('/api/login')).toHaveLength(2);
  expect(screen.queryByText(REFUSED)).toBeNull();
  expect(codeField()).toHaveValue('');
  expect(screen.getByRole('button', { name: 'Send again' })).toHaveFocus();
});

test('a person may take longer over the code than a session of Cognito lasts', async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  await waitForMail();
  await enterCode(WRONG);
  await screen.findByText(REFUSED);
  await act(() => vi.advanceTimersByTimeAsync(4 * 60_000));
  await enterCode(CODE);
  expect(await heading('You are signed in')).toBeVisible();
});

test.each([
  ['NetworkError', /Check your connection and try again/],
  ['TooManyRequestsException', /Too many tries/],
  ['UserLambdaValidationException', /Try again in a moment/],
])('a code outlives trouble: %s', async (name, words) => {
  world.answerError = name;
  await waitForMail();
  await enterCode(CODE);
  expect(await screen.findByText(words)).toBeVisible();
  expect(codeField()).toBeValid();
  expect(codeField()).toHaveValue(CODE);

  world.answerError = null;
  await click('Sign in');
  expect(await heading('You are signed in')).toBeVisible();
});

test('a code that signed in is not asked for again by an API that is down', async () => {
  world.answers['/api/me'] = 503;
  await waitForMail();
  await enterCode(CODE);
  await heading('Something went wrong');
  world.answers['/api/me'] = 200;
  await click('Try again');
  expect(await heading('You are signed in')).toBeVisible();
  expect(confirmSignIn).toHaveBeenCalledOnce();
});

test('two quick clicks are one try', async () => {
  await waitForMail();
  await userEvent.type(codeField(), CODE);
  await userEvent.dblClick(screen.getByRole('button', { name: 'Sign in' }));
  await heading('You are signed in');
  expect(confirmSignIn).toHaveBeenCalledOnce();
});

// Where the link does not do

test('the browser that asked signs in with the code when the link is incomplete', async () => {
  remember('alice@example.com');
  world.open('/sign-in');
  expect(await heading('The link is incomplete')).toHaveFocus();
  expect(screen.queryByRole('textbox', { name: 'Email address' })).toBeNull();
  await enterCode(CODE);
  expect(await heading('You are signed in')).toBeVisible();
});

test('another browser asks for the address beside the code when the link is damaged', async () => {
  world.open('/sign-in#abc');
  await heading('The link is damaged');
  await userEvent.type(field(), ' Alice@Example.com');
  await enterCode(CODE);
  await heading('You are signed in');
  expect(world.session).toBe('alice@example.com');
});

test('an address that is none is mended first', async () => {
  world.open('/sign-in');
  await heading('The link is incomplete');
  await userEvent.type(field(), 'alice');
  await enterCode(CODE);
  expect(await screen.findByText(/not an email address/)).toBeVisible();
  expect(field()).toHaveFocus();
  expect(field()).toHaveAccessibleDescription(/not an email address/);
  expect(codeField()).toBeValid();
  expect(codeField()).not.toHaveAccessibleDescription();

  await userEvent.type(field(), '@example.com{Enter}');
  expect(await heading('You are signed in')).toBeVisible();
});

test('a code refused where no address was known leaves a new mail one click away', async () => {
  world.open('/sign-in');
  await heading('The link is incomplete');
  await userEvent.type(field(), 'alice@example.com');
  await enterCode(WRONG);
  expect(await screen.findByText(REFUSED)).toBeVisible();
  expect(field()).toBeValid();

  await click('Send me a new mail');
  await heading('Check your mail');
  expect(world.sent('/api/login')).toEqual([{ email: 'alice@example.com' }]);
});

test('the code signs in when the link was burnt', async () => {
  world.open(`/sign-in#${SECRET}`);
  await heading('Confirm your address');
  vi.mocked(confirmSignIn).mockRejectedValueOnce(named('NotAuthorizedException'));
  await enter('alice@example.com');
  await heading('The link did not work');
  await enterCode(CODE);
  expect(await heading('You are signed in')).toBeVisible();
});

test.each(['/sign-in', `/sign-in#${SECRET}`])('the tab in which %s failed follows the one that signs in', async (url) => {
  remember('bob@example.com');
  world.open(url);
  await screen.findByRole('heading', { name: /The link (is incomplete|did not work)/ });
  world.session = 'alice@example.com';
  act(() => { world.otherTab('signedIn'); });
  expect(await heading('You are signed in')).toBeVisible();
});
