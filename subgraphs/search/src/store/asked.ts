import type { Redis } from '@marketgraph/platform/redis';

/** What people search for, counted per hour; a day of it is looked at. */
const HOURS = 24;
const HOUR_S = 3_600;
/** Of an hour the queries asked least often are forgotten. */
const MAX_PER_HOUR = 10_000;
/** How long the sum of the day is good for. */
const TOTAL_S = 5;
/** What fewer people than this have asked may be about one of them, and is shown to nobody else. */
export const MIN_ASKED = 3;
const LOOKED_AT = 1_000;

const hourKey = (hour: number) => `search:asked:${hour}`;
const hourOf = (now: Date) => Math.floor(now.getTime() / 1_000 / HOUR_S);

/** A query that somebody asked. */
export interface AskedQuery {
  text: string;
  /** Stands for who asked it: counts `max` times within the period. */
  asker: string;
  /** What it counts. */
  weight: number;
  max: number;
  periodS: number;
  at: Date;
}

// KEYS: for each how often this was asked of late, and the queries of its hour. ARGV: how many queries an hour keeps and for
// how long; for each the query and what it counts, how often it does and within which time.
const COUNT = `
for at = 1, #KEYS / 2 do
  local tracked, hour, from = KEYS[at * 2 - 1], KEYS[at * 2], at * 4 - 1
  local times = redis.call('INCR', tracked)
  if times == 1 then redis.call('EXPIRE', tracked, ARGV[from + 3]) end
  if times <= tonumber(ARGV[from + 2]) then
    redis.call('ZINCRBY', hour, ARGV[from + 1], ARGV[from])
    redis.call('ZREMRANGEBYRANK', hour, 0, -tonumber(ARGV[1]) - 1)
    redis.call('EXPIRE', hour, ARGV[2])
  end
end
`;

/** Counts queries, all with one command. */
export async function countQueries(redis: Redis, asked: readonly AskedQuery[]): Promise<void> {
  if (asked.length === 0) return;
  const keys = asked.flatMap(({ asker, at }) => [`search:tracked:${asker}`, hourKey(hourOf(at))]);
  const values = asked.flatMap(({ text, weight, max, periodS }) => [text, weight, max, periodS]);
  await redis.eval(COUNT, keys.length, ...keys, MAX_PER_HOUR, HOUR_S * (HOURS + 1), ...values);
}

/** Queries of the last day that begin so and that several people asked, the most frequent first. */
export async function frequentQueries(
  redis: Redis,
  prefix: string,
  { now, count }: { now: Date; count: number },
): Promise<string[]> {
  const total = 'search:asked:total';
  if (!(await redis.exists(total))) {
    const keys = Array.from({ length: HOURS }, (_, back) => hourKey(hourOf(now) - back));
    await redis
      .multi()
      .zunionstore(total, keys.length, ...keys)
      .expire(total, TOTAL_S)
      .exec();
  }
  const asked = await redis.zrevrangebyscore(total, '+inf', MIN_ASKED, 'LIMIT', 0, LOOKED_AT);
  return asked.filter((text) => text.startsWith(prefix)).slice(0, count);
}
