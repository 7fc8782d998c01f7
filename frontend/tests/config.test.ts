import { beforeEach, expect, test } from 'vitest';

import { loadConfig } from '../src/config';
import { CONFIG, World } from './world';

let world: World;
beforeEach(() => {
  world = new World();
});

test('the configuration is what the deploy wrote, and nothing else of it', async () => {
  world.config = { ...CONFIG, fingerprint: 'abc', cognitoEndpoint: 'http://localhost:4566/' };
  await expect(loadConfig()).resolves.toEqual({ ...CONFIG, cognitoEndpoint: 'http://localhost:4566/' });
});

test('the configuration never comes from a cache', async () => {
  await loadConfig();
  expect(fetch).toHaveBeenCalledWith('/config.json', { cache: 'no-store' });
});

test.each([
  ['null', null],
  ['a list', []],
  ['no pool', { ...CONFIG, userPoolId: undefined }],
  ['an empty client', { ...CONFIG, userPoolClientId: '' }],
  ['no endpoint, not even null', { ...CONFIG, cognitoEndpoint: undefined }],
  ['mail as a text', { ...CONFIG, mail: 'false' }],
  ['no product', { ...CONFIG, product: undefined }],
  ['an empty product', { ...CONFIG, product: '' }],
  ['no pause', { ...CONFIG, mailPauseSeconds: undefined }],
  ['the pause as a text', { ...CONFIG, mailPauseSeconds: '30' }],
  ['a pause that is no number of seconds', { ...CONFIG, mailPauseSeconds: 0.5 }],
  ['a pause that ended before it began', { ...CONFIG, mailPauseSeconds: -1 }],
])('a configuration with %s is refused', async (_, config) => {
  world.config = config;
  await expect(loadConfig()).rejects.toMatchObject({ kind: 'not-configured' });
});

test.each([404, 500, 0])('an answer of %d is no configuration', async (status) => {
  world.answers['/config.json'] = status;
  await expect(loadConfig()).rejects.toMatchObject({ kind: 'not-configured' });
});
