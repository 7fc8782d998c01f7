import '@testing-library/jest-dom/vitest';

import { cleanup, configure } from '@testing-library/react';
import { afterEach, vi } from 'vitest';

// A busy machine is not a failure.
configure({ asyncUtilTimeout: 10_000 });

// The edge of the page: what Amplify does there is played by tests/world.ts.
vi.mock('@aws-amplify/auth', () => ({ signIn: vi.fn(), confirmSignIn: vi.fn(), signOut: vi.fn() }));
vi.mock('@aws-amplify/auth/cognito', () => ({ cognitoUserPoolsTokenProvider: { setAuthConfig: vi.fn() } }));
vi.mock('@aws-amplify/core', () => ({
  Amplify: { configure: vi.fn() },
  Hub: { listen: vi.fn() },
  fetchAuthSession: vi.fn(),
}));

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  localStorage.clear();
  history.replaceState(null, '', '/');
});
