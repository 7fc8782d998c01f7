import { afterEach, expect, test, vi } from 'vitest';

import { forget, normalise, remember, remembered } from '../src/address';

afterEach(() => {
  vi.useRealTimers();
});

test('an address is remembered for a day', () => {
  vi.useFakeTimers();
  remember('alice@example.com');
  vi.advanceTimersByTime(24 * 60 * 60 * 1000 - 1);
  expect(remembered()).toBe('alice@example.com');

  vi.advanceTimersByTime(1);
  expect(remembered()).toBeNull();
  expect(localStorage).toHaveLength(0);
});

test('an address can be forgotten', () => {
  remember('alice@example.com');
  forget();
  expect(remembered()).toBeNull();
});

test.each(['', 'no json', '{}', '"alice@example.com"', '{"email":1,"until":9e99}'])(
  'what %j left in the storage is no address',
  (kept) => {
    localStorage.setItem('mlink.address', kept);
    expect(remembered()).toBeNull();
  },
);

test('a browser without storage remembers nothing and goes on', () => {
  vi.stubGlobal('localStorage', undefined);
  remember('alice@example.com');
  expect(remembered()).toBeNull();
});

test('addresses are compared without case, blanks and compatibility forms', () => {
  expect(normalise('  Alice@EXAMPLE.com ')).toBe('alice@example.com');
  expect(normalise('ａlice@example.com')).toBe('alice@example.com');
});
