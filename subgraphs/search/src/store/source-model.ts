import type { Redis } from '@marketgraph/platform/redis';
import type { OfferFacts, ProductFacts, ProductSources, VendorFacts } from '../domain/product-document.ts';

/**
 * What search remembers of its sources, per product, so that a document can be
 * made without asking anybody. A fact older than the one known is ignored; one
 * that changes a document puts its product on the list of every index version,
 * in the same script, so that no change can be forgotten.
 *
 *   search:product:<id>  sequence facts ratingSequence average count sold revision
 *   search:offer:<id>    sequence facts productId stockSequence available
 *   search:vendor:<id>   sequence facts
 *   search:offers:<productId>, search:vendorProducts:<vendorId>, search:products   the ids
 *   search:places   where vendors are
 *   search:dirty:<version>   products whose document is out of date, by since when
 */
export type Step =
  | readonly ['product', id: string, sequence: number, facts: string]
  | readonly ['offer', id: string, sequence: number, productId: string, vendorId: string, facts: string]
  | readonly ['vendor', id: string, sequence: number, facts: string]
  | readonly ['stock', offerId: string, sequence: number, available: number]
  | readonly ['rating', productId: string, sequence: number, average: number, count: number]
  | readonly ['sold', productId: string, quantity: number]
  /** As read from the source, which has no sequence: holds unless an event came in between. */
  | readonly ['observedStock', offerId: string, seenSequence: string, available: number]
  | readonly ['observedRating', productId: string, seenSequence: string, average: number, count: number]
  /** Any other command on keys of this service. */
  | readonly ['call', command: string, ...arguments_: (string | number)[]];

// Keys are built from ids inside the script: this service uses one Redis, not a cluster.
const APPLY = `
local now = ARGV[1]
local versions = redis.call('SMEMBERS', 'search:collections')
local marked = {}
-- Once is enough: nobody sees anything between the steps of a script.
local function dirty(product)
  if marked[product] then return end
  marked[product] = true
  redis.call('HINCRBY', 'search:product:' .. product, 'revision', 1)
  for _, version in ipairs(versions) do redis.call('ZADD', 'search:dirty:' .. version, 'NX', now, product) end
end
local function known(key, field) return redis.call('HGET', key, field) or nil end
local function isNews(key, latest, sequence, facts)
  local before = tonumber(latest or '-1')
  if before > tonumber(sequence) then return false end
  return before < tonumber(sequence) or known(key, 'facts') ~= facts
end
local function setStock(offer, available)
  local key = 'search:offer:' .. offer
  local before = tonumber(known(key, 'available') or '0')
  redis.call('HSET', key, 'available', available)
  local product = known(key, 'productId')
  if product and (before > 0) ~= (tonumber(available) > 0) then dirty(product) end
end
local function setRating(product, average, count)
  local key = 'search:product:' .. product
  if known(key, 'average') == tostring(average) and known(key, 'count') == tostring(count) then return end
  redis.call('HSET', key, 'average', average, 'count', count)
  dirty(product)
end
local steps = {}
function steps.product(id, sequence, facts)
  local key = 'search:product:' .. id
  if not isNews(key, known(key, 'sequence'), sequence, facts) then return end
  redis.call('HSET', key, 'sequence', sequence, 'facts', facts)
  redis.call('SADD', 'search:products', id)
  dirty(id)
end
function steps.offer(id, sequence, product, vendor, facts)
  local key = 'search:offer:' .. id
  redis.call('SADD', 'search:vendorProducts:' .. vendor, product)
  local latest, before = unpack(redis.call('HMGET', key, 'sequence', 'productId'))
  if not isNews(key, latest, sequence, facts) then return end
  if before and before ~= product then
    redis.call('SREM', 'search:offers:' .. before, id)
    dirty(before)
  end
  redis.call('HSET', key, 'sequence', sequence, 'facts', facts, 'productId', product)
  redis.call('SADD', 'search:offers:' .. product, id)
  dirty(product)
end
function steps.vendor(id, sequence, facts)
  local key = 'search:vendor:' .. id
  if not isNews(key, known(key, 'sequence'), sequence, facts) then return end
  local before = known(key, 'facts')
  redis.call('HSET', key, 'sequence', sequence, 'facts', facts)
  if before == facts then return end
  local location = cjson.decode(facts).location
  if location and location ~= cjson.null then redis.call('GEOADD', 'search:places', location.lon, location.lat, id)
  else redis.call('ZREM', 'search:places', id) end
  for _, product in ipairs(redis.call('SMEMBERS', 'search:vendorProducts:' .. id)) do dirty(product) end
end
function steps.stock(id, sequence, available)
  local key = 'search:offer:' .. id
  if tonumber(known(key, 'stockSequence') or '-1') >= tonumber(sequence) then return end
  redis.call('HSET', key, 'stockSequence', sequence)
  setStock(id, available)
end
function steps.observedStock(id, seen, available)
  if (known('search:offer:' .. id, 'stockSequence') or '') == seen then setStock(id, available) end
end
function steps.rating(id, sequence, average, count)
  local key = 'search:product:' .. id
  if tonumber(known(key, 'ratingSequence') or '-1') >= tonumber(sequence) then return end
  redis.call('HSET', key, 'ratingSequence', sequence)
  setRating(id, average, count)
end
function steps.observedRating(id, seen, average, count)
  if (known('search:product:' .. id, 'ratingSequence') or '') == seen then setRating(id, average, count) end
end
function steps.sold(id, quantity)
  redis.call('HINCRBY', 'search:product:' .. id, 'sold', quantity)
  dirty(id)
end
function steps.call(...) redis.call(...) end
-- What follows: parts, each with its key, its number of steps, and of each step the name, the number of arguments and these.
local applied = 0
local at = 3
while at <= #ARGV do
  local once = ARGV[at]
  local isNew = once == '' or redis.call('EXISTS', once) == 0
  local left = tonumber(ARGV[at + 1])
  at = at + 2
  while left > 0 do
    local last = at + 1 + tonumber(ARGV[at + 1])
    if isNew then steps[ARGV[at]](unpack(ARGV, at + 2, last)) end
    at = last + 1
    left = left - 1
  end
  if isNew then
    -- Last: of steps that fail it is not said that they were applied.
    if once ~= '' then redis.call('SET', once, '1', 'EX', ARGV[2]) end
    applied = applied + 1
  end
end
return applied
`;

