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

export async function countQuery(
  redis: Redis,
  text: string,
  { weight, now }: { weight: number; now: Date },
): Promise<void> {
  const key = hourKey(hourOf(now));
  await redis
    .multi()
    .zincrby(key, weight, text)
    .zremrangebyrank(key, 0, -MAX_PER_HOUR - 1)
    .expire(key, HOUR_S * (HOURS + 1))
    .exec();
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
