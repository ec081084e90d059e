import type { Redis } from '@marketgraph/platform/redis';
import type { Step } from './source-model.ts';

/**
 * What one person has shown interest in, for nobody else to see:
 *
 *   search:taste:<user>      products by interest
 *   search:likes:<user>      the direction these have in common, kept for a while
 *   search:personal:<user>   whether they want results of their own, as accounts said lately
 */
const tasteKey = (userId: string) => `search:taste:${userId}`;
const likesKey = (userId: string) => `search:likes:${userId}`;
const switchKey = (userId: string) => `search:personal:${userId}`;

/** Of more products the ones of least interest are forgotten, and all of them after half a year of silence. */
const MAX_PRODUCTS = 100;
const REMEMBER_S = 180 * 86_400;
const LIKES_S = 300;
/** A switch that was missed is noticed after this long. */
const SWITCH_S = 600;

export async function addInterest(redis: Redis, userId: string, productId: string, interest: number): Promise<void> {
  const key = tasteKey(userId);
  await redis
    .multi()
    .zincrby(key, interest, productId)
    .zremrangebyrank(key, 0, -MAX_PRODUCTS - 1)
    .expire(key, REMEMBER_S)
    .del(likesKey(userId))
    .exec();
}

/** The products of most interest first. */
export async function interestsOf(
  redis: Redis,
  userId: string,
  count: number,
): Promise<{ productId: string; interest: number }[]> {
  const parts = await redis.zrevrange(tasteKey(userId), 0, count - 1, 'WITHSCORES');
  return parts.flatMap((productId, at) => (at % 2 === 0 ? [{ productId, interest: Number(parts[at + 1]) }] : []));
}

/** Undefined when it must be found out anew, null when there is nothing to go by. */
export async function knownLikes(redis: Redis, userId: string): Promise<number[] | null | undefined> {
  const text = await redis.get(likesKey(userId));
  if (text === null) return undefined;
  return text === '' ? null : (JSON.parse(text) as number[]);
}

export async function keepLikes(redis: Redis, userId: string, likes: readonly number[] | null): Promise<void> {
  await redis.set(likesKey(userId), likes === null ? '' : JSON.stringify(likes), 'EX', LIKES_S);
}

export async function knownSwitch(redis: Redis, userId: string): Promise<boolean | undefined> {
  const value = await redis.get(switchKey(userId));
  return value === null ? undefined : value === '1';
}

export async function keepSwitch(redis: Redis, userId: string, isOn: boolean): Promise<void> {
  await redis.set(switchKey(userId), isOn ? '1' : '0', 'EX', SWITCH_S);
}

/** The switch as it was turned just now. Off means that nothing is known any more. */
export function personalizationSteps(userId: string, isOn: boolean): Step[] {
  const forgotten: Step[] = [
    ['call', 'DEL', tasteKey(userId)],
    ['call', 'DEL', likesKey(userId)],
  ];
  // Asked anew at the next act: an old event that comes again must not turn it back.
  return [...(isOn ? [] : forgotten), ['call', 'DEL', switchKey(userId)]];
}
