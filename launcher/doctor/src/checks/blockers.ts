import type { Check, Judgement } from '../check.ts';
import { withPostgres } from '../postgres-session.ts';
import type { DatabaseName } from '../where.ts';

/** Commands of the services take milliseconds; one that waits for a lock this long waits for something that is stuck. */
const WARN_WAIT_S = 2;
const FAIL_WAIT_S = 30;
/** No transaction of ours waits for anything but the database. */
const WARN_IDLE_S = 60;
const MAX_NAMED = 5;

export interface Blocked {
  pid: number;
  user: string | null;
  blockers: number[];
  blockerUsers: string | null;
  waitsS: number;
}

export interface Idle {
  pid: number;
  user: string;
  idleS: number;
}

/**
 * Sessions that wait for a lock of another, and transactions that were left open. How long somebody waits is read
 * from the locks: of sessions of other roles PostgreSQL shows that they wait, and not since when.
 */
export function blockersCheck(name: DatabaseName, url: string): Check {
  return {
    id: `blockers:${name}`,
    run: () =>
      withPostgres(url, async ({ rows }) => {
        const blocked = await rows<Blocked>(
          `select waiting.pid, waiting.usename as user, pg_blocking_pids(waiting.pid) as blockers,
                  (select string_agg(distinct holder.usename, ', ') from pg_stat_activity holder
                    where holder.pid = any(pg_blocking_pids(waiting.pid))) as "blockerUsers",
                  coalesce(extract(epoch from clock_timestamp() - min(locks.waitstart)), 0)::float as "waitsS"
             from pg_stat_activity waiting join pg_locks locks on locks.pid = waiting.pid and not locks.granted
            where waiting.datname = current_database() and cardinality(pg_blocking_pids(waiting.pid)) > 0
            group by waiting.pid, waiting.usename order by "waitsS" desc limit 100`,
        );
        const idle = await rows<Idle>(
          `select pid, usename as user, extract(epoch from clock_timestamp() - state_change)::float as "idleS"
             from pg_stat_activity
            where datname = current_database() and state like 'idle in transaction%'
              and clock_timestamp() - state_change > make_interval(secs => $1)
            order by "idleS" desc limit 100`,
          [WARN_IDLE_S],
        );
        return judgeSessions(blocked, idle);
      }),
  };
}

export function judgeSessions(blocked: readonly Blocked[], idle: readonly Idle[]): Judgement {
  const longest = Math.max(0, ...blocked.map(({ waitsS }) => waitsS));
  const facts = { blocked: blocked.length, longestWaitS: rounded(longest), idleInTransaction: idle.length };
  if (longest >= WARN_WAIT_S) {
    const named = blocked
      .filter(({ waitsS }) => waitsS >= WARN_WAIT_S)
      .slice(0, MAX_NAMED)
      .map(({ pid, user, blockers, blockerUsers, waitsS }) => {
        return `session ${pid} (${user}) waits ${rounded(waitsS)} s for session ${blockers.join(', ')} (${blockerUsers})`;
      });
    const stuck = [...new Set(blocked.flatMap(({ blockers }) => blockers))].slice(0, MAX_NAMED);
    const advice = `See what it does: select * from pg_stat_activity where pid in (${stuck.join(', ')}). If it is stuck: select pg_terminate_backend(pid).`;
    return { status: longest >= FAIL_WAIT_S ? 'fail' : 'warn', reason: named.join('; '), advice, facts };
  }
  if (idle.length > 0) {
    const named = idle
      .slice(0, MAX_NAMED)
      .map(({ pid, user, idleS }) => `session ${pid} (${user}) left a transaction open ${rounded(idleS)} s ago`);
    const advice = 'It holds its locks and keeps rows from being vacuumed: select pg_terminate_backend(pid).';
    return { status: 'warn', reason: named.join('; '), advice, facts };
  }
  return { status: 'ok', reason: 'nobody waits for a lock', facts };
}

const rounded = (seconds: number) => Math.round(seconds * 10) / 10;
