import type { Check, Judgement } from '../check.ts';
import { judgeSkew, skewMs } from '../clock.ts';
import { withPostgres } from '../postgres-session.ts';
import type { DatabaseName } from '../where.ts';

/** The oldest major this product is tested with. */
const OLDEST_MAJOR = 15;
const WARN_CONNECTIONS = 0.8;
const FAIL_CONNECTIONS = 0.95;

export interface Facts {
  version: string;
  now: string;
  isStandby: boolean;
  connections: string;
  maxConnections: string;
  bytes: string;
}

/** Whether a database answers, can be written, has room for connections, and agrees about the time. */
export function postgresCheck(name: DatabaseName, url: string): Check {
  return {
    id: `postgres:${name}`,
    run: ({ now }) =>
      withPostgres(url, async ({ rows }) => {
        const asked = now();
        const [found] = await rows<Facts>(
          `select current_setting('server_version') as version,
                  (extract(epoch from clock_timestamp()) * 1000)::text as now,
                  pg_is_in_recovery() as "isStandby",
                  (select count(*) from pg_stat_activity where backend_type = 'client backend')::text as connections,
                  current_setting('max_connections') as "maxConnections",
                  pg_database_size(current_database())::text as bytes`,
        );
        const skew = skewMs({ asked, answered: now() }, Number(found!.now));
        return judgePostgres(found!, skew);
      }),
  };
}

export function judgePostgres(
  { version, isStandby, connections, maxConnections, bytes }: Facts,
  skew: number,
): Judgement {
  const facts = {
    version,
    connections: Number(connections),
    maxConnections: Number(maxConnections),
    bytes: Number(bytes),
    skewMs: Math.round(skew),
  };
  const used = facts.connections / facts.maxConnections;
  if (isStandby) {
    const advice = 'Point the service at the primary, or promote this server.';
    return { status: 'fail', reason: 'it is a standby and takes no writes', advice, facts };
  }
  if (used >= WARN_CONNECTIONS) {
    const reason = `${connections} of ${maxConnections} connections are taken`;
    const advice = 'Look at pg_stat_activity for who holds them; lower the pools or raise max_connections.';
    return { status: used >= FAIL_CONNECTIONS ? 'fail' : 'warn', reason, advice, facts };
  }
  const late = judgeSkew(skew);
  if (late) return { ...late, facts };
  if (Number.parseInt(version, 10) < OLDEST_MAJOR) {
    const reason = `PostgreSQL ${version} is older than ${OLDEST_MAJOR}, which nobody here has tested`;
    return { status: 'warn', reason, advice: 'Upgrade the server.', facts };
  }
  const size = `${Math.round(facts.bytes / 1024 / 1024)} MiB`;
  return {
    status: 'ok',
    reason: `PostgreSQL ${version}, ${connections} of ${maxConnections} connections, ${size}`,
    facts,
  };
}
