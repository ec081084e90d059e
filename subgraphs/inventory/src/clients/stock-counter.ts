import type { Redis } from '@marketgraph/platform/redis';
import type { Logger } from '@marketgraph/platform/telemetry';

export interface CounterValue {
  offerId: string;
  available: number;
  /** Of the offer's stock when it was read: an older value never replaces a newer one. */
  sequence: number;
  /** Claimants whose claims on it have been decided. */
  settled?: readonly string[];
}

export interface Wanted {
  offerId: string;
  quantity: number;
}

export type Admission =
  | { answer: 'admitted' }
  /** What the counter holds for those that have too little. */
  | { answer: 'refused'; short: { offerId: string; available: number }[] }
  /** These offers have no count; none are named when the counter is away. */
  | { answer: 'unknown'; offerIds: string[] };

/**
 * A count in front of the database that turns a crowd away without asking it.
 * Never the judge: what it admits the database decides, what it refuses is
 * looked up again before long, and without it everything goes on.
 */
export interface StockCounter {
  /**
   * Whoever is admitted has a claim for a few seconds: what is claimed is not
   * there for the next, although the database has not decided yet. The same
   * claimant again is admitted on its claim. `insist`: the database was looked
   * at, the claim is given whatever the count says.
   */
  admit(claimant: string, wanted: readonly Wanted[], options?: { insist?: boolean }): Promise<Admission>;
  /** The database's numbers. */
  put(values: readonly CounterValue[]): Promise<void>;
  /** True once per offer and pause: whoever gets it looks a refusal up in the database. */
  mayDoubt(offerId: string): Promise<boolean>;
  /** The database's numbers as the counter knows them, claims left aside. */
  read(offerIds: readonly string[]): Promise<Map<string, number>>;
}

/** How often a refusal may be looked up per offer: an undersell lasts no longer than this. */
const DOUBT_EVERY_MS = 100;

/** Longer than it takes from being admitted to the database's decision, also in a crowd. */
const CLAIM_MS = 10_000;

// KEYS: per offer its hash (available, sequence, claimed, and a field per claim) and when its claims end.
// ARGV: the claimant, how long a claim lasts, whether to insist, then the quantities.
// All or nothing, like the reservation itself. Claims that have ended are taken away first, so that nobody sweeps.
const ADMIT = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local claim = 'claim:' .. ARGV[1]
local offers = #KEYS / 2
local answer = {'refused'}
local own = {}
for i = 1, offers do
  local stock, ends = KEYS[2 * i - 1], KEYS[2 * i]
  for _, ended in ipairs(redis.call('ZRANGEBYSCORE', ends, '-inf', now, 'LIMIT', 0, 1000)) do
    redis.call('HINCRBY', stock, 'claimed', -(tonumber(redis.call('HGET', stock, ended)) or 0))
    redis.call('HDEL', stock, ended)
    redis.call('ZREM', ends, ended)
  end
  local known = redis.call('HMGET', stock, 'available', 'claimed', claim)
  if not known[1] then return {'unknown'} end
  own[i] = tonumber(known[3] or 0)
  local wanted = tonumber(ARGV[i + 3])
  local free = tonumber(known[1]) - tonumber(known[2] or 0) + own[i]
  if ARGV[3] ~= '1' and own[i] < wanted and free < wanted then
    answer[#answer + 1] = i
    answer[#answer + 1] = free
  end
end
if #answer > 1 then return answer end
for i = 1, offers do
  local stock, ends = KEYS[2 * i - 1], KEYS[2 * i]
  redis.call('HINCRBY', stock, 'claimed', tonumber(ARGV[i + 3]) - own[i])
  redis.call('HSET', stock, claim, ARGV[i + 3])
  redis.call('ZADD', ends, now + ARGV[2], claim)
end
return {'admitted'}
`;

// KEYS: per offer its hash and when its claims end. ARGV: per offer available, sequence, how many claimants were
// decided, and these.
const PUT = `
local at = 1
for i = 1, #KEYS, 2 do
  local stock, ends = KEYS[i], KEYS[i + 1]
  for each = at + 3, at + 2 + ARGV[at + 2] do
    local claim = 'claim:' .. ARGV[each]
    local units = redis.call('HGET', stock, claim)
    if units then
      redis.call('HINCRBY', stock, 'claimed', -tonumber(units))
      redis.call('HDEL', stock, claim)
      redis.call('ZREM', ends, claim)
    end
  end
  local known = redis.call('HGET', stock, 'sequence')
  if not known or tonumber(known) <= tonumber(ARGV[at + 1]) then
    redis.call('HSET', stock, 'available', ARGV[at], 'sequence', ARGV[at + 1])
  end
  at = at + 3 + ARGV[at + 2]
end
`;

/** A script holds up everybody else who asks Redis. */
const OFFERS_PER_PUT = 100;

const keyOf = (offerId: string) => `inventory:stock:${offerId}`;
const keysOf = (offerId: string) => [keyOf(offerId), `inventory:claims:${offerId}`];

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
    admit(claimant, wanted, { insist = false } = {}) {
      const offerIds = wanted.map(({ offerId }) => offerId);
      return orElse<Admission>(
        async () => {
          const [answer, ...numbers] = (await redis.eval(
            ADMIT,
            wanted.length * 2,
            ...offerIds.flatMap(keysOf),
            claimant,
            CLAIM_MS,
            insist ? '1' : '0',
            ...wanted.map(({ quantity }) => quantity),
          )) as [string, ...number[]];
          if (answer === 'admitted') return { answer: 'admitted' };
          if (answer === 'unknown') return { answer: 'unknown', offerIds };
          const short = [];
          for (let at = 0; at < numbers.length; at += 2) {
            short.push({ offerId: offerIds[numbers[at]! - 1]!, available: Math.max(numbers[at + 1]!, 0) });
          }
          return { answer: 'refused', short };
        },
        { answer: 'unknown', offerIds: [] },
      );
    },

    async put(values) {
      await orElse(async () => {
        const chunks = Array.from({ length: Math.ceil(values.length / OFFERS_PER_PUT) }, (_, at) =>
          values.slice(at * OFFERS_PER_PUT, (at + 1) * OFFERS_PER_PUT),
        );
        await Promise.all(
          chunks.map((chunk) =>
            redis.eval(
              PUT,
              chunk.length * 2,
              ...chunk.flatMap(({ offerId }) => keysOf(offerId)),
              ...chunk.flatMap(({ available, sequence, settled = [] }) => [
                ...[available, sequence, settled.length],
                ...settled,
              ]),
            ),
          ),
        );
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
