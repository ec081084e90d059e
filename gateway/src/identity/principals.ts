import type { UserViewer } from '@marketgraph/platform/graphql';
import type { SubgraphClient } from '@marketgraph/platform/serve';
import type { Logger } from '@marketgraph/platform/telemetry';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';

export interface Principals {
  /** The user with the roles of now; null when the account or the session is no longer good. */
  current(claimed: UserViewer): Promise<UserViewer | null>;
  /** Asks accounts the next time. */
  forget(userId: string): void;
}

const LIFETIME_MS = 30_000;
const CACHE_SIZE = 10_000;
const TIMEOUT_MS = 1_000;
const QUERY = 'query($userId: ID!, $sessionId: ID!) { principal(userId: $userId, sessionId: $sessionId) }';

const principalSchema = z
  .object({
    active: z.boolean(),
    roles: z.array(z.string()),
    memberships: z.array(z.object({ of: z.string(), role: z.string() })),
  })
  .nullable();

export function principals(peers: SubgraphClient, log: Logger): Principals {
  const cache = new LRUCache<string, Promise<UserViewer | null>>({ max: CACHE_SIZE, ttl: LIFETIME_MS });
  /** Sessions by user, so that one fact drops all of them. */
  const sessions = new LRUCache<string, Set<string>>({ max: CACHE_SIZE });

  const ask = async (claimed: UserViewer): Promise<UserViewer | null> => {
    const { userId, sessionId } = claimed;
    const answer = await peers.call<{ principal: unknown }>(
      'accounts',
      QUERY,
      { userId, sessionId },
      { timeoutMs: TIMEOUT_MS },
    );
    const principal = principalSchema.parse(answer.principal);
    if (!principal?.active) return null;
    return { ...claimed, roles: principal.roles, memberships: principal.memberships };
  };

  return {
    async current(claimed) {
      const key = `${claimed.userId} ${claimed.sessionId}`;
      let known = cache.get(key);
      if (!known) {
        known = ask(claimed);
        cache.set(key, known);
        sessions.set(claimed.userId, (sessions.get(claimed.userId) ?? new Set()).add(key));
      }
      try {
        return await known;
      } catch (error) {
        cache.delete(key);
        // Accounts is away: the token was signed by it and is short-lived, so its word stands.
        log.warn({ err: error }, 'principal could not be read; the token decides');
        return claimed;
      }
    },
    forget(userId) {
      for (const key of sessions.get(userId) ?? []) cache.delete(key);
      sessions.delete(userId);
    },
  };
}
