import { isActing, principalOf } from '@marketgraph/platform/graphql';
import type { Logger } from '@marketgraph/platform/telemetry';
import type { Caller, Identity } from '../identity/identity.ts';

/** Ends what is open when its session ends: at the token's expiry, on logout, when the account is closed; and with its API key. */
export interface SessionWatch {
  /** `onEnd` runs once, with the reason. Returns the way to stop watching. */
  watch(caller: Caller, onEnd: (reason: SessionEnd) => void): () => void;
  /** A session of this user ended; without an id all of them, or all that an API key has open. */
  sessionRevoked(userOrKeyId: string, sessionId: string | null): void;
  /** Roles or memberships changed: whoever is no longer good is ended. Resolves when that is known. */
  principalChanged(userId: string): Promise<void>;
  stop(): void;
}

export type SessionEnd = 'expired' | 'revoked';

interface Watched {
  caller: Caller;
  end(reason: SessionEnd): void;
}

/** Longer timers overflow and fire at once. An API key that ends later than that is found by the check of all. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export function createSessionWatch(identity: Identity, options: { checkMs: number; log: Logger }): SessionWatch {
  const byPrincipal = new Map<string, Set<Watched>>();

  const check = async (watched: Iterable<Watched>): Promise<void> => {
    await Promise.all(
      [...watched].map(async (one) => {
        const viewer = await identity.current(one.caller).catch((error: unknown) => {
          options.log.warn({ err: error }, 'a session could not be checked');
          return one.caller.viewer;
        });
        if (!viewer) one.end('revoked');
      }),
    );
  };

  // The events tell at once; this is for those that never arrive.
  const timer = setInterval(() => {
    for (const watched of byPrincipal.values()) void check(watched);
  }, options.checkMs);
  timer.unref();

  return {
    watch(caller, onEnd) {
      const { viewer, expiresAt } = caller;
      if (!isActing(viewer)) return () => undefined;
      const principal = principalOf(viewer);
      const leftMs = Math.max((expiresAt?.getTime() ?? Number.POSITIVE_INFINITY) - Date.now(), 0);
      const expiry = leftMs <= MAX_TIMER_MS ? setTimeout(() => one.end('expired'), leftMs) : undefined;
      const unwatch = () => {
        clearTimeout(expiry);
        const mine = byPrincipal.get(principal);
        mine?.delete(one);
        if (mine?.size === 0) byPrincipal.delete(principal);
      };
      const one: Watched = {
        caller,
        end(reason) {
          unwatch();
          onEnd(reason);
        },
      };
      byPrincipal.set(principal, (byPrincipal.get(principal) ?? new Set()).add(one));
      return unwatch;
    },

    sessionRevoked(userOrKeyId, sessionId) {
      for (const one of [...(byPrincipal.get(userOrKeyId) ?? [])]) {
        const { viewer } = one.caller;
        if (sessionId === null || (viewer.kind === 'user' && viewer.sessionId === sessionId)) one.end('revoked');
      }
    },

    principalChanged: (userId) => check(byPrincipal.get(userId) ?? []),

    stop() {
      clearInterval(timer);
      for (const watched of byPrincipal.values()) for (const one of [...watched]) one.end('revoked');
    },
  };
}
