import type { Redis } from '@marketgraph/platform/redis';
import type { Logger } from '@marketgraph/platform/telemetry';

export interface RevokedSessions {
  has(sessionId: string): Promise<boolean>;
}

/** Sessions that were logged out while their access token is still fresh. Redis away: the token decides. */
export function revokedSessions(redis: Redis, log: Logger): RevokedSessions {
  return {
    async has(sessionId) {
      try {
        return (await redis.exists(`accounts:revoked:${sessionId}`)) === 1;
      } catch (error) {
        log.warn({ err: error }, 'revoked sessions could not be read; the token decides');
        return false;
      }
    },
  };
}
