import type { Logger } from '@marketgraph/platform/telemetry';
import type { Caller, Identity } from '../identity/identity.ts';

/** Ends what is open when its session ends: at the token's expiry, on logout, when the account is closed. */
export interface SessionWatch {
  /** `onEnd` runs once, with the reason. Returns the way to stop watching. */
  watch(caller: Caller, onEnd: (reason: SessionEnd) => void): () => void;
  /** A session of this user ended; without an id all of them. */
  sessionRevoked(userId: string, sessionId: string | null): void;
  /** Roles or memberships changed: whoever is no longer good is ended. Resolves when that is known. */
  principalChanged(userId: string): Promise<void>;
  stop(): void;
}

export type SessionEnd = 'expired' | 'revoked';

interface Watched {
  caller: Caller;
  end(reason: SessionEnd): void;
}

/** Longer timers overflow and fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export function createSessionWatch(identity: Identity, options: { checkMs: number; log: Logger }): SessionWatch {
  const byUser = new Map<string, Set<Watched>>();

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
    for (const watched of byUser.values()) void check(watched);
  }, options.checkMs);
  timer.unref();

  return {
    watch(caller, onEnd) {
      const { viewer, expiresAt } = caller;
      if (viewer.kind !== 'user') return () => undefined;
      const expiry = setTimeout(
        () => one.end('expired'),
        Math.min(Math.max((expiresAt?.getTime() ?? Number.POSITIVE_INFINITY) - Date.now(), 0), MAX_TIMER_MS),
      );
      const unwatch = () => {
        clearTimeout(expiry);
        const mine = byUser.get(viewer.userId);
        mine?.delete(one);
        if (mine?.size === 0) byUser.delete(viewer.userId);
      };
      const one: Watched = {
        caller,
        end(reason) {
          unwatch();
          onEnd(reason);
        },
      };
      byUser.set(viewer.userId, (byUser.get(viewer.userId) ?? new Set()).add(one));
      return unwatch;
    },

    sessionRevoked(userId, sessionId) {
      for (const one of [...(byUser.get(userId) ?? [])]) {
        const { viewer } = one.caller;
        if (sessionId === null || (viewer.kind === 'user' && viewer.sessionId === sessionId)) one.end('revoked');
      }
    },

    principalChanged: (userId) => check(byUser.get(userId) ?? []),

    stop() {
      clearInterval(timer);
      for (const watched of byUser.values()) for (const one of [...watched]) one.end('revoked');
    },
  };
}
