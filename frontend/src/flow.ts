import * as address from './address';
import * as api from './api';
import type { Arrival, LinkArrival } from './arrival';
import type { Config } from './config';
import { Problem } from './problem';
import * as session from './session';
import type { View } from './view';

/**
 * The way from a view to the next one. A step that ends in a view never rejects: what fails becomes
 * a `trouble` view that knows how to try again, so that a link survives a bad connection.
 */
export class Flow {
  readonly config: Config;

  constructor(config: Config) {
    this.config = config;
    session.configureSession(config);
  }

  arrive(arrival: Arrival): Promise<View> {
    return attempt(async () => (arrival.kind === 'plain' ? this.enter() : this.openLink(arrival)));
  }

  /** Shows who is signed in, or asks for the address. */
  enter(): Promise<View> {
    return attempt(async () => {
      const current = await session.currentSession();
      if (!current) return askAddress();
      const me = await api.whoAmI(this.config.apiPath, current.idToken);
      if (me) return { kind: 'signed-in', me };
      await session.endSession();
      return { ...askAddress(), note: 'session-ended' };
    });
  }

  /** Signs in with the link. A wrong address burns nothing, so the refused link can be tried again. */
  followLink(secret: string, email: string): Promise<View> {
    return attempt(async () => {
      if (!(await session.signInWithLink(email, secret))) return { kind: 'link-refused', secret, email };
      address.forget();
      return this.enter();
    });
  }

  /** Signs in with the code. Rejects with a Problem when it was refused, or could not be tried. */
  async signInWithCode(email: string, code: string): Promise<View> {
    if (!(await session.signInWithCode(email, code))) throw new Problem('code-refused', 'Cognito refused the code');
    address.forget();
    return this.enter();
  }

  /** Leaves the session that stands in the way of the link, and uses the link. */
  switchToLink(link: LinkArrival): Promise<View> {
    return attempt(async () => {
      await session.endSession();
      return this.openLink(link);
    });
  }

  signOut(): Promise<View> {
    return attempt(async () => {
      await session.endSession();
      return { kind: 'ask-address', note: 'signed-out' };
    });
  }

  /** Rejects with a Problem when Cognito did not do it; the session then goes on. */
  async signOutEverywhere(): Promise<View> {
    await session.endEverySession(this.config);
    return { kind: 'ask-address', note: 'signed-out-everywhere' };
  }

  /** Rejects with a Problem when the API did not take it. */
  async requestLink(email: string): Promise<View> {
    const link = await api.requestLink(this.config.apiPath, email);
    address.remember(email);
    return link === null ? { kind: 'check-mail', email } : { kind: 'test-link', email, link };
  }

  private async openLink(link: LinkArrival): Promise<View> {
    const current = await session.currentSession();
    const known = address.remembered();
    if (current) {
      if (current.email !== known) return { kind: 'other-session', email: current.email, link };
      address.forget();
      return this.enter();
    }
    if (link.kind === 'bad-link') return { kind: 'link-unreadable', fault: link.fault, email: known };
    if (known === null) return { kind: 'confirm-address', secret: link.secret };
    return this.followLink(link.secret, known);
  }
}

function askAddress(): View & { kind: 'ask-address' } {
  const email = address.remembered();
  return { kind: 'ask-address', ...(email !== null && { email }) };
}

async function attempt(step: () => Promise<View>): Promise<View> {
  try {
    return await step();
  } catch (error) {
    return { kind: 'trouble', problem: Problem.from(error), again: () => attempt(step) };
  }
}
