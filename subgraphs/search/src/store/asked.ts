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

// KEYS: how often this was asked of late, and the queries of the hour. ARGV: the query and what it counts, how often it
// does and within which time, how many queries an hour keeps and for how long.
const COUNT = `
local times = redis.call('INCR', KEYS[1])
if times == 1 then redis.call('EXPIRE', KEYS[1], ARGV[4]) end
if times > tonumber(ARGV[3]) then return end
redis.call('ZINCRBY', KEYS[2], ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -tonumber(ARGV[5]) - 1)
redis.call('EXPIRE', KEYS[2], ARGV[6])
`;

/** Counts a query as `weight`; whoever `asker` stands for counts `max` times within the period. One command: it goes with every search. */
export async function countQuery(
  redis: Redis,
  text: string,
  { asker, weight, max, periodS, now }: { asker: string; weight: number; max: number; periodS: number; now: Date },
): Promise<void> {
  const keys = [`search:tracked:${asker}`, hourKey(hourOf(now))];
  await redis.eval(COUNT, keys.length, ...keys, text, weight, max, periodS, MAX_PER_HOUR, HOUR_S * (HOURS + 1));
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
