import { inWords } from './duration';

/** What can go wrong that is not the person's link: each kind is one thing to tell them. */
export type ProblemKind =
  | 'not-an-address'
  | 'not-a-code'
  | 'code-refused'
  | 'offline'
  | 'busy'
  | 'throttled'
  | 'broken'
  | 'not-configured';

interface Options extends ErrorOptions {
  /** In how many seconds to try again; null: nobody said. */
  retryAfter?: number | null;
}

export class Problem extends Error {
  override name = 'Problem';
  readonly kind: ProblemKind;
  readonly retryAfter: number | null;

  constructor(kind: ProblemKind, message: string, { retryAfter = null, ...options }: Options = {}) {
    super(message, options);
    this.kind = kind;
    this.retryAfter = retryAfter;
  }

  /** Anything caught, as a problem: what is not one yet is a fault that nobody foresaw. */
  static from(error: unknown): Problem {
    if (error instanceof Problem) return error;
    return new Problem('broken', 'unexpected failure', { cause: error });
  }
}

/** The problem in words for the person in front of the page. */
export function explain({ kind, retryAfter }: Problem): string {
  switch (kind) {
    case 'not-an-address':
      return 'This is not an email address. It looks like name@example.com.';
    case 'not-a-code':
      return 'This is not the code. It has eight digits, like 1234 5678.';
    case 'code-refused':
      return 'This code is wrong, has expired or was already used. After five wrong tries a code is dead; a new mail brings a new one.';
    case 'offline':
      return 'The server could not be reached. Check your connection and try again.';
    case 'busy':
      return 'Too many tries in a short time. Wait a few minutes and try again.';
    case 'throttled':
      return `Too many requests from your network. Try again in ${retryAfter === null ? 'a while' : inWords(retryAfter)}.`;
    case 'broken':
      return 'The server could not do this. Try again in a moment.';
    case 'not-configured':
      return 'Its configuration (config.json) is missing or broken. Try again, or tell whoever runs this site.';
  }
}
