import { confirmSignIn, signIn, signOut } from '@aws-amplify/auth';
import { cognitoUserPoolsTokenProvider } from '@aws-amplify/auth/cognito';
import { Amplify, fetchAuthSession, Hub } from '@aws-amplify/core';

import type { Config } from './config';
import { Problem } from './problem';

/** The session of this browser: Amplify keeps its tokens (in localStorage) and renews them. */
export interface Session {
  email: string;
  idToken: string;
  accessToken: string;
}

/**
 * Cognito's ways of saying no to this person. The local cloud names an unknown user even where the
 * pool hides it (PreventUserExistenceErrors); a person must see no difference.
 */
const REFUSALS = new Set([
  'NotAuthorizedException',
  'UserNotFoundException',
  'UserNotConfirmedException',
  'PasswordResetRequiredException',
  'TokenRevokedException',
  'RefreshTokenReuseException',
]);

const BUSY = new Set(['TooManyRequestsException', 'LimitExceededException', 'TooManyFailedAttemptsException']);

/** Wired by hand: the `aws-amplify` package does no more than this, but carries every other category. */
export function configureSession(config: Config): void {
  const auth = {
    Cognito: {
      userPoolId: config.userPoolId,
      userPoolClientId: config.userPoolClientId,
      ...(config.cognitoEndpoint !== null && { userPoolEndpoint: config.cognitoEndpoint }),
    },
  };
  cognitoUserPoolsTokenProvider.setAuthConfig(auth);
  Amplify.configure({ Auth: auth }, { Auth: { tokenProvider: cognitoUserPoolsTokenProvider } });
}

export async function currentSession(): Promise<Session | null> {
  try {
    const { tokens } = await fetchAuthSession();
    const email = tokens?.idToken?.payload['email'];
    if (!tokens?.idToken || typeof email !== 'string') return null;
    return { email, idToken: tokens.idToken.toString(), accessToken: tokens.accessToken.toString() };
  } catch (error) {
    if (REFUSALS.has(nameOf(error))) return null;
    throw problemOf(error);
  }
}

/** False: the link has expired, was used, or belongs to another address. Cognito does not tell which. */
export function signInWithLink(email: string, secret: string): Promise<boolean> {
  return signInWith(email, `link.${secret}`);
}

/** False: the code is wrong, has expired, was used, or died of wrong tries. Cognito does not tell which. */
export function signInWithCode(email: string, code: string): Promise<boolean> {
  return signInWith(email, `code.${code}`);
}

/**
 * One answer, in a sign-in of its own: Cognito ends one after three wrong answers and after three
 * minutes, and a person who mistypes a code or takes their time must not run into either.
 */
async function signInWith(email: string, challengeResponse: string): Promise<boolean> {
  try {
    await signIn({ username: email, options: { authFlowType: 'CUSTOM_WITHOUT_SRP' } });
    const { isSignedIn } = await confirmSignIn({ challengeResponse });
    return isSignedIn;
  } catch (error) {
    if (REFUSALS.has(nameOf(error))) return false;
    throw problemOf(error);
  }
}

/** Ends the session in this browser. Works without a network too: then only the revocation is lost. */
export async function endSession(): Promise<void> {
  await signOut();
}

/** Ends every session of this user; what fails is told, and then this one goes on too. */
export async function endEverySession(config: Config): Promise<void> {
  const session = await currentSession();
  if (session) await globalSignOut(config, session.accessToken);
  await endSession();
}

/**
 * Asked of Cognito directly, because Amplify's own global sign-out swallows every failure, and then
 * a person on a bad line is told that other browsers are signed out when they are not.
 * https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GlobalSignOut.html
 */
async function globalSignOut(config: Config, accessToken: string): Promise<void> {
  const endpoint = config.cognitoEndpoint ?? `https://cognito-idp.${config.region}.amazonaws.com/`;
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'AWSCognitoIdentityProviderService.GlobalSignOut',
    },
    body: JSON.stringify({ AccessToken: accessToken }),
  }).catch((cause: unknown) => {
    throw new Problem('offline', 'cannot reach Cognito', { cause });
  });
  if (response.ok) return;

  const { __type = '' } = (await response.json()) as { __type?: string };
  const error = new Error('GlobalSignOut failed');
  error.name = __type;
  // A token that was revoked before means that everything is signed out already.
  if (!REFUSALS.has(error.name)) throw problemOf(error);
}

/** Tells when a session begins or ends in another tab of this browser. What this tab does, it knows. */
export function watchSession(changed: (now: 'begun' | 'ended') => void): () => void {
  return Hub.listen(
    'auth',
    ({ payload, crossTab }) => {
      if (!crossTab) return;
      if (payload.event === 'signedIn') changed('begun');
      if (payload.event === 'signedOut') changed('ended');
    },
    { listenerName: 'page', enableCrossTabEvents: true },
  );
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

function problemOf(error: unknown): Problem {
  const name = nameOf(error);
  if (name === 'NetworkError') return new Problem('offline', 'cannot reach Cognito', { cause: error });
  if (BUSY.has(name)) return new Problem('busy', 'Cognito throttles', { cause: error });
  return Problem.from(error);
}
