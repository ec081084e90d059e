import type { Redis } from '@marketgraph/platform/redis';
import type { Logger } from '@marketgraph/platform/telemetry';

/** Sessions that ended while their access token is still fresh, and API keys taken back, where the gateway looks before it trusts a token. */
export interface Revocations {
  /** Known for as long as a token of the session, or what a gateway knows of the key, can live. The database is the truth: Redis away is no failure. */
  add(sessionOrKeyId: string, lifetimeS: number): Promise<void>;
}

export function redisRevocations(redis: Redis, log: Logger): Revocations {
  return {
    async add(sessionOrKeyId, lifetimeS) {
      try {
        await redis.set(`accounts:revoked:${sessionOrKeyId}`, '1', 'EX', lifetimeS);
      } catch (error) {
        log.warn({ err: error, sessionOrKeyId }, 'a revoked session or key could not be told to Redis');
      }
    },
  };
}
