import { randomUUID } from 'node:crypto';
import type { Redis } from '@marketgraph/platform/redis';
import type { ListedPrice } from '../domain/offer-price.ts';
import type { Audience } from '../domain/price-list.ts';

/** What is kept of an offer, at one moment. */
export interface KeptPrices {
  /** Changes whenever something is dropped: what was read from the store before that is not kept any more. */
  generation: string;
  /** Undefined for an audience nothing is known of. */
  prices: (ListedPrice[] | undefined)[];
}

/**
 * What price lists say of an offer, per audience, in Redis: shared by all
 * processes of the catalog, so that what one drops is gone for every other.
 * Never the judge of a change: each call may fail, and the store answers then.
 */
export interface PriceCache {
  read(offerId: string, audiences: readonly Audience[]): Promise<KeptPrices>;
  /** Keeps what was read from the store, unless the offer was dropped since `generation` was read. */
  keep(offerId: string, generation: string, found: ReadonlyMap<Audience, readonly ListedPrice[]>): Promise<void>;
  drop(offerIds: readonly string[]): Promise<void>;
}

/**
 * A list is dropped when it changes. The time is for a Redis that came back as
 * it was before a drop: no old price outlives it.
 */
const KEPT_MS = 60_000;
/** An offer that more buyers ask for at once than this is looked up for the rest. */
const MAX_AUDIENCES = 1_000;
const DROPPED_AT_ONCE = 100;

const keyOf = (offerId: string) => `catalog:prices:${offerId}`;
/** No audience is called like this. */
const GENERATION = '@';

// KEYS: the offer. ARGV: the generation that was read, how long to keep, how many audiences, then audience and prices in turn.
// The time runs from the first thing kept, so that nothing is kept for ever by being asked for again and again.
const KEEP = `
if (redis.call('HGET', KEYS[1], '@') or '') ~= ARGV[1] then return 0 end
if redis.call('HLEN', KEYS[1]) > tonumber(ARGV[3]) then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 4))
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1`;

// The new generation stays as long as anybody could still be on the way with what they read before it.
const DROP = `
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], '@', ARGV[1])
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`;

export function redisPriceCache(redis: Redis): PriceCache {
  return {
    async read(offerId, audiences) {
      const [generation, ...kept] = await redis.hmget(keyOf(offerId), GENERATION, ...audiences);
      return { generation: generation ?? '', prices: kept.map((text) => (text ? parsePrices(text) : undefined)) };
    },
    async keep(offerId, generation, found) {
      const fields = [...found].flatMap(([audience, prices]) => [audience, JSON.stringify(prices)]);
      if (fields.length === 0) return;
      await redis.eval(KEEP, 1, keyOf(offerId), generation, KEPT_MS, MAX_AUDIENCES, ...fields);
    },
    async drop(offerIds) {
      for (let at = 0; at < offerIds.length; at += DROPPED_AT_ONCE) {
        const some = offerIds.slice(at, at + DROPPED_AT_ONCE);
        await Promise.all(some.map((offerId) => redis.eval(DROP, 1, keyOf(offerId), randomUUID(), KEPT_MS)));
      }
    },
  };
}

function parsePrices(text: string): ListedPrice[] {
  const prices = JSON.parse(text) as (Omit<ListedPrice, 'validFrom' | 'validUntil'> &
    Record<'validFrom' | 'validUntil', string | null>)[];
  return prices.map(({ validFrom, validUntil, ...price }) => ({
    ...price,
    validFrom: validFrom === null ? null : new Date(validFrom),
    validUntil: validUntil === null ? null : new Date(validUntil),
  }));
}
