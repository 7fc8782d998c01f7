import { confirmSignIn, signIn, signOut } from '@aws-amplify/auth';
import { cognitoUserPoolsTokenProvider } from '@aws-amplify/auth/cognito';
import { Amplify, fetchAuthSession } from '@aws-amplify/core';
import { beforeEach, expect, test, vi } from 'vitest';

import { configureSession, currentSession, endEverySession, signInWithCode, signInWithLink } from '../src/session';
import { CODE, CONFIG, named, SECRET, World } from './world';

let world: World;
beforeEach(() => {
  world = new World();
});

test('a link is followed by custom authentication without SRP', async () => {
  await expect(signInWithLink('alice@example.com', SECRET)).resolves.toBe(true);
  expect(signIn).toHaveBeenCalledWith({
    username: 'alice@example.com',
    options: { authFlowType: 'CUSTOM_WITHOUT_SRP' },
  });
});

test('a code is another answer in the same flow', async () => {
  await expect(signInWithCode('alice@example.com', CODE)).resolves.toBe(true);
  expect(signIn).toHaveBeenCalledWith({
    username: 'alice@example.com',
    options: { authFlowType: 'CUSTOM_WITHOUT_SRP' },
  });
  expect(confirmSignIn).toHaveBeenCalledExactlyOnceWith({ challengeResponse: `code.${CODE}` });
});

test('a wrong answer, after which Cognito asks once more, is a refusal', async () => {
  await expect(signInWithLink('bob@example.com', SECRET)).resolves.toBe(false);
});

test.each(['NotAuthorizedException', 'UserNotFoundException', 'UserNotConfirmedException'])(
  '%s looks like a wrong link',
  async (name) => {
    world.signInError = name;
    await expect(signInWithLink('alice@example.com', SECRET)).resolves.toBe(false);
  },
);

test.each([
  ['NetworkError', 'offline'],
  ['TooManyRequestsException', 'busy'],
  ['LimitExceededException', 'busy'],
  ['UserLambdaValidationException', 'broken'],
  ['InternalErrorException', 'broken'],
])('%s is no refusal: %s', async (name, kind) => {
  world.signInError = name;
  await expect(signInWithLink('alice@example.com', SECRET)).rejects.toMatchObject({ kind });
});

test('a session that cannot be renewed any more is none', async () => {
  vi.mocked(fetchAuthSession).mockRejectedValue(named('RefreshTokenReuseException'));
  await expect(currentSession()).resolves.toBeNull();
});

test('a session that cannot be renewed without a network is not lost', async () => {
  vi.mocked(fetchAuthSession).mockRejectedValue(named('NetworkError'));
  await expect(currentSession()).rejects.toMatchObject({ kind: 'offline' });
});

test('signing out everywhere asks Cognito and then ends this session too', async () => {
  world.session = 'alice@example.com';
  await endEverySession(CONFIG);
  expect(world.requests[0]).toMatchObject({
    path: 'https://cognito-idp.eu-west-1.amazonaws.com/',
    body: { AccessToken: 'access-token of alice@example.com' },
  });
  expect(world.requests[0]?.headers.get('x-amz-target')).toBe('AWSCognitoIdentityProviderService.GlobalSignOut');
  expect(world.session).toBeNull();
});

test('signing out everywhere goes to the local cloud where there is one', async () => {
  world.session = 'alice@example.com';
  world.answers['http://localhost:4566/'] = 200;
  await endEverySession({ ...CONFIG, cognitoEndpoint: 'http://localhost:4566/' });
  expect(world.sent('http://localhost:4566/')).toHaveLength(1);
});

test.each([
  [0, 'offline'],
  [500, 'broken'],
])('a sign-out everywhere that fails (%d) keeps the session and says so', async (status, kind) => {
  world.session = 'alice@example.com';
  world.answers['https://cognito-idp.eu-west-1.amazonaws.com/'] = status;
  await expect(endEverySession(CONFIG)).rejects.toMatchObject({ kind });
  expect(signOut).not.toHaveBeenCalled();
});

test('tokens that were revoked before are signed out everywhere', async () => {
  world.session = 'alice@example.com';
  vi.mocked(fetch).mockResolvedValue(Response.json({ __type: 'NotAuthorizedException' }, { status: 400 }));
  await endEverySession(CONFIG);
  expect(world.session).toBeNull();
});

test('Amplify is configured with the pool, and with an endpoint only where one is set', () => {
  configureSession(CONFIG);
  const Cognito = { userPoolId: 'eu-west-1_pool', userPoolClientId: 'client' };
  expect(cognitoUserPoolsTokenProvider.setAuthConfig).toHaveBeenLastCalledWith({ Cognito });
  expect(vi.mocked(Amplify.configure).mock.lastCall?.[0]).toEqual({ Auth: { Cognito } });

  configureSession({ ...CONFIG, cognitoEndpoint: 'http://localhost:4566/' });
  expect(vi.mocked(Amplify.configure).mock.lastCall?.[0]).toEqual({
    Auth: { Cognito: { ...Cognito, userPoolEndpoint: 'http://localhost:4566/' } },
  });
});
