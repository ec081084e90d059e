import type { Redis } from 'ioredis';
import type { Check, Judgement } from '../check.ts';
import { keysLike, pairsOf, withRedis } from '../redis-session.ts';

/** Consumers read at once; an event that waits longer than a dashboard may be old waits for somebody who is gone. */
const WARN_AGE_MS = 10_000;
/** The same as that of the alert. */
const FAIL_AGE_MS = 60_000;
const MAX_STREAMS = 100;
const MAX_NAMED = 5;

export interface GroupLag {
  stream: string;
  group: string;
  consumers: number;
  /** Delivered and not acknowledged, and not yet delivered. */
  behind: number;
  /** Of the oldest event that is not done with. */
  ageMs: number;
}

/** How far each consumer group is behind its streams. */
export function groupsCheck(url: string): Check {
  return {
    id: 'groups',
    run: () =>
      withRedis(url, async (redis) => {
        const streams = await keysLike(redis, 'events:*', MAX_STREAMS);
        const at = await serverTime(redis);
        const lags = (await Promise.all(streams.map((stream) => lagsOf(redis, stream, at)))).flat();
        return judgeLags(lags);
      }),
  };
}

/** Ids of entries are times of the server: they are compared with its clock and no other. */
async function serverTime(redis: Redis): Promise<number> {
  const [seconds] = await redis.time();
  return Number(seconds) * 1_000;
}

async function lagsOf(redis: Redis, stream: string, at: number): Promise<GroupLag[]> {
  const groups = ((await redis.xinfo('GROUPS', stream)) as unknown[]).map(pairsOf);
  return await Promise.all(
    groups.map(async (facts) => {
      const group = String(facts.get('name'));
      const pending = Number(facts.get('pending') ?? 0);
      const delivered = String(facts.get('last-delivered-id') ?? '0-0');
      const [next] = await redis.xrange(stream, `(${delivered}`, '+', 'COUNT', 1);
      const oldestPending = pending > 0 ? ((await redis.xpending(stream, group)) as unknown[])[1] : null;
      // A group that something was deleted for does not know how far it is behind.
      const lag = facts.get('lag') ?? (next ? await countBehind(redis, stream, delivered) : 0);
      const times = [next?.[0], oldestPending].flatMap((id) => (typeof id === 'string' ? [timeOf(id)] : []));
      return {
        stream,
        group,
        consumers: Number(facts.get('consumers') ?? 0),
        behind: pending + Number(lag),
        ageMs: times.length > 0 ? Math.max(0, at - Math.min(...times)) : 0,
      };
    }),
  );
}

const COUNTED = 1_000;

async function countBehind(redis: Redis, stream: string, delivered: string): Promise<number> {
  return (await redis.xrange(stream, `(${delivered}`, '+', 'COUNT', COUNTED)).length;
}

const timeOf = (entryId: string) => Number(entryId.split('-', 1)[0]);

export function judgeLags(lags: readonly GroupLag[]): Judgement {
  const worst = lags.toSorted((a, b) => b.ageMs - a.ageMs);
  const facts = {
    groups: new Set(lags.map(({ group }) => group)).size,
    behind: lags.reduce((sum, { behind }) => sum + behind, 0),
    oldestMs: worst[0]?.ageMs ?? 0,
  };
  const late = worst.filter(({ behind, ageMs }) => behind > 0 && ageMs >= WARN_AGE_MS);
  if (late.length === 0) {
    const reason = facts.behind === 0 ? 'all have read everything' : `${facts.behind} events on their way`;
    return { status: 'ok', reason: `${facts.groups} groups, ${reason}`, facts };
  }
  const named = late.slice(0, MAX_NAMED).map(({ stream, group, consumers, behind, ageMs }) => {
    const nobody = consumers === 0 ? ', and nobody reads for it' : '';
    return `${group} is ${behind} events behind ${stream}, the oldest waits ${Math.round(ageMs / 1_000)} s${nobody}`;
  });
  return {
    status: facts.oldestMs >= FAIL_AGE_MS ? 'fail' : 'warn',
    reason: named.join('; '),
    advice: `See whether ${late[0]!.group} runs, and its log for an event that it tries again and again.`,
    facts,
  };
}
