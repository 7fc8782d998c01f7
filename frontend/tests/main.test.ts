import { act, screen } from '@testing-library/react';
import { userEvent } from '@testing-library/user-event';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { SECRET, World } from './world';

let world: World;
beforeEach(() => {
  // World has loaded the program's modules, at another URL.
  vi.resetModules();
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  world = new World();
  document.body.innerHTML = '<div id="root"></div>';
});

afterEach(() => {
  vi.doUnmock('../src/flow');
});

/** Runs the whole program, as index.html does. */
async function start(url: string): Promise<void> {
  history.pushState(null, '', url);
  await act(() => import('../src/main'));
}

test.each([`/sign-in#${SECRET}`, `/sign-in%23${SECRET}`])(
  'the secret of %s has left the URL before any other module runs and before any request',
  async (url) => {
    const hrefs: string[] = [];
    vi.doMock('../src/flow', async (original) => {
      hrefs.push(location.href);
      return original();
    });
    await start(url);
    await screen.findByRole('heading', { name: 'Confirm your address' });

    hrefs.push(...world.requests.map(({ href }) => href));
    expect(hrefs.length).toBeGreaterThan(1);
    expect(new Set(hrefs)).toEqual(new Set([`${location.origin}/`]));
  },
);

test('the page says what one signs in to as soon as it knows', async () => {
  world.answers['/config.json'] = 404;
  await start('/');
  await screen.findByRole('heading', { name: 'This page is not ready' });
  expect(document.title).toBe('This page is not ready');
  expect(screen.getByRole('banner')).toBeEmptyDOMElement();

  world.answers['/config.json'] = 200;
  await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
  await screen.findByRole('heading', { name: 'Sign in to Acme Console' });
  expect(screen.getByRole('banner')).toHaveTextContent('Acme Console');
});

test('a page without its configuration says so, and tries again when asked', async () => {
  world.answers['/config.json'] = 404;
  await start('/');
  expect(await screen.findByRole('heading', { name: 'This page is not ready' })).toHaveFocus();
  expect(screen.getByText(/config\.json/)).toBeVisible();

  world.answers['/config.json'] = 200;
  await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
  expect(await screen.findByRole('heading', { name: 'Sign in to Acme Console' })).toBeVisible();
});

test('a link outlives a configuration that came late', async () => {
  world.answers['/config.json'] = 0;
  await start(`/sign-in#${SECRET}`);
  world.answers['/config.json'] = 200;
  await userEvent.click(await screen.findByRole('button', { name: 'Try again' }));
  expect(await screen.findByRole('heading', { name: 'Confirm your address' })).toBeVisible();
});
