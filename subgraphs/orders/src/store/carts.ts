import type { Redis } from '@marketgraph/platform/redis';
import { type Cart, CART_TTL_S } from '../domain/cart.ts';

/**
 * Carts live in Redis: one document per cart, under one hash tag, so that it
 * has one slot in a cluster. Writes are compare-and-set on the version: of two
 * writers that read the same cart one writes again on what the other wrote,
 * so nothing is lost and nobody waits for a lock.
 */
export interface CartStore {
  read(cartId: string): Promise<Cart | undefined>;
  /** False when the cart is not at `expectedVersion` any more (0: does not exist); nothing is written then. */
  replace(cart: Cart, expectedVersion: number): Promise<boolean>;
  /** The open cart of a user. `claim` sets it unless there is one, and resolves to the one that holds. */
  activeOf(buyerId: string): Promise<string | undefined>;
  claimActive(buyerId: string, cartId: string): Promise<string>;
  dropActive(buyerId: string, cartId: string): Promise<void>;
  /** Carts not written since `before`, least recently written first. */
  untouchedSince(before: Date, limit: number): Promise<{ cartId: string; touchedAt: number }[]>;
  /** Takes a cart off the list, unless it was written meanwhile. */
  forgetTouch(touch: { cartId: string; touchedAt: number }): Promise<void>;
}

const TOUCHED = 'orders:carts:touched';
const cartKey = (cartId: string) => `{orders:cart:${cartId}}`;
const activeKey = (buyerId: string) => `orders:active-cart:${buyerId}`;

/** 1 when written. The version of a cart that is not there is 0. */
const REPLACE = `
local version = redis.call('HGET', KEYS[1], 'v') or '0'
if version ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'v', ARGV[2], 'd', ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1`;

const DROP_IF_SAME = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`;

const FORGET_IF_SAME = `
if redis.call('ZSCORE', KEYS[1], ARGV[1]) == ARGV[2] then return redis.call('ZREM', KEYS[1], ARGV[1]) end
return 0`;

export function redisCarts(redis: Redis): CartStore {
  return {
    async read(cartId) {
      const document = await redis.hget(cartKey(cartId), 'd');
      return document ? (JSON.parse(document) as Cart) : undefined;
    },

    async replace(cart, expectedVersion) {
      // In one go and in this order. Listed before it is written: a crash in between lists a cart too early, never too late.
      const [, written] = await Promise.all([
        redis.zadd(TOUCHED, Date.parse(cart.updatedAt), cart.id),
        redis.eval(
          ...([REPLACE, 1, cartKey(cart.id), expectedVersion, cart.version, JSON.stringify(cart), CART_TTL_S] as const),
        ),
        cart.buyerId ? redis.expire(activeKey(cart.buyerId), CART_TTL_S) : undefined,
      ]);
      return written === 1;
    },

    activeOf: async (buyerId) => (await redis.get(activeKey(buyerId))) ?? undefined,

    async claimActive(buyerId, cartId) {
      const key = activeKey(buyerId);
      for (;;) {
        if (await redis.set(key, cartId, 'EX', CART_TTL_S, 'NX')) return cartId;
        // It may expire between the two; then we try once more.
        const held = await redis.get(key);
        if (held) return held;
      }
    },

    async dropActive(buyerId, cartId) {
      await redis.eval(DROP_IF_SAME, 1, activeKey(buyerId), cartId);
    },

    async untouchedSince(before, limit) {
      const flat = await redis.zrangebyscore(TOUCHED, '-inf', before.getTime(), 'WITHSCORES', 'LIMIT', 0, limit);
      return Array.from({ length: flat.length / 2 }, (_, index) => ({
        cartId: flat[2 * index]!,
        touchedAt: Number(flat[2 * index + 1]),
      }));
    },

    async forgetTouch({ cartId, touchedAt }) {
      await redis.eval(FORGET_IF_SAME, 1, TOUCHED, cartId, touchedAt);
    },
  };
}
