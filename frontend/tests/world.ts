import { confirmSignIn, signIn, signOut } from '@aws-amplify/auth';
import { type AuthTokens, fetchAuthSession, Hub } from '@aws-amplify/core';
import { render } from '@testing-library/react';
import { createElement } from 'react';
import { vi } from 'vitest';

import { App } from '../src/App';
import { takeArrival } from '../src/arrival';
import { Flow } from '../src/flow';
import { Page } from '../src/Page';

export const SECRET = 'AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdE';

export const CODE = '01234567';

export const CONFIG = {
  region: 'eu-west-1',
  userPoolId: 'eu-west-1_pool',
  userPoolClientId: 'client',
  apiPath: '/api',
  cognitoEndpoint: null as string | null,
  mail: true,
  product: 'Acme Console',
  mailPauseSeconds: 30,
};

const GLOBAL_SIGN_OUT = 'https://cognito-idp.eu-west-1.amazonaws.com/';

/** Cognito and the API as the page meets them: one session, one good link and code, and answers that a test may change. */
export class World {
  /** Who is signed in in this browser. */
  session: string | null = null;
  /** Whose link SECRET is, and whose code CODE. */
  owner = 'alice@example.com';
  config: unknown = CONFIG;
  /** Status by path; 0: no connection. */
  answers: Record<string, number> = {
    '/config.json': 200,
    '/api/login': 202,
    '/api/me': 200,
    [GLOBAL_SIGN_OUT]: 200,
  };
  /** Set: what the API answers as the link of a test user. */
  testLink: unknown = undefined;
  /** Set: the header Retry-After of whatever is answered. */
  retryAfter: string | null = null;
  /** Set: Amplify's signIn fails with an error of this name. */
  signInError: string | null = null;
  /** Set: Amplify's confirmSignIn fails with an error of this name. */
  answerError: string | null = null;
  private wrongCodes = 0;
  requests: { path: string; body: unknown; headers: Headers; href: string }[] = [];

  constructor() {
    vi.stubGlobal('fetch', vi.fn(this.fetch));
    let username = '';
    let triesLeft = 0;
    let validUntil = 0;
    vi.mocked(signIn).mockImplementation((input) => {
      if (this.signInError) return Promise.reject(named(this.signInError));
      if (this.session) return Promise.reject(named('UserAlreadyAuthenticatedException'));
      username = input.username;
      triesLeft = 3;
      validUntil = Date.now() + 3 * 60_000;
      return Promise.resolve({ isSignedIn: false, nextStep: CHALLENGE });
    });
    vi.mocked(confirmSignIn).mockImplementation(({ challengeResponse }) => {
      if (this.answerError) return Promise.reject(named(this.answerError));
      if (triesLeft === 0 || Date.now() >= validUntil) return Promise.reject(named('NotAuthorizedException'));
      if (!this.isRight(username, challengeResponse)) {
        triesLeft -= 1;
        if (triesLeft === 0) return Promise.reject(named('NotAuthorizedException'));
        return Promise.resolve({ isSignedIn: false, nextStep: CHALLENGE });
      }
      this.session = username;
      this.tell({ event: 'signedIn' });
      return Promise.resolve({ isSignedIn: true, nextStep: { signInStep: 'DONE' } });
    });
    vi.mocked(signOut).mockImplementation(() => {
      this.session = null;
      return Promise.resolve();
    });
    vi.mocked(fetchAuthSession).mockImplementation(() =>
      Promise.resolve(this.session === null ? {} : { tokens: tokensOf(this.session) }),
    );
    vi.mocked(Hub.listen).mockReturnValue(() => undefined);
  }

  /** Opens the page as a browser would: the URL first, then the page. */
  open(url: string): void {
    history.replaceState(null, '', url);
    const arrival = takeArrival(window);
    const flow = new Flow(this.config as typeof CONFIG);
    const app = createElement(App, { flow, first: flow.arrive(arrival) });
    render(createElement(Page, { product: flow.config.product, children: app }));
  }

  /** What another tab of this browser did. */
  otherTab(event: 'signedIn' | 'signedOut'): void {
    this.tell({ event, crossTab: true });
  }

  /** The bodies sent to a path. */
  sent(path: string): unknown[] {
    return this.requests.filter((request) => request.path === path).map(({ body }) => body);
  }

  /** Amplify tells of this tab, and of others those who listen beyond their own, and nobody else. */
  private tell({ event, crossTab = false }: { event: 'signedIn' | 'signedOut'; crossTab?: boolean }): void {
    const [, listener, options] = (vi.mocked(Hub.listen).mock.lastCall ?? []) as unknown as Partial<HubCall>;
    if (options?.enableCrossTabEvents === true || !crossTab) listener?.({ channel: 'auth', payload: { event }, crossTab });
  }

  /** A wrong code counts, and the fifth kills the right one. A wrong link burns nothing. */
  private isRight(username: string, answer: string): boolean {
    if (username !== this.owner) return false;
    if (answer === `code.${CODE}` && this.wrongCodes < 5) return true;
    if (answer.startsWith('code.')) this.wrongCodes += 1;
    return answer === `link.${SECRET}`;
  }

  private readonly fetch = (path: string, init?: RequestInit): Promise<Response> => {
    const body: unknown = typeof init?.body === 'string' ? JSON.parse(init.body) : null;
    this.requests.push({ path, body, headers: new Headers(init?.headers), href: location.href });
    const status = this.answers[path] ?? 404;
    if (status === 0) return Promise.reject(new TypeError('Failed to fetch'));
    const ok = status < 300;
    const answer = Response.json(ok ? this.bodyOf(path) : { __type: 'InternalErrorException' }, { status });
    if (this.retryAfter !== null) answer.headers.set('retry-after', this.retryAfter);
    return Promise.resolve(answer);
  };

  private bodyOf(path: string): unknown {
    if (path === '/config.json') return this.config;
    if (path === '/api/me') return { sub: 'a-sub', email: this.session, name: 'Alice Example' };
    if (path === '/api/login') return { message: 'A sign-in mail is on its way.', link: this.testLink };
    return {};
  }
}

type HubCall = [string, (capsule: object) => void, { enableCrossTabEvents?: boolean }?];

const CHALLENGE = { signInStep: 'CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE' } as const;

export function named(name: string): Error {
  return Object.assign(new Error(name), { name });
}

function tokensOf(email: string): AuthTokens {
  const token = (use: string) => ({ payload: { email }, toString: () => `${use}-token of ${email}` });
  return { idToken: token('id'), accessToken: token('access') };
}
