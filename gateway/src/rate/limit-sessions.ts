import type { SessionWatch } from '../live/session-watch.ts';
import type { RateLimits } from './rate-limits.ts';

/** A session that is watched holds a place of its user for as long: one per socket. */
export function limitSessions(sessions: SessionWatch, rates: RateLimits): SessionWatch {
  return {
    ...sessions,
    watch(caller, onEnd) {
      const leave = rates.enterUser(caller.viewer);
      const unwatch = sessions.watch(caller, onEnd);
      return () => {
        leave();
        unwatch();
      };
    },
  };
}
