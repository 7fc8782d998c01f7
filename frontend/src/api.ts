import { Problem } from './problem';

/** Who the API says is signed in. */
export interface Me {
  sub: string;
  email: string;
  name: string | null;
}

/**
 * Asks for a mail with a link. The answer is the same for every address, whether it has an account or not, but for a
 * test user's: that one gets no mail, and this is the link.
 */
export async function requestLink(apiPath: string, email: string): Promise<string | null> {
  const response = await call(`${apiPath}/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email }),
  });
  if (response.status === 400) throw new Problem('not-an-address', 'the API refused the address');
  if (response.status === 429) {
    throw new Problem('throttled', 'the API counts too many requests', { retryAfter: retryAfter(response) });
  }
  if (response.status !== 202) throw unexpected(response);
  return linkIn(await response.json().catch(() => null));
}

/** A link that is none of this site's is as good as none: nobody shall be led astray by it. */
function linkIn(answer: unknown): string | null {
  const { link } = Object(answer) as { link?: unknown };
  if (typeof link !== 'string' || !URL.canParse(link)) return null;
  const { href, origin, pathname } = new URL(link);
  return origin === location.origin && pathname === '/sign-in' ? href : null;
}

/** In seconds, of which the API says an hour's at most. */
function retryAfter({ headers }: Response): number | null {
  const value = headers.get('retry-after') ?? '';
  return /^[1-9][0-9]{0,3}$/.test(value) ? Number(value) : null;
}

/** `null`: the API does not take this token (any more). */
export async function whoAmI(apiPath: string, idToken: string): Promise<Me | null> {
  const response = await call(`${apiPath}/me`, {
    headers: { authorization: `Bearer ${idToken}` },
  });
  if (response.status === 401) return null;
  if (response.status !== 200) throw unexpected(response);
  return (await response.json()) as Me;
}

async function call(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, { ...init, cache: 'no-store' });
  } catch (cause) {
    throw new Problem('offline', `cannot reach ${path}`, { cause });
  }
}

function unexpected({ status, url }: Response): Problem {
  return new Problem(status === 429 ? 'busy' : 'broken', `${url} answered ${String(status)}`);
}
