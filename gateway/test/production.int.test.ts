import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { SOURCE_FLAGS } from '@marketgraph/platform/testing';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..', '..');

/** Starts a service as its process does, with nothing but this environment; resolves when it has ended. */
async function start(entry: string, env: Record<string, string>): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [...SOURCE_FLAGS, resolve(ROOT, entry)], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], EXIT_WITH_PARENT: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += String(chunk)));
  child.stderr.on('data', (chunk) => (output += String(chunk)));
  try {
    const code = await new Promise<number | null>((ended) => child.once('close', ended));
    return { code, output };
  } finally {
    child.kill('SIGKILL');
  }
}

/** What each service would be started with by somebody in a hurry; nothing listens at these addresses. */
const sql = {
  DATABASE_URL: 'postgresql://app:postgres@127.0.0.1:9/db',
  MIGRATION_DATABASE_URL: 'postgresql://owner:password@127.0.0.1:9/db',
};
const careless: Record<string, { env: Record<string, string>; names: string[] }> = {
  gateway: {
    env: { CURSOR_SECRET: 'change-me-please', INTROSPECTION: 'true', EXPLORER: 'on' },
    names: ['CURSOR_SECRET', 'INTROSPECTION', 'EXPLORER'],
  },
  accounts: {
    env: { ...sql, OPERATOR_EMAIL: 'operator@demo.example', OPERATOR_PASSWORD: 'marketplace-demo', OUTBOX_DIR: '/tmp' },
    names: ['JWT_PRIVATE_KEYS', 'OPERATOR_PASSWORD', 'DATABASE_URL', 'MIGRATION_DATABASE_URL'],
  },
  catalog: {
    env: { MONGODB_URL: 'mongodb://127.0.0.1:9/catalog', URL_SIGNING_SECRET: 'secret', PUBLIC_URL: 'http://x' },
    names: ['MONGODB_URL', 'URL_SIGNING_SECRET'],
  },
  inventory: { env: sql, names: ['DATABASE_URL', 'MIGRATION_DATABASE_URL'] },
  orders: { env: sql, names: ['DATABASE_URL', 'MIGRATION_DATABASE_URL'] },
  payments: {
    env: {
      ...sql,
      STRIPE_API_URL: 'http://127.0.0.1:9',
      STRIPE_SECRET_KEY: 'sk_test_1234567890123456',
      STRIPE_WEBHOOK_SECRET: 'whsec_test',
    },
    names: ['STRIPE_API_URL', 'STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET', 'DATABASE_URL'],
  },
  reviews: { env: { MONGODB_URL: 'mongodb://root:root@127.0.0.1:9/reviews' }, names: ['MONGODB_URL'] },
  search: { env: { TYPESENSE_URL: 'http://127.0.0.1:9', TYPESENSE_API_KEY: 'xyz' }, names: ['TYPESENSE_API_KEY'] },
};

describe('row 84: in production with careless settings', () => {
  it.concurrent.each(Object.entries(careless))(
    '%s does not start, and names each of them',
    async (service, { env, names }) => {
      const entry = service === 'gateway' ? 'gateway/src/main.ts' : `subgraphs/${service}/src/main.ts`;
      const given = { NODE_ENV: 'production', REDIS_URL: 'redis://127.0.0.1:9', CRASH_AT: 'anywhere', ...env };
      const { code, output } = await start(entry, given);
      expect(code).not.toBe(0);
      const missing = [...names, 'REDIS_URL', 'CRASH_AT', 'INTERNAL_SIGNING_KEY'].filter(
        (name) => !output.includes(name),
      );
      expect(missing).toEqual([]);
      for (const value of Object.values(env)) {
        if (!/^(true|on|\/tmp|http:\/\/x)$/.test(value)) expect(output).not.toContain(value);
      }
    },
  );
});
