import type { Subgraph, Viewer } from '@marketgraph/platform/graphql';
import { closeRedis, connectRedis, type Redis } from '@marketgraph/platform/redis';
import { silentLog } from '@marketgraph/platform/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openMongo } from '@marketgraph/platform/mongo';
import { type CatalogStore, catalogStore } from '../src/store/catalog-store.ts';
import { listedPrices } from '../src/store/listed-prices.ts';
import { type PriceCache, redisPriceCache } from '../src/store/price-cache.ts';
import { type PriceListing, priceListing } from './price-listing.ts';
import { actions, openShop, type Shop, until } from './shop.ts';

let shop: Shop;
let other: Subgraph;
let listing: PriceListing;
let organizationId: string;
let purchaser: Viewer;
let store: CatalogStore;
let redis: Redis;

const clock = { now: () => new Date() };

beforeAll(async () => {
  shop = await openShop();
  listing = await priceListing(shop, actions(shop), await shop.aSeller());
  ({ organizationId, member: purchaser } = listing.anOrganization());
  other = await shop.another();
  store = catalogStore(await openMongo({ url: shop.mongodbUrl, applicationName: 'test' }));
  redis = await connectRedis(shop.redisUrl, { log: silentLog, name: 'test' });
});
afterAll(async () => {
  if (redis) await closeRedis(redis);
  await store?.database.client.close();
  await shop?.stop();
});

const here = (offerId: string) => listing.price(offerId, { organizationId }, purchaser);

async function there(offerId: string): Promise<string> {
  const query = `query ($id: ID!, $organizationId: ID) { offer(id: $id) {
    priceFor(organizationId: $organizationId) { unitPrice { amount } source } } }`;
  const variables = { id: offerId, organizationId };
  const { data } = await other.execute({ query, variables, viewer: purchaser, requestId: 'test' });
  const { priceFor } = (data as { offer: { priceFor: { unitPrice: { amount: number }; source: string } } }).offer;
  return `${priceFor.unitPrice.amount} ${priceFor.source}`;
}

/** The cache as it is, with a word in what happens; and how often the store is asked. */
function watched(over: (cache: PriceCache) => Partial<PriceCache> = () => ({})) {
  const cache = redisPriceCache(redis);
  let finds = 0;
  const counting = new Proxy(store.priceListEntries, {
    get(target, name) {
      if (name === 'find') finds += 1;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const prices = listedPrices({
    store: { ...store, priceListEntries: counting },
    cache: { ...cache, ...over(cache) },
    clock,
    log: silentLog,
  });
  return { prices, cache, finds: () => finds };
}

const amounts = (found: { unitPrice: { amount: number } }[][]) =>
  found.map((prices) => prices.map(({ unitPrice }) => unitPrice.amount));

describe('C13 prices of lists', () => {
  it('are the same on two processes, and the new ones on both as soon as a change is answered', async () => {
    const offerId = await listing.anOffer();
    expect([await here(offerId), await there(offerId)]).toEqual(['1000 BASE', '1000 BASE']);
    const terms = (amount: number) => ({
      buyerOrganizationId: organizationId,
      entries: [listing.entry(offerId, 1, amount)],
    });
    const { id } = await listing.upserted(terms(999));
    for (let amount = 990; amount > 980; amount -= 1) {
      await listing.upserted({ ...terms(amount), id });
      const read = await Promise.all([here(offerId), there(offerId), here(offerId), there(offerId)]);
      expect(new Set(read)).toEqual(new Set([`${amount} CONTRACT`]));
    }
    await listing.upserted({ ...terms(1), id, entries: [] });
    expect([await here(offerId), await there(offerId)]).toEqual(['1000 BASE', '1000 BASE']);
  });

  it('that a crowd misses at once are looked up once', async () => {
    const offers = [await listing.anOffer(), await listing.anOffer()];
    await listing.upserted({ entries: offers.map((offerId) => listing.entry(offerId, 1, 900)) });
    const { prices, finds } = watched();
    const wanted = offers.map((offerId) => ({ offerId, audiences: ['EVERYBODY', 'BUSINESS'] }));
    const found = await Promise.all(Array.from({ length: 200 }, () => prices.find(wanted)));
    for (const one of found) expect(amounts(one)).toEqual([[900], [900]]);
    expect(finds()).toBe(1);
  });

  it('that were read before a change are not kept after it, and nobody who comes later is given them', async () => {
    const offerId = await listing.anOffer();
    const { id } = await listing.upserted({ entries: [listing.entry(offerId, 1, 900)] });
    let reachedKeep!: () => void;
    let mayKeep!: () => void;
    const kept = new Promise<void>((resolve) => (reachedKeep = resolve));
    const open = new Promise<void>((resolve) => (mayKeep = resolve));
    const slow = watched((cache) => ({
      async keep(...args) {
        reachedKeep();
        await open;
        await cache.keep(...args);
      },
    }));
    const wanted = [{ offerId, audiences: ['EVERYBODY'] }];
    const before = slow.prices.find(wanted);
    await kept;
    await listing.upserted({ id, entries: [listing.entry(offerId, 1, 800)] });
    // While the old answer is still on its way into the cache.
    const late = slow.prices.find(wanted);
    mayKeep();
    expect(amounts(await before)).toEqual([[900]]);
    expect(amounts(await late)).toEqual([[800]]);
    expect(amounts(await watched().prices.find(wanted))).toEqual([[800]]);
    expect(await here(offerId)).toBe('800 TIER');
  });

  it('are dropped by another process when the one that changed them could not do it', async () => {
    const offerId = await listing.anOffer();
    const { id } = await listing.upserted({ entries: [listing.entry(offerId, 1, 900)] });
    expect(await here(offerId)).toBe('900 TIER');
    // As a process leaves it that dies right behind its commit.
    await shop.db
      .collection<{ _id: string }>('priceListEntries')
      .updateOne({ _id: `${id}:${offerId}:1` }, { $set: { 'unitPrice.amount': 800 } });
    await shop.db
      .collection<{ _id: string }>('priceLists')
      .updateOne({ _id: id }, { $set: { staleOffers: [offerId], staleSince: new Date() } });
    await until(async () => (await here(offerId)) === '800 TIER');
    await until(async () => !(await store.priceLists.findOne({ _id: id }))?.staleOffers);
  });

  it('are read from the store while Redis is away, changes too, and are right when it is back', async () => {
    const offerId = await listing.anOffer();
    const { id } = await listing.upserted({ entries: [listing.entry(offerId, 1, 900)] });
    expect([await here(offerId), await there(offerId)]).toEqual(['900 TIER', '900 TIER']);
    const outage = shop.outageOf('redis');
    await outage.begin();
    try {
      expect([await here(offerId), await there(offerId)]).toEqual(['900 TIER', '900 TIER']);
      await listing.upserted({ id, entries: [listing.entry(offerId, 1, 800)] });
      expect([await here(offerId), await there(offerId)]).toEqual(['800 TIER', '800 TIER']);
    } finally {
      await outage.end();
    }
    await until(async () => !(await store.priceLists.findOne({ _id: id }))?.staleOffers, { timeoutMs: 20_000 });
    expect([await here(offerId), await there(offerId)]).toEqual(['800 TIER', '800 TIER']);
  });
});
