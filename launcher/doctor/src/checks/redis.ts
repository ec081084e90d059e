import type { Check, Judgement } from '../check.ts';
import { judgeSkew, skewMs } from '../clock.ts';
import { infoOf, keysLike, withRedis } from '../redis-session.ts';

/** Streams' claims and access lists need this much. */
const OLDEST_MAJOR = 7;
const WARN_MEMORY = 0.8;
const FAIL_MEMORY = 0.95;
const MAX_GROUPS = 1_000;
const MAX_NAMED = 5;

/** Whether Redis answers, has room, keeps what it is given, and agrees about the time. */
export function redisCheck(url: string): Check {
  return {
    id: 'redis',
    run: ({ now }) =>
      withRedis(url, async (redis) => {
        const asked = now();
        const [seconds, micros] = await redis.time();
        const skew = skewMs({ asked, answered: now() }, Number(seconds) * 1_000 + Number(micros) / 1_000);
        const [info, keys] = await Promise.all([redis.info(), redis.dbsize()]);
        return judgeRedis(infoOf(info), keys, skew);
      }),
  };
}

export function judgeRedis(info: ReadonlyMap<string, string>, keys: number, skew: number): Judgement {
  const number = (name: string) => Number(info.get(name) ?? 0);
  const version = info.get('redis_version') ?? 'unknown';
  const facts = {
    version,
    usedMemoryBytes: number('used_memory'),
    maxMemoryBytes: number('maxmemory'),
    keys,
    evictedKeys: number('evicted_keys'),
    clients: number('connected_clients'),
    skewMs: Math.round(skew),
  };
  const policy = info.get('maxmemory_policy') ?? 'noeviction';
  const used = facts.maxMemoryBytes > 0 ? facts.usedMemoryBytes / facts.maxMemoryBytes : 0;
  if (used >= WARN_MEMORY) {
    const reason = `${Math.round(used * 100)} % of maxmemory is used, by ${keys} keys`;
    const advice = 'Raise maxmemory; see `redis-cli --bigkeys` and the length of events:* for what grew.';
    return { status: used >= FAIL_MEMORY ? 'fail' : 'warn', reason, advice, facts };
  }
  if (facts.evictedKeys > 0 || (facts.maxMemoryBytes > 0 && policy !== 'noeviction')) {
    const reason = `it throws keys away when it is full (${policy}, ${facts.evictedKeys} so far): events, carts and reservations among them`;
    const advice =
      'config set maxmemory-policy noeviction; afterwards `pnpm verify` tells whether something is missing.';
    return { status: facts.evictedKeys > 0 ? 'fail' : 'warn', reason, advice, facts };
  }
  const failed = ['rdb_last_bgsave_status', 'aof_last_write_status'].find((name) => (info.get(name) ?? 'ok') !== 'ok');
  if (failed) {
    const advice = "Look at the server's log and at its disk: it may refuse writes from now on.";
    return { status: 'fail', reason: `${failed} is ${info.get(failed)}: it does not keep its data`, advice, facts };
  }
  const late = judgeSkew(skew);
  if (late) return { ...late, facts };
  if (Number.parseInt(version, 10) < OLDEST_MAJOR) {
    const reason = `Redis ${version} is older than ${OLDEST_MAJOR}.0`;
    return { status: 'warn', reason, advice: 'Upgrade the server.', facts };
  }
  const memory = `${Math.round(facts.usedMemoryBytes / 1024 / 1024)} MiB`;
  return { status: 'ok', reason: `Redis ${version}, ${memory} used, ${keys} keys`, facts };
}

/** Whether consumers have given up on events. */
export function deadLettersCheck(url: string): Check {
  return {
    id: 'dead-letters',
    run: () =>
      withRedis(url, async (redis) => {
        const streams = await keysLike(redis, 'dead:*', MAX_GROUPS);
        const buried = await Promise.all(streams.map(async (key) => [key.slice(5), await redis.xlen(key)] as const));
        const groups = buried.filter(([, length]) => length > 0);
        const total = groups.reduce((sum, [, length]) => sum + length, 0);
        if (total === 0) return { status: 'ok', reason: 'none', facts: { total } };
        const named = groups.slice(0, MAX_NAMED).map(([group, length]) => `${group} has given up on ${length} events`);
        return {
          status: 'fail',
          reason: named.join('; '),
          advice: `\`pnpm redrive ${groups[0]![0]}\` shows them with their reasons; once the cause is mended, \`pnpm redrive ${groups[0]![0]} --again\`.`,
          facts: { total, ...Object.fromEntries(groups.slice(0, MAX_NAMED)) },
        };
      }),
  };
}
