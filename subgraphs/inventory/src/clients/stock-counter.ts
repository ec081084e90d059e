import type { Redis } from '@marketgraph/platform/redis';
import type { Logger } from '@marketgraph/platform/telemetry';

export interface CounterValue {
  offerId: string;
  available: number;
  /** Of the offer's stock when it was read: an older value never replaces a newer one. */
  sequence: number;
}

export interface Wanted {
  offerId: string;
  quantity: number;
}

/**
 * A count in front of the database that turns a crowd away without asking it.
 * Never the judge: what it admits the database decides, what it refuses is
 * looked up again before long, and without it everything goes on.
 */
export interface StockCounter {
  /**
   * `admitted`: ask the database. `refused`: some offer has too little.
   * `unknown`: these offers have no count, or the counter is away. A request that
   * was admitted a moment ago and comes again is admitted without counting twice.
   */
  admit(
    requestKey: string,
    wanted: readonly Wanted[],
  ): Promise<
    { answer: 'admitted' } | { answer: 'refused'; offerIds: string[] } | { answer: 'unknown'; offerIds: string[] }
  >;
  put(values: readonly CounterValue[]): Promise<void>;
  /** True once per offer and pause: whoever gets it looks a refusal up in the database. */
  mayDoubt(offerId: string): Promise<boolean>;
  read(offerIds: readonly string[]): Promise<Map<string, number>>;
}

/** How often a refusal may be looked up per offer: an undersell lasts no longer than this. */
const DOUBT_EVERY_MS = 100;

/** How long a repeated request is known to be the same: longer than any decision takes. */
const SAME_REQUEST_MS = 10_000;

// KEYS: the request, then one hash per offer. ARGV: how long the request is remembered, then the quantities.
// All or nothing, like the reservation itself.
const ADMIT = `
if redis.call('EXISTS', KEYS[1]) == 1 then return {'admitted'} end
local short = {}
for i = 2, #KEYS do
  local key = KEYS[i]
  local available = redis.call('HGET', key, 'available')
  if not available then return {'unknown'} end
  if tonumber(available) < tonumber(ARGV[i]) then short[#short + 1] = i - 1 end
end
if #short > 0 then return {'refused', unpack(short)} end
for i = 2, #KEYS do redis.call('HINCRBY', KEYS[i], 'available', -tonumber(ARGV[i])) end
redis.call('SET', KEYS[1], '1', 'PX', ARGV[1])
return {'admitted'}
`;

// KEYS[1]: the offer's hash. ARGV: available, sequence.
const PUT = `
local known = redis.call('HGET', KEYS[1], 'sequence')
if known and tonumber(known) > tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], 'available', ARGV[1], 'sequence', ARGV[2])
return 1
`;

const keyOf = (offerId: string) => `inventory:stock:${offerId}`;

export function redisStockCounter(redis: Redis, log: Logger): StockCounter {
  /** Redis being away must cost a buyer nothing but the fast refusal. */
  const orElse = async <T>(work: () => Promise<T>, fallback: T): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      log.debug({ err: error }, 'stock counter is away');
      return fallback;
    }
  };

  return {
    admit(requestKey, wanted) {
      const offerIds = wanted.map(({ offerId }) => offerId);
      return orElse(
        async () => {
          const [answer, ...at] = (await redis.eval(
            ADMIT,
            wanted.length + 1,
            `inventory:asked:${requestKey}`,
            ...offerIds.map(keyOf),
            SAME_REQUEST_MS,
            ...wanted.map(({ quantity }) => quantity),
          )) as [string, ...number[]];
          if (answer === 'admitted') return { answer: 'admitted' };
          if (answer === 'refused') return { answer: 'refused', offerIds: at.map((index) => offerIds[index - 1]!) };
          return { answer: 'unknown', offerIds };
        },
        { answer: 'unknown', offerIds: [] },
      );
    },

    async put(values) {
      await orElse(async () => {
        const pipeline = redis.pipeline();
        for (const { offerId, available, sequence } of values)
          pipeline.eval(PUT, 1, keyOf(offerId), available, sequence);
        await pipeline.exec();
      }, undefined);
    },

    mayDoubt: (offerId) =>
      orElse(
        async () => (await redis.set(`inventory:doubt:${offerId}`, '1', 'PX', DOUBT_EVERY_MS, 'NX')) === 'OK',
        true,
      ),

    read: (offerIds) =>
      orElse(async () => {
        const pipeline = redis.pipeline();
        for (const offerId of offerIds) pipeline.hget(keyOf(offerId), 'available');
        const replies = (await pipeline.exec()) ?? [];
        return new Map(
          offerIds.flatMap((offerId, index) => {
            const value = replies[index]?.[1];
            return typeof value === 'string' ? [[offerId, Number(value)] as const] : [];
          }),
        );
      }, new Map<string, number>()),
  };
}
