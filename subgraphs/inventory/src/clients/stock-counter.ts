import { inRounds } from '@marketgraph/platform/core';
import type { Redis } from '@marketgraph/platform/redis';
import type { Logger } from '@marketgraph/platform/telemetry';
import { keepContext } from '@marketgraph/platform/tracing';

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
  /**
   * What the counter holds for those that have too little. Doubted once per offer and pause: whoever is told so looks
   * the refusal up in the database.
   */
  | { answer: 'refused'; short: { offerId: string; available: number }[]; isDoubted: boolean }
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
   * at, the claim is given whatever the count says. An offer is wanted once.
   */
  admit(claimant: string, wanted: readonly Wanted[], options?: { insist?: boolean }): Promise<Admission>;
  /** The database's numbers. */
  put(values: readonly CounterValue[]): Promise<void>;
  /** The database's numbers as the counter knows them, claims left aside. */
  read(offerIds: readonly string[]): Promise<Map<string, number>>;
}

/** How often a refusal may be looked up per offer: an undersell lasts no longer than this. */
const DOUBT_EVERY_MS = 100;

/** Longer than it takes from being admitted to the database's decision, also in a crowd. */
const CLAIM_MS = 10_000;

/** Who asks while others are being answered is in the next script with all others who did. */
const REQUESTS_PER_SCRIPT = 64;
/** A script holds up everybody else who asks Redis. */
const OFFERS_PER_SCRIPT = 500;
const MAX_WAITING = 10_000;
const SCRIPTS_AT_ONCE = 4;

// KEYS: per offer its hash (available, sequence, claimed, and a field per claim), when its claims end, and its doubt.
// ARGV: how long a claim lasts, the pause between two doubts, then per request the claimant, whether to insist, how many
// offers, and for each of these its place among the keys and the quantity.
// Each request is all or nothing, like the reservation itself, and comes after those before it. Claims that have ended are
// taken away first, so that nobody sweeps.
const ADMIT = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for i = 1, #KEYS, 3 do
  local stock, ends = KEYS[i], KEYS[i + 1]
  for _, ended in ipairs(redis.call('ZRANGEBYSCORE', ends, '-inf', now, 'LIMIT', 0, 1000)) do
    redis.call('HINCRBY', stock, 'claimed', -(tonumber(redis.call('HGET', stock, ended)) or 0))
    redis.call('HDEL', stock, ended)
    redis.call('ZREM', ends, ended)
  end
