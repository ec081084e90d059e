import { type Environment, refuseInProduction, settingsOf } from '@marketgraph/platform/config';

export interface SearchConfig {
  redisUrl: string;
  typesenseUrl: string;
  typesenseApiKey: string;
  /** The currency of prices when a buyer names none. */
  defaultCurrency: string;
  /** How long the right to write to the index outlives a process that died with it. */
  leaseMs: number;
  /** After this long an event is taken over from a process that is probably dead. */
  claimAfterMs: number;
  /** How much of what the index answered is kept in memory; 0: nothing. */
  answerCacheBytes: number;
}

const DEFAULT_ANSWER_CACHE_BYTES = 16 * 1024 * 1024;

export function readSearchConfig(env: Environment): SearchConfig {
  refuseInProduction('search', env, { secrets: ['TYPESENSE_API_KEY'], stores: ['REDIS_URL'] });
  const settings = settingsOf('search', env);
  return {
    redisUrl: settings.required('REDIS_URL'),
    typesenseUrl: settings.required('TYPESENSE_URL'),
    typesenseApiKey: settings.required('TYPESENSE_API_KEY'),
    defaultCurrency: settings.optional('DEFAULT_CURRENCY') ?? 'EUR',
    leaseMs: settings.integer('LEASE_MS', 5_000, { min: 200, max: 60_000 }),
    claimAfterMs: settings.integer('CLAIM_AFTER_MS', 30_000, { min: 100, max: 600_000 }),
    answerCacheBytes: settings.integer('ANSWER_CACHE_BYTES', DEFAULT_ANSWER_CACHE_BYTES),
  };
}
