import { Problem } from './problem';

/** What the page needs of /config.json, which the deploy writes from the stack's outputs. */
export interface Config {
  region: string;
  userPoolId: string;
  userPoolClientId: string;
  /** Where the API answers on this origin, without a slash at the end: `/api`. */
  apiPath: string;
  /** Another endpoint than AWS's own for Cognito: the local cloud's. */
  cognitoEndpoint: string | null;
  /** Whether this stage sends mail at all. */
  mail: boolean;
  /** The name of what people sign in to. */
  product: string;
  /** How long after a mail the stage sends the same address no other; 0: not at all. */
  mailPauseSeconds: number;
}

export async function loadConfig(): Promise<Config> {
  try {
    const response = await fetch('/config.json', { cache: 'no-store' });
    if (!response.ok) throw new Error(`config.json answered ${String(response.status)}`);
    return parseConfig(await response.json());
  } catch (cause) {
    throw new Problem('not-configured', 'cannot load config.json', { cause });
  }
}

function parseConfig(json: unknown): Config {
  const found = new Map(Object.entries(Object(json) as object));
  const text = (key: string): string => {
    const value: unknown = found.get(key);
    if (typeof value !== 'string' || value === '') throw new Error(`${key} is not a text`);
    return value;
  };

  const wholeNumber = (key: string): number => {
    const value: unknown = found.get(key);
    if (!Number.isInteger(value) || (value as number) < 0) throw new Error(`${key} is not a whole number`);
    return value as number;
  };

  const mail: unknown = found.get('mail');
  if (typeof mail !== 'boolean') throw new Error('mail is neither true nor false');
  return {
    region: text('region'),
    userPoolId: text('userPoolId'),
    userPoolClientId: text('userPoolClientId'),
    apiPath: text('apiPath'),
    cognitoEndpoint: found.get('cognitoEndpoint') === null ? null : text('cognitoEndpoint'),
    mail,
    product: text('product'),
    mailPauseSeconds: wholeNumber('mailPauseSeconds'),
  };
}
