import { expect, test } from 'vitest';

import { type Arrival, takeArrival } from '../src/arrival';
import { SECRET } from './world';

function arriveAt(url: string): Arrival {
  history.pushState(null, '', url);
  return takeArrival(window);
}

test.each([
  ['the fragment', `/sign-in#${SECRET}`],
  ['a fragment whose # became %23', `/sign-in%23${SECRET}`],
  ['a path with a slash at its end', `/sign-in/#${SECRET}`],
  ['a link that a mail program added a query to', `/sign-in?utm_source=mail#${SECRET}`],
])('takes the secret from %s', (_, url) => {
  expect(arriveAt(url)).toEqual({ kind: 'link', secret: SECRET });
});

test.each(['/sign-in', '/sign-in/', '/sign-in#', '/sign-in%23'])('says that %s is incomplete', (url) => {
  expect(arriveAt(url)).toEqual({ kind: 'bad-link', fault: 'incomplete' });
});

test.each([
  ['one character less', SECRET.slice(1)],
  ['one character more', `${SECRET}A`],
  ['a stranger in the alphabet', `${SECRET.slice(1)}+`],
  ['an encoded bracket behind it', `${SECRET}%3E`],
])('says that a secret with %s is damaged', (_, secret) => {
  expect(arriveAt(`/sign-in#${secret}`)).toEqual({ kind: 'bad-link', fault: 'damaged' });
  expect(arriveAt(`/sign-in%23${secret}`)).toEqual({ kind: 'bad-link', fault: 'damaged' });
});

test.each(['/', `/#${SECRET}`, `/sign-in-here#${SECRET}`])('sees no link in %s', (url) => {
  expect(arriveAt(url)).toEqual({ kind: 'plain' });
});

test.each([`/sign-in#${SECRET}`, `/sign-in%23${SECRET}`, '/sign-in#damaged'])(
  'leaves nothing of %s in the URL or in the history',
  (url) => {
    history.pushState(null, '', url);
    const entries = history.length;
    takeArrival(window);
    expect(location.pathname + location.search + location.hash).toBe('/');
    expect(history).toHaveLength(entries);
  },
);
