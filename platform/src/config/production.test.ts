import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ConfigurationError } from './settings.ts';
import { productionProblems, refuseInProduction } from './production.ts';

const NODE_ENV = 'production';
const good = () => randomBytes(24).toString('base64url');
const problemsOf = (env: Record<string, string>, rules: Parameters<typeof productionProblems>[2]) =>
  productionProblems('shop', { NODE_ENV, ...env }, rules);

describe('row 84: in production', () => {
  it.each([
    ['', 'is not set'],
    ['short', 'is shorter than 16 characters'],
    ['marketplace-demo', 'is a well-known default'],
    ['a secret of the tests', 'is a well-known default'],
    ['change-me-please-1234', 'is a well-known default'],
    ['YOUR_SECRET_KEY_HERE', 'is a well-known default'],
    ['sk_test_1234567890123456', 'is a well-known default'],
    ['aaaaaaaaaaaaaaaaaaaaaaaa', 'repeats a few characters'],
  ])('the secret "%s" is refused: it %s', (value, problem) => {
    expect(problemsOf({ KEY: value }, { secrets: ['KEY'] })).toEqual([`${value === '' ? 'SHOP_' : ''}KEY ${problem}`]);
  });

  it('generated secrets are taken', () => {
    for (let at = 0; at < 2_000; at += 1) {
      const env = { KEY: good(), URL: `redis://user:${good()}@redis:6379` };
      expect(problemsOf(env, { secrets: ['KEY'], optionalSecrets: ['KEY', 'NONE'], stores: ['URL'] })).toEqual([]);
    }
  });

  it.each([
    ['redis://redis:6379', 'has no password'],
    ['redis://:@redis:6379', 'has no password'],
    ['postgresql://app:postgres@db/orders', 'has a password that is a well-known default'],
    ['mongodb://root:root@mongo', 'has a password that is shorter than 8 characters'],
    ['localhost', 'is not a URL'],
  ])('the store %s is refused: it %s', (value, problem) => {
    expect(problemsOf({ URL: value }, { stores: ['URL'] })).toEqual([`URL ${problem}`]);
  });

  it('addresses without TLS, flags of development and hooks of tests are refused', () => {
    const rules = { https: ['API'], off: ['EXPLORER', 'INTROSPECTION'] };
    expect(
      problemsOf(
        { SHOP_API: 'http://127.0.0.1:1', EXPLORER: 'true', INTROSPECTION: '0', CRASH_AT: 'reserve:1' },
        rules,
      ),
    ).toEqual([
      'SHOP_API must be https in production',
      'EXPLORER must not be on in production',
      'CRASH_AT is a hook for tests and must not be set in production',
    ]);
    expect(problemsOf({ API: 'https://api.example.com', EXPLORER: 'off' }, rules)).toEqual([]);
  });

  it('everything is named at once, and no value is repeated', () => {
    const start = () => refuseInProduction('shop', { NODE_ENV, B: 'secret-secret-secret' }, { secrets: ['A', 'B'] });
    expect(start).toThrow(new ConfigurationError(['SHOP_A is not set', 'B is a well-known default']));
  });

  it('which may be said for one service alone; elsewhere nothing is refused', () => {
    const rules = { secrets: ['A'] };
    expect(productionProblems('shop', { SHOP_NODE_ENV: 'production' }, rules)).toEqual(['SHOP_A is not set']);
    expect(productionProblems('shop', { NODE_ENV: 'test' }, rules)).toEqual([]);
    expect(productionProblems('shop', {}, rules)).toEqual([]);
  });
});
