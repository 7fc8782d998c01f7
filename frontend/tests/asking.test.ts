import { act, screen } from '@testing-library/react';
import { userEvent } from '@testing-library/user-event';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { remembered } from '../src/address';
import { checkAccessibility, click, enter, field, heading } from './page';
import { World } from './world';

let world: World;
beforeEach(() => {
  world = new World();
});
checkAccessibility();
afterEach(() => {
  vi.useRealTimers();
});

async function askFor(address: string): Promise<void> {
  world.open('/');
  await heading('Sign in to Acme Console');
  await enter(address);
}

test('a visitor asks for a link and is told to check the mail', async () => {
  world.open('/');
  await heading('Sign in to Acme Console');
  expect(field()).toHaveFocus();
  expect(field()).toHaveAttribute('autocomplete', 'email');

  await enter(' Alice@Example.com');
  expect(await heading('Check your mail')).toHaveFocus();
  expect(document.title).toBe('Check your mail · Acme Console');
  expect(screen.getByText('alice@example.com')).toBeVisible();
  expect(world.sent('/api/login')).toEqual([{ email: 'alice@example.com' }]);
  expect(remembered()).toBe('alice@example.com');
  expect(screen.queryByText(/sends no mail/)).toBeNull();
});

test('the page says what one signs in to', async () => {
  world.open('/');
  await heading('Sign in to Acme Console');
  expect(document.title).toBe('Sign in to Acme Console');
  expect(screen.getByRole('banner')).toHaveTextContent(/^Acme Console$/);
});

test.each(['', 'alice', 'alice@', 'a@b@example.com'])('%j is refused before any request', async (typed) => {
  world.open('/');
  await heading('Sign in to Acme Console');
  await userEvent.type(field(), `${typed}{Enter}`);
  expect(field()).toBeInvalid();
  expect(field()).toHaveFocus();
  expect(field()).toHaveAccessibleDescription(/not an email address/);
  expect(world.sent('/api/login')).toEqual([]);

  await userEvent.type(field(), 'x');
  expect(field()).not.toHaveAccessibleDescription();
});

test.each([
  [400, /not an email address/],
  [429, /Too many requests/],
  [500, /could not do this/],
  [200, /could not do this/],
  [0, /Check your connection/],
])('an answer of %d to the request is explained, and it can be made again', async (status, words) => {
  world.answers['/api/login'] = status;
  await askFor('alice@example.com');
  expect(await screen.findByText(words)).toBeVisible();
  expect(remembered()).toBeNull();

  world.answers['/api/login'] = 202;
  await click('Send me a link');
  expect(await heading('Check your mail')).toBeVisible();
});

test.each([
  ['1', 'in 1 second.'],
  ['59', 'in 59 seconds.'],
  ['60', 'in 1 minute.'],
  ['661', 'in 12 minutes.'],
  ['3600', 'in 60 minutes.'],
  [null, 'in a while.'],
  ['0', 'in a while.'],
  ['-5', 'in a while.'],
  ['86400', 'in a while.'],
  ['Sun, 22 Nov 2026 10:45:00 GMT', 'in a while.'],
])('one request too many with Retry-After: %s may be tried again %s', async (seconds, words) => {
  world.answers['/api/login'] = 429;
  world.retryAfter = seconds;
  await askFor('alice@example.com');
  expect(await screen.findByText(`Too many requests from your network. Try again ${words}`)).toBeVisible();
  expect(field()).toHaveAccessibleDescription(/Too many requests/);
});

test('a stage that sends no mail says so', async () => {
  world.config = { ...(world.config as object), mail: false };
  await askFor('alice@example.com');
  await heading('Check your mail');
  expect(screen.getByText(/sends no mail/)).toBeVisible();
  expect(screen.queryByRole('textbox', { name: 'Code from the mail' })).toBeNull();
});

test('the mail can be sent again after the pause, with the reason shown until then', async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  await askFor('alice@example.com');
  await heading('Check your mail');
  const again = screen.getByRole('button', { name: 'Send again' });
  expect(again).toHaveAttribute('aria-disabled', 'true');
  expect(again).toHaveAccessibleDescription(/again in (30|29) seconds\./);
  await click('Send again');
  expect(world.sent('/api/login')).toHaveLength(1);

  await act(() => vi.advanceTimersByTimeAsync(30_000));
  expect(again).toHaveAttribute('aria-disabled', 'false');
  await click('Send again');
  expect(await screen.findByText(/^Sent again\./)).toBeVisible();
  expect(world.sent('/api/login')).toHaveLength(2);
  expect(again).toHaveAttribute('aria-disabled', 'true');
});

test('a stage may have a longer pause', async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  world.config = { ...(world.config as object), mailPauseSeconds: 90 };
  await askFor('alice@example.com');
  await heading('Check your mail');
  const again = screen.getByRole('button', { name: 'Send again' });
  expect(again).toHaveAccessibleDescription(/again in 2 minutes\./);
  await act(() => vi.advanceTimersByTimeAsync(60_000));
  expect(again).toHaveAccessibleDescription(/again in (30|29) seconds\./);
  expect(again).toHaveAttribute('aria-disabled', 'true');
  await act(() => vi.advanceTimersByTimeAsync(30_000));
  expect(again).toHaveAttribute('aria-disabled', 'false');
});

test('a stage without a pause sends again at once, and says so each time', async () => {
  world.config = { ...(world.config as object), mailPauseSeconds: 0 };
  await askFor('alice@example.com');
  await heading('Check your mail');
  expect(screen.getByRole('button', { name: 'Send again' })).toHaveAccessibleDescription(/Look among the spam/);
  await click('Send again');
  expect(await screen.findByText(/^Sent again\./)).toBeVisible();

  world.answers['/api/login'] = 0;
  await click('Send again');
  expect(await screen.findByText(/Check your connection/)).toBeVisible();
  expect(screen.queryByText(/^Sent again\./)).toBeNull();

  world.answers['/api/login'] = 202;
  await click('Send again');
  expect(await screen.findByText(/^Sent again\./)).toBeVisible();
  expect(world.sent('/api/login')).toHaveLength(4);
});

test('an answer that comes when the person has gone on calls nobody back', async () => {
  world.config = { ...(world.config as object), mailPauseSeconds: 0 };
  await askFor('alice@example.com');
  await heading('Check your mail');
  let answer: (response: Response) => void = () => undefined;
  vi.mocked(fetch).mockReturnValueOnce(new Promise((resolve) => { answer = resolve; }));
  await click('Send again');
  await click('Use another address');
  await heading('Sign in to Acme Console');

  await act(async () => {
    answer(Response.json({}, { status: 202 }));
    await new Promise((done) => setTimeout(done, 50));
  });
  expect(await heading('Sign in to Acme Console')).toBeVisible();
});

test('another address can be used', async () => {
  await askFor('alice@example.com');
  await heading('Check your mail');
  await click('Use another address');
  await heading('Sign in to Acme Console');
  expect(field()).toHaveValue('');
});

test('the tab that waits for the mail follows the one in which the link opened', async () => {
  await askFor('alice@example.com');
  await heading('Check your mail');
  world.session = 'alice@example.com';
  act(() => { world.otherTab('signedIn'); });
  expect(await heading('You are signed in')).toBeVisible();
});
