import { Problem } from './problem';

/** Who the API says is signed in. */
export interface Me {
  sub: string;
  email: string;
  name: string | null;
}

/** Asks for a mail with a link. The answer is the same for every address, whether it has an account or not. */
export async function requestLink(apiPath: string, email: string): Promise<void> {
  const response = await call(`${apiPath}/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email }),
  });
  if (response.status === 400) throw new Problem('not-an-address', 'the API refused the address');
  if (response.status !== 202) throw unexpected(response);
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
