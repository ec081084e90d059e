import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StoreUnavailableError } from './store-errors.ts';

export const POSTGRES_OWNERS = ['accounts', 'inventory', 'orders', 'payments'] as const;
export const REDIS_USERS = [
  'accounts',
  'catalog',
  'inventory',
  'orders',
  'payments',
  'reviews',
  'search',
  'gateway',
] as const;
export const MONGODB_OWNERS = ['catalog', 'reviews'] as const;

export type PostgresOwner = (typeof POSTGRES_OWNERS)[number];
export type RedisUserName = (typeof REDIS_USERS)[number];
export type MongoOwner = (typeof MONGODB_OWNERS)[number];

/** The passwords of one data folder. Made once, so that a service started by hand can keep using its URL. */
export interface Secrets {
  readonly postgres: Record<PostgresOwner, { ownerPassword: string; appPassword: string }>;
  readonly redis: { adminPassword: string; users: Record<RedisUserName, string> };
  readonly mongodb: { adminPassword: string; users: Record<MongoOwner, string> };
  readonly typesense: { apiKey: string };
  readonly stripe: { secretKey: string; publishableKey: string; webhookSecret: string };
}

export function loadSecrets(dataDir: string): Secrets {
  const file = join(dataDir, 'secrets.json');
  const kept = existsSync(file) ? parse(file) : {};
  // What a later version adds is generated, what is there is kept.
  const secrets = fill(generateSecrets(), kept);
  const building = `${file}.new`;
  writeFileSync(building, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  chmodSync(building, 0o600);
  renameSync(building, file);
  return secrets;
}

type Tree = { readonly [name: string]: string | Tree };

function fill<T extends object>(generated: T, kept: Tree): T {
  const entries = Object.entries(generated as Tree).map(([name, value]) => {
    const old = kept[name];
    if (typeof value === 'string') return [name, typeof old === 'string' ? old : value];
    return [name, fill(value, typeof old === 'object' ? old : {})];
  });
  return Object.fromEntries(entries) as T;
}

function parse(file: string): Tree {
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof parsed === 'object' && parsed !== null) return parsed as Tree;
    throw new TypeError('not an object');
  } catch (cause) {
    throw new StoreUnavailableError(
      'secrets',
      `The passwords in ${file} cannot be read: repair the file, or start with --fresh.`,
      { cause },
    );
  }
}

function generateSecrets(): Secrets {
  return {
    postgres: forEach(POSTGRES_OWNERS, () => ({ ownerPassword: secret(), appPassword: secret() })),
    redis: { adminPassword: secret(), users: forEach(REDIS_USERS, secret) },
    mongodb: { adminPassword: secret(), users: forEach(MONGODB_OWNERS, secret) },
    typesense: { apiKey: secret() },
    stripe: {
      secretKey: `sk_test_${letters()}`,
      publishableKey: `pk_test_${letters()}`,
      webhookSecret: `whsec_${letters()}`,
    },
  };
}

function forEach<K extends string, V>(names: readonly K[], make: () => V): Record<K, V> {
  return Object.fromEntries(names.map((name) => [name, make()])) as Record<K, V>;
}

const SECRET_BYTES = 24;

// base64url needs no escaping in a URL; Stripe's keys are letters and digits alone.
const secret = (): string => randomBytes(SECRET_BYTES).toString('base64url');
const letters = (): string => randomBytes(SECRET_BYTES).toString('hex');
