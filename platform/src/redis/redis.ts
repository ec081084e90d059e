import { Redis, type RedisOptions } from 'ioredis';
import type { Logger } from '../telemetry/telemetry.ts';

export type { Redis } from 'ioredis';

/** The longest pause between two tries to reach a Redis that went away. */
const MAX_RECONNECT_DELAY_MS = 2_000;

/** A connection that comes back by itself. Commands sent meanwhile wait, at most `commandTimeoutMs`. */
export async function connectRedis(
  url: string,
  { log, name, options = {} }: { log: Logger; name: string; options?: RedisOptions },
): Promise<Redis> {
  const redis = new Redis(url, {
    connectionName: name,
    lazyConnect: true,
    enableAutoPipelining: true,
    maxRetriesPerRequest: null,
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 6), MAX_RECONNECT_DELAY_MS),
    ...options,
  });
  redis.on('error', (error: Error) => log.warn({ err: error.message, connection: name }, 'redis connection'));
  await redis.connect();
  return redis;
}

/** Ends a connection without waiting for a server that may be gone. */
export async function closeRedis(redis: Redis): Promise<void> {
  if (redis.status === 'end') return;
  redis.disconnect();
}