// ARGV: products. For each its row, and the rows of its offers with their ids in front.
const LOAD = `
local loaded = {}
for at, product in ipairs(ARGV) do
  local row = redis.call('HMGET', 'search:product:' .. product,
    'facts', 'average', 'count', 'sold', 'revision', 'sequence', 'ratingSequence')
  local offers = {}
  for number, id in ipairs(redis.call('SMEMBERS', 'search:offers:' .. product)) do
    local offer = redis.call('HMGET', 'search:offer:' .. id, 'facts', 'available', 'stockSequence')
    offers[number] = { id, offer[1], offer[2], offer[3] }
  end
  loaded[at] = { row, offers }
end
return loaded
`;

// KEYS: the list of a version. ARGV: by turns a product and the revision its document was made from. What has
// changed since then stays, or comes back when another process took it off.
const SETTLE = `
for at = 1, #ARGV, 3 do
  local revision = redis.call('HGET', 'search:product:' .. ARGV[at], 'revision') or '0'
  if revision == ARGV[at + 1] then redis.call('ZREM', KEYS[1], ARGV[at])
  else redis.call('ZADD', KEYS[1], 'NX', ARGV[at + 2], ARGV[at]) end
end
`;

export async function applySteps(redis: Redis, steps: readonly Step[]): Promise<void> {
  await applyParts(redis, [{ key: '', steps }], { ttlS: 1 });
}

/**
 * Parts whose key stands in Redis have been applied before, at most `ttlS` seconds ago, and are left out. All in one
 * script; resolves to how many were applied.
 */
export async function applyParts(
  redis: Redis,
  parts: readonly { key: string; steps: readonly Step[] }[],
  { ttlS }: { ttlS: number },
): Promise<number> {
  const arguments_ = parts.flatMap(({ key, steps }) => [
    ...[key, steps.length],
    ...steps.flatMap(([name, ...rest]) => [name, rest.length, ...rest]),
  ]);
  return Number(await redis.eval(APPLY, 0, Date.now(), ttlS, ...arguments_));
}

/** A product's sources and which state of them this is. */
export interface LoadedProduct extends ProductSources {
  revision: string;
  sequence: number;
  ratingSequence: string;
  stockSequences: ReadonlyMap<string, string>;
}

/** Fields of a row in the order they were asked for; `false` in a script is null here. */
type Row = (string | null)[];

