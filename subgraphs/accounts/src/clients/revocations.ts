import type { Redis } from '@marketgraph/platform/redis';
import type { Logger } from '@marketgraph/platform/telemetry';

/** Sessions that ended while their access token is still fresh, where the gateway looks before it trusts a token. */
export interface Revocations {
  /** Known for as long as a token of the session can live. The database is the truth: Redis away is no failure. */
  add(sessionId: string, lifetimeS: number): Promise<void>;
}

export function redisRevocations(redis: Redis, log: Logger): Revocations {
  return {
    async add(sessionId, lifetimeS) {
      try {
        await redis.set(`accounts:revoked:${sessionId}`, '1', 'EX', lifetimeS);
      } catch (error) {
        log.warn({ err: error, sessionId }, 'a revoked session could not be told to Redis');
      }
    },
  };
}
