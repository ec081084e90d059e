import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

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
  readonly mongodb: Record<MongoOwner, string>;
  readonly typesense: { apiKey: string };
  readonly stripe: { secretKey: string; publishableKey: string; webhookSecret: string };
}

export function loadSecrets(dataDir: string): Secrets {
  const file = join(dataDir, 'secrets.json');
  const kept = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Partial<Secrets>) : {};
  // What a later version adds is generated, what is there is kept.
  const secrets: Secrets = { ...generateSecrets(), ...kept };
  const building = `${file}.new`;
  writeFileSync(building, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  chmodSync(building, 0o600);
  renameSync(building, file);
  return secrets;
}

function generateSecrets(): Secrets {
  return {
    postgres: forEach(POSTGRES_OWNERS, () => ({ ownerPassword: secret(), appPassword: secret() })),
    redis: { adminPassword: secret(), users: forEach(REDIS_USERS, secret) },
    mongodb: forEach(MONGODB_OWNERS, secret),
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
