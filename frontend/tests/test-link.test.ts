import { act, cleanup, screen } from '@testing-library/react';
import { beforeEach, expect, test, vi } from 'vitest';

import { checkAccessibility, click, codeField, enter, field, heading } from './page';
import { SECRET, World } from './world';

const LINK = `${location.origin}/sign-in#${SECRET}`;

let world: World;
beforeEach(() => {
  world = new World();
  world.testLink = LINK;
});
checkAccessibility();

async function askFor(address: string): Promise<void> {
  world.open('/');
  await heading('Sign in to Acme Console');
  await enter(address);
}

async function linkOnThePage(): Promise<HTMLElement> {
  await heading('Here is your link');
  return screen.getByRole('link', { name: 'Sign in to Acme Console' });
}

/** Neither where a person sees it nor where a script finds it. */
function expectNoSecret(): void {
  expect(document.documentElement.outerHTML).not.toContain(SECRET);
  expect(location.href).not.toContain(SECRET);
  expect(JSON.stringify(localStorage)).not.toContain(SECRET);
}

test('a test user gets the link in place of a mail', async () => {
  await askFor('alice@example.com');
  const link = await linkOnThePage();
  expect(await heading('Here is your link')).toHaveFocus();
  expect(document.title).toBe('Here is your link · Acme Console');
  expect(screen.getByRole('main')).toHaveAttribute('data-view', 'test-link');
  expect(screen.getByText(/no mail is sent\. Here is the link that would be in it/)).toBeVisible();
  expect(screen.getByText('alice@example.com')).toBeVisible();
  expect(link).toHaveAttribute('id', 'test-link');
  expect(link).toHaveAttribute('href', LINK);
  expect(link).not.toHaveAttribute('target');
  expect(screen.queryByRole('textbox')).toBeNull();
});

test('the link signs in without asking for the address', async () => {
  await askFor('alice@example.com');
  const link = await linkOnThePage();
  const { href } = link as HTMLAnchorElement;
  cleanup();
  world.open(href);
  expect(await heading('You are signed in')).toBeVisible();
  expect(world.session).toBe('alice@example.com');
  expectNoSecret();
});

test('the secret does not enter the history before the click', async () => {
  const entries = history.length;
  await askFor('alice@example.com');
  await linkOnThePage();
  expect(location.href).toBe(`${location.origin}/`);
  expect(history).toHaveLength(entries);
  expect(JSON.stringify(history.state)).not.toContain(SECRET);
});

test('the secret leaves the page with its view', async () => {
  await askFor('alice@example.com');
  await linkOnThePage();
  await click('Use another address');
  await heading('Sign in to Acme Console');
  expect(field()).toHaveValue('');
  expectNoSecret();
});

test('a page that the browser keeps to go back to keeps no secret', async () => {
  await askFor('alice@example.com');
  await linkOnThePage();
  // As in a browser, which waits for nothing that React has put off.
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', false);
  window.dispatchEvent(new Event('pagehide'));
  expectNoSecret();
  await heading('Sign in to Acme Console');
  expect(field()).toHaveValue('alice@example.com');
});

test('the tab that shows the link follows the one in which it opened', async () => {
  await askFor('alice@example.com');
  await linkOnThePage();
  world.session = 'alice@example.com';
  act(() => { world.otherTab('signedIn'); });
  expect(await heading('You are signed in')).toBeVisible();
  expectNoSecret();
});

test('a test user without a mail yet gets the link where the mail was to be sent again', async () => {
  world.config = { ...(world.config as object), mailPauseSeconds: 0 };
  world.testLink = undefined;
  await askFor('alice@example.com');
  await heading('Check your mail');
  world.testLink = LINK;
  await click('Send again');
  expect(await linkOnThePage()).toBeVisible();
});

test('a stage that sends no mail gives a test user the link', async () => {
  world.config = { ...(world.config as object), mail: false };
  await askFor('alice@example.com');
  expect(await linkOnThePage()).toBeVisible();
});

test.each([
  ['of another site', `https://login.example.org/sign-in#${SECRET}`],
  ['of another port', `${location.protocol}//${location.hostname}:4/sign-in#${SECRET}`],
  ['of another scheme', `https://${location.host}/sign-in#${SECRET}`],
  ['with this site as its user', `${location.origin}@evil.example/sign-in#${SECRET}`],
  ['to another path', `${location.origin}/api/me#${SECRET}`],
  ['without a site', `/sign-in#${SECRET}`],
  ['that is a script', `javascript:alert("${location.origin}/sign-in#")`],
  ['that is no text', [LINK]],
  ['that is null', null],
])('a link %s is not shown', async (_, link) => {
  world.testLink = link;
  await askFor('alice@example.com');
  await heading('Check your mail');
  expect(codeField()).toBeVisible();
  expect(screen.queryByRole('link')).toBeNull();
  expectNoSecret();
});

test.each(['', 'no json', 'null', '[]', '7'])('%j for an answer is as good as a mail', async (body) => {
  vi.mocked(fetch).mockResolvedValueOnce(new Response(body, { status: 202 }));
  await askFor('alice@example.com');
  expect(await heading('Check your mail')).toBeVisible();
});
