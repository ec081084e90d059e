import {
  ConfigurationError,
  type Environment,
  refuseInProduction,
  type Settings,
  settingsOf,
} from '@marketgraph/platform/config';
import { z } from 'zod';

/** A private Ed25519 key as JWK; `kid` names it in tokens. */
export type SigningJwk = z.infer<typeof signingJwk>;

export interface AccountsConfig {
  databaseUrl: string;
  migrationDatabaseUrl: string;
  redisUrl: string;
  /** The first signs, all of them verify: that is how a key is changed without ending sessions. */
  signingKeys: readonly SigningJwk[];
  accessTokenTtlS: number;
  /** A session that nobody refreshes for so long is over. */
  refreshTokenTtlS: number;
  /** Messages to the outside are files below this folder. */
  outboxDir: string;
  /** An account that exists after start, so that somebody can approve the first vendor. */
  operator?: { email: string; password: string };
}

const signingJwk = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  kid: z.string().min(1),
  x: z.string().min(1),
  d: z.string().min(1),
});

export function readAccountsConfig(env: Environment): AccountsConfig {
  refuseInProduction('accounts', env, {
    secrets: ['JWT_PRIVATE_KEYS'],
    optionalSecrets: ['OPERATOR_PASSWORD'],
    stores: ['DATABASE_URL', 'REDIS_URL'],
    optionalStores: ['MIGRATION_DATABASE_URL'],
  });
  const settings = settingsOf('accounts', env);
  const databaseUrl = settings.required('DATABASE_URL');
  const email = settings.optional('OPERATOR_EMAIL');
  const password = settings.optional('OPERATOR_PASSWORD');
  if ((email === undefined) !== (password === undefined)) {
    throw new ConfigurationError(['OPERATOR_EMAIL and OPERATOR_PASSWORD are set together or not at all']);
  }
  return {
    databaseUrl,
    migrationDatabaseUrl: settings.optional('MIGRATION_DATABASE_URL') ?? databaseUrl,
    redisUrl: settings.required('REDIS_URL'),
    signingKeys: readSigningKeys(settings),
    accessTokenTtlS: settings.integer('ACCESS_TOKEN_TTL_S', 900, { min: 1, max: 900 }),
    refreshTokenTtlS: settings.integer('REFRESH_TOKEN_TTL_S', 30 * 86_400, { min: 60, max: 365 * 86_400 }),
    outboxDir: settings.required('OUTBOX_DIR'),
    ...(email !== undefined && password !== undefined ? { operator: { email, password } } : {}),
  };
}

function readSigningKeys(settings: Settings): SigningJwk[] {
  const text = settings.required('JWT_PRIVATE_KEYS');
  try {
    return z.array(signingJwk).min(1).max(10).parse(JSON.parse(text));
  } catch {
    // The cause would repeat parts of the keys.
    throw new ConfigurationError(['JWT_PRIVATE_KEYS must be a JSON array of private Ed25519 JWKs, each with a kid']);
  }
}