end
local function decide(claim, insists, from, to)
  local answer = {'refused', '0'}
  local own, others = {}, {}
  for at = from, to, 2 do
    local known = redis.call('HMGET', KEYS[3 * ARGV[at] - 2], 'available', 'claimed', claim)
    if not known[1] then return {'unknown'} end
    own[at] = tonumber(known[3] or 0)
    others[at] = tonumber(known[2] or 0) - own[at]
    local wanted = tonumber(ARGV[at + 1])
    local free = tonumber(known[1]) - others[at]
    if not insists and own[at] < wanted and free < wanted then
      answer[#answer + 1] = ARGV[at]
      answer[#answer + 1] = tostring(free)
    end
  end
  if #answer > 2 then
    for i = 3, #answer, 2 do
      if redis.call('SET', KEYS[3 * answer[i]], '1', 'PX', ARGV[2], 'NX') then answer[2] = '1' end
    end
    return answer
  end
  for at = from, to, 2 do
    local stock, ends = KEYS[3 * ARGV[at] - 2], KEYS[3 * ARGV[at] - 1]
    redis.call('HSET', stock, 'claimed', others[at] + ARGV[at + 1], claim, ARGV[at + 1])
    redis.call('ZADD', ends, now + ARGV[1], claim)
  end
  return {'admitted'}
end
local answers = {}
local at = 3
while at <= #ARGV do
  local to = at + 2 + 2 * ARGV[at + 2]
  answers[#answers + 1] = decide('claim:' .. ARGV[at], ARGV[at + 1] == '1', at + 3, to)
  at = to + 1
end
return answers
`;

// KEYS: per offer its hash and when its claims end. ARGV: per offer available, sequence, how many claimants were
// decided, and these.
const PUT = `
local at = 1
for i = 1, #KEYS, 2 do
  local stock, ends = KEYS[i], KEYS[i + 1]
  local claims = {}
  for each = at + 3, at + 2 + ARGV[at + 2] do claims[#claims + 1] = 'claim:' .. ARGV[each] end
  local known = redis.call('HMGET', stock, 'sequence', 'claimed', unpack(claims))
  local units = 0
  for each = 3, #claims + 2 do units = units + tonumber(known[each] or 0) end
  if units > 0 then
    redis.call('HDEL', stock, unpack(claims))
    redis.call('ZREM', ends, unpack(claims))
    redis.call('HSET', stock, 'claimed', tonumber(known[2] or 0) - units)
  end
  if not known[1] or tonumber(known[1]) <= tonumber(ARGV[at + 1]) then
    redis.call('HSET', stock, 'available', ARGV[at], 'sequence', ARGV[at + 1])
  end
  at = at + 3 + ARGV[at + 2]
end
`;

const keyOf = (offerId: string) => `inventory:stock:${offerId}`;
const keysOf = (offerId: string) => [keyOf(offerId), `inventory:claims:${offerId}`];
const doubtOf = (offerId: string) => `inventory:doubt:${offerId}`;

interface Request {
  claimant: string;
  wanted: readonly Wanted[];
  insist: boolean;
  within: <T>(work: () => T) => T;
}

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

  const admitAll = async (requests: readonly Request[]): Promise<Admission[]> => {
    const offerIds = [...new Set(requests.flatMap(({ wanted }) => wanted.map(({ offerId }) => offerId)))];
    const places = new Map(offerIds.map((offerId, at) => [offerId, at + 1]));
    const answers = (await redis.eval(
      ADMIT,
      offerIds.length * 3,
      ...offerIds.flatMap((offerId) => [...keysOf(offerId), doubtOf(offerId)]),
      ...[CLAIM_MS, DOUBT_EVERY_MS],
      ...requests.flatMap(({ claimant, wanted, insist }) => [
        ...[claimant, insist ? '1' : '0', wanted.length],
        ...wanted.flatMap(({ offerId, quantity }) => [places.get(offerId)!, quantity]),
      ]),
    )) as string[][];
    return answers.map(([answer, isDoubted, ...short], at) => {
      if (answer === 'admitted') return { answer };
      if (answer === 'refused') return { answer, isDoubted: isDoubted === '1', short: shortIn(short, offerIds) };
      return { answer: 'unknown', offerIds: requests[at]!.wanted.map(({ offerId }) => offerId) };
    });
  };
  const admit = inRounds<Request, Admission>({
    ...{ maxItems: REQUESTS_PER_SCRIPT, maxWeight: OFFERS_PER_SCRIPT, maxWaiting: MAX_WAITING, lanes: SCRIPTS_AT_ONCE },
    weightOf: ({ wanted }) => wanted.length,
    decide: async (requests) =>
      (await requests[0]!.within(() => admitAll(requests))).map((value) => ({ status: 'fulfilled', value })),
  });

  return {
    admit: (claimant, wanted, { insist = false } = {}) =>
      orElse<Admission>(() => admit({ claimant, wanted, insist, within: keepContext() }), {
        ...{ answer: 'unknown', offerIds: [] },
      }),

    async put(values) {
      await orElse(async () => {
        const chunks = Array.from({ length: Math.ceil(values.length / OFFERS_PER_SCRIPT) }, (_, at) =>
          values.slice(at * OFFERS_PER_SCRIPT, (at + 1) * OFFERS_PER_SCRIPT),
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

/** Pairs of a place among the keys and what is free there. */
function shortIn(told: readonly string[], offerIds: readonly string[]): { offerId: string; available: number }[] {
  const short = [];
  for (let at = 0; at < told.length; at += 2) {
    short.push({ offerId: offerIds[Number(told[at]) - 1]!, available: Math.max(Number(told[at + 1]), 0) });
  }
  return short;
}
