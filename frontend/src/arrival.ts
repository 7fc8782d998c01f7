/**
 * How this page was opened. Importing this module takes the link's secret out of the address bar
 * and the history, so it stays the first import of main.tsx: whatever runs or is requested after
 * it (Amplify, React, config.json) finds a URL that tells nothing.
 */
export type Arrival = { kind: 'plain' } | LinkArrival;

export type LinkArrival = { kind: 'link'; secret: string } | { kind: 'bad-link'; fault: LinkFault };

/** `incomplete`: nothing after the path. `damaged`: something, but no secret of ours. */
export type LinkFault = 'incomplete' | 'damaged';

/** 32 bytes in base64url without padding. */
const SECRET = /^[A-Za-z0-9_-]{43}$/;

/** Some mail programs write `#` as `%23`: then the secret arrives as a part of the path. */
const LINK_PATH = /^\/sign-in\/?(?:%23(.*))?$/;

export function takeArrival({ location, history }: Pick<Window, 'location' | 'history'>): Arrival {
  const path = LINK_PATH.exec(location.pathname);
  if (!path) return { kind: 'plain' };

  const fragment = location.hash.slice(1);
  history.replaceState(null, '', '/');

  const secret = path[1] ?? fragment;
  if (secret === '') return { kind: 'bad-link', fault: 'incomplete' };
  if (!SECRET.test(secret)) return { kind: 'bad-link', fault: 'damaged' };
  return { kind: 'link', secret };
}

export const arrival = takeArrival(window);
