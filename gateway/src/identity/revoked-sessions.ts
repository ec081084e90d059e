import type { Redis } from '@marketgraph/platform/redis';
import type { Logger } from '@marketgraph/platform/telemetry';

export interface RevokedSessions {
  has(sessionOrKeyId: string): Promise<boolean>;
}

/** Sessions that were logged out while their access token is still fresh, and API keys taken back. Redis away: what was known before decides. */
export function revokedSessions(redis: Redis, log: Logger): RevokedSessions {
  return {
    async has(sessionOrKeyId) {
      try {
        return (await redis.exists(`accounts:revoked:${sessionOrKeyId}`)) === 1;
      } catch (error) {
        log.warn({ err: error }, 'revoked sessions could not be read; the token decides');
        return false;
      }
    },
  };
}