/** All that is known of however many products, as of one moment, and of the vendors of their offers. */
export async function loadProducts(redis: Redis, ids: readonly string[]): Promise<LoadedProduct[]> {
  if (ids.length === 0) return [];
  const loaded = (await redis.eval(LOAD, 0, ...ids)) as [product: Row, offers: Row[]][];
  const known = loaded.map(([product, offers]) => ({
    product,
    offers: offers.flatMap(([id, facts, available, stockSequence]) =>
      facts ? [{ id: id!, facts: JSON.parse(facts) as OfferFacts, available, stockSequence }] : [],
    ),
  }));
  const vendorIds = new Set(known.flatMap(({ offers }) => offers.map(({ facts }) => facts.vendorId)));
  const vendors = await vendorsOf(redis, [...vendorIds]);
  return known.map(({ product, offers }, at) => {
    const [facts, average, count, sold, revision, sequence, ratingSequence] = product;
    return {
      productId: ids[at]!,
      facts: facts ? (JSON.parse(facts) as ProductFacts) : null,
      offers: offers.map((offer) => ({ id: offer.id, facts: offer.facts, available: Number(offer.available ?? 0) })),
      vendors,
      rating: { average: Number(average ?? 0), count: Number(count ?? 0) },
      sold: Number(sold ?? 0),
      revision: revision ?? '0',
      sequence: Number(sequence ?? -1),
      ratingSequence: ratingSequence ?? '',
      stockSequences: new Map(offers.map(({ id, stockSequence }) => [id, stockSequence ?? ''])),
    };
  });
}

async function vendorsOf(redis: Redis, ids: readonly string[]): Promise<Map<string, VendorFacts>> {
  const known = await many<string | null>(redis, ids, (pipeline, id) => pipeline.hget(`search:vendor:${id}`, 'facts'));
  return new Map(ids.flatMap((id, at) => (known[at] ? [[id, JSON.parse(known[at]) as VendorFacts] as const] : [])));
}

/** The nearest vendors around a point, at most so many. */
export async function vendorsNear(
  redis: Redis,
  { lat, lon, radiusKm, count }: { lat: number; lon: number; radiusKm: number; count: number },
): Promise<string[]> {
  const found = await redis.geosearch(
    'search:places',
    'FROMLONLAT',
    lon,
    lat,
    'BYRADIUS',
    radiusKm,
    'km',
    'ASC',
    'COUNT',
    count,
  );
  return found as string[];
}

/** Products whose document in this version is out of date, those that have waited longest first. */
export async function dirtyProducts(redis: Redis, version: string, count: number): Promise<string[]> {
  return redis.zrange(`search:dirty:${version}`, '0', String(count - 1));
}

export async function countDirty(redis: Redis, version: string): Promise<number> {
  return redis.zcard(`search:dirty:${version}`);
}

/** Since when the oldest waits, in milliseconds since the epoch. */
export async function dirtySince(redis: Redis, version: string): Promise<number | null> {
  const [, score] = await redis.zrange(`search:dirty:${version}`, '0', '0', 'WITHSCORES');
  return score === undefined ? null : Number(score);
}

export async function settle(
  redis: Redis,
  version: string,
  products: readonly Pick<LoadedProduct, 'productId' | 'revision'>[],
): Promise<void> {
  const parts = products.flatMap(({ productId, revision }) => [productId, revision, String(Date.now())]);
  await redis.eval(SETTLE, 1, `search:dirty:${version}`, ...parts);
}

/** Puts products on the list of one version. */
export async function markDirty(redis: Redis, version: string, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const now = Date.now();
  await redis.zadd(`search:dirty:${version}`, 'NX', ...ids.flatMap((id) => [now, id]));
}

const SCAN_COUNT = 1_000;

export async function* allProducts(redis: Redis): AsyncGenerator<string[]> {
  let cursor = '0';
  do {
    const [next, ids] = await redis.sscan('search:products', cursor, 'COUNT', SCAN_COUNT);
    cursor = next;
    if (ids.length > 0) yield ids;
  } while (cursor !== '0');
}

async function many<Reply>(
  redis: Redis,
  keys: readonly string[],
  ask: (pipeline: ReturnType<Redis['pipeline']>, key: string) => unknown,
): Promise<Reply[]> {
  if (keys.length === 0) return [];
  const pipeline = redis.pipeline();
  for (const key of keys) ask(pipeline, key);
  return ((await pipeline.exec()) ?? []).map(([error, reply]) => {
    if (error) throw error;
    return reply as Reply;
  });
}
