import { describe, expect, it } from 'vitest';
import { readAccountsConfig } from './config.ts';

const key = { kty: 'OKP', crv: 'Ed25519', kid: 'k1', x: 'public', d: 'very-private' };
const env = {
  DATABASE_URL: 'postgres://app@db/accounts',
  REDIS_URL: 'redis://redis',
  JWT_PRIVATE_KEYS: JSON.stringify([key]),
  OUTBOX_DIR: '/outbox',
};

describe('the configuration', () => {
  it('has sensible lifetimes and no operator unless told', () => {
    expect(readAccountsConfig(env)).toEqual({
      databaseUrl: env.DATABASE_URL,
      migrationDatabaseUrl: env.DATABASE_URL,
      redisUrl: env.REDIS_URL,
      signingKeys: [key],
      accessTokenTtlS: 900,
      refreshTokenTtlS: 2_592_000,
      outboxDir: '/outbox',
    });
  });

  it.each([
    'not json',
    '[]',
    '{}',
    JSON.stringify([{ ...key, kid: undefined }]),
    JSON.stringify([{ ...key, d: undefined }]),
    JSON.stringify([{ ...key, crv: 'P-256' }]),
  ])('refuses %s as signing keys without repeating them', (text) => {
    const read = () => readAccountsConfig({ ...env, JWT_PRIVATE_KEYS: text });
    expect(read).toThrow('JWT_PRIVATE_KEYS must be');
    expect(read).not.toThrow('very-private');
  });

  it('refuses half an operator and a token that lives too long', () => {
    expect(() => readAccountsConfig({ ...env, OPERATOR_EMAIL: 'o@example.com' })).toThrow('together');
    expect(() => readAccountsConfig({ ...env, ACCESS_TOKEN_TTL_S: '3600' })).toThrow('ACCESS_TOKEN_TTL_S');
  });
});
