import type { Redis } from '@marketgraph/platform/redis';
import { bucketsNow, bucketsOf, type TrendWindow } from '../domain/trend.ts';
import type { Step } from './source-model.ts';

/** How long a computed trend is good for. */
const TREND_CACHE_S = 5;
/** Companions kept per product; the ones bought together least often fall out. */
const MAX_COMPANIONS = 200;

/** Interest in a product, counted in all windows. */
export function interestSteps(productId: string, weight: number, at: Date): Step[] {
  return bucketsNow(at).flatMap(({ key, ttlS }): Step[] => [
    ['call', 'ZINCRBY', key, weight, productId],
    ['call', 'EXPIRE', key, ttlS],
  ]);
}

/** These products were in one order. */
export function boughtTogetherSteps(productIds: readonly string[]): Step[] {
  return productIds.flatMap((one): Step[] => {
    const key = `search:together:${one}`;
    const others = productIds.filter((other) => other !== one);
    if (others.length === 0) return [];
    return [
      ...others.map((other): Step => ['call', 'ZINCRBY', key, 1, other]),
      ['call', 'ZREMRANGEBYRANK', key, 0, -MAX_COMPANIONS - 1],
    ];
  });
}

/** Products with the most interest first. */
export async function trendingProducts(
  redis: Redis,
  window: TrendWindow,
  { now, count }: { now: Date; count: number },
): Promise<{ productId: string; score: number }[]> {
  const total = `search:trending:${window}`;
  if (!(await redis.exists(total))) {
    const buckets = bucketsOf(window, now);
    await redis
      .multi()
      .zunionstore(total, buckets.length, ...buckets)
      .expire(total, TREND_CACHE_S)
      .exec();
  }
  const parts = await redis.zrevrange(total, 0, count - 1, 'WITHSCORES');
  return parts.flatMap((productId, at) => (at % 2 === 0 ? [{ productId, score: Number(parts[at + 1]) }] : []));
}

/** What was bought with each of these products, most often first. */
export async function companionsOf(redis: Redis, productIds: readonly string[], count: number): Promise<string[][]> {
  const pipeline = redis.pipeline();
  for (const id of productIds) pipeline.zrevrange(`search:together:${id}`, 0, count - 1);
  return ((await pipeline.exec()) ?? []).map(([error, ids]) => {
    if (error) throw error;
    return ids as string[];
  });
}

/** True the first time within the period: a client that repeats itself counts once. */
export async function isFirst(redis: Redis, key: string, periodS: number): Promise<boolean> {
  return (await redis.set(`search:tracked:${key}`, '1', 'EX', periodS, 'NX')) === 'OK';
}

/** False when this has happened `limit` times within the period. */
export async function isWithin(redis: Redis, key: string, limit: number, periodS: number): Promise<boolean> {
  const counter = `search:tracked:${key}`;
  const [count] = (await redis.multi().incr(counter).expire(counter, periodS, 'NX').exec()) ?? [];
  return Number(count?.[1] ?? limit + 1) <= limit;
}
