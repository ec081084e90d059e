import * as operations from '@marketgraph/schema/generated/operations';
import { until } from '@marketgraph/platform/testing';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aRun, newKey, registerVendor, signIn, type Vendor } from '../../story/cast.ts';
import { archiveProduct, type Listing, listProduct, publishProduct } from '../../story/listing.ts';
import { silentReport as report } from '../../story/report.ts';
import { startTestMarketplace, type TestMarketplace } from '../../support/marketplace.ts';
import { Person } from '../../support/person.ts';
import { ask } from '../../support/raw-graph.ts';

/** What the marketplace promises for everything that follows from a change. */
const FRESH_MS = 2_000;

describe.each(['monolith', 'processes'] as const)('what follows from a change, %s', (shape) => {
  let marketplace: TestMarketplace;
  let operator: Person;
  let vendor: Vendor;
  let listing: Listing;
  let anyone: Person;

  beforeAll(async () => {
    marketplace = await startTestMarketplace({ shape });
    const run = aRun();
    operator = await signIn(marketplace.graph, 'Operator', marketplace.graph.operator);
    vendor = await registerVendor(marketplace.graph, { name: 'Fresh Goods', run, operator, report });
    listing = await publishProduct(vendor, operator, run, report);
    anyone = new Person('Anyone', marketplace.url);
  });
  afterAll(async () => {
    await anyone?.leave();
    await vendor?.person.leave();
    await marketplace?.stop();
  });

  const hit = async (inStockOnly: boolean) => {
    const { searchProducts } = await anyone.ask(operations.SearchDocument, {
      query: listing.word,
      filter: { inStockOnly },
    });
    return searchProducts.edges[0];
  };

  const adjust = async (delta: number) => {
    const { offer } = await vendor.person.ask(operations.StockLevelsDocument, { offerId: listing.offerId });
    for (const level of offer?.stockLevels ?? []) {
      const change = delta > 0 ? delta : -level.onHand;
      if (change === 0) continue;
      const { inventoryAdjust } = await vendor.person.ask(operations.InventoryAdjustDocument, {
        input: { offerId: listing.offerId, warehouseId: level.warehouse.id, delta: change, reason: 'ADJUSTMENT' },
        idempotencyKey: newKey(),
      });
      expect(inventoryAdjust.userErrors).toEqual([]);
    }
  };

  it('I11 S2 stock that is gone, and comes back, shows in the search and on open streams within two seconds', async () => {
    const stream = anyone.watch(operations.StockChangedDocument, { offerIds: [listing.offerId] });
    await stream.find(({ stockChanged }) => stockChanged.kind === 'SNAPSHOT', 'the snapshot');
    await adjust(-1);
    await stream.find(({ stockChanged }) => stockChanged.available === 0, 'nothing left', FRESH_MS);
    await until(async () => (await hit(true)) === undefined, { timeoutMs: FRESH_MS, what: 'the sold-out hit is gone' });
    expect((await hit(false))?.matchedOffer?.availability?.status).toBe('OUT_OF_STOCK');
    await adjust(7);
    await stream.find(({ stockChanged }) => stockChanged.available === 14, '14 again', FRESH_MS);
    const back = await until(() => hit(true), { timeoutMs: FRESH_MS, what: 'the hit is back' });
    expect(back.matchedOffer?.availability?.available).toBe(14);
  });

  it('S2 a new price shows in the search and on open streams within two seconds', async () => {
    const stream = anyone.watch(operations.PriceChangedDocument, { offerIds: [listing.offerId] });
    await stream.find(({ priceChanged }) => priceChanged.kind === 'SNAPSHOT', 'the snapshot');
    const { vendor: shop } = await vendor.person.ask(operations.VendorOffersDocument, {
      vendorId: vendor.id,
      first: 1,
    });
    expect(shop?.offers?.edges[0]?.node.id).toBe(listing.offerId);
    const { offerPriceSet } = await vendor.person.ask(operations.OfferPriceSetDocument, {
      id: listing.offerId,
      price: { amount: 4_200, currencyCode: 'EUR' },
      expectedVersion: 1,
    });
    expect(offerPriceSet.userErrors).toEqual([]);
    await stream.find(({ priceChanged }) => priceChanged.offer.price.amount === 4_200, 'the new price', FRESH_MS);
    await until(
      async () => {
        const { searchProducts } = await anyone.ask(operations.SearchDocument, {
          query: listing.word,
          filter: { priceMax: 4_200, currencyCode: 'EUR' },
        });
        return searchProducts.edges.length === 1;
      },
      { timeoutMs: FRESH_MS, what: 'the new price in the search' },
    );
  });

  it('S4 a product that was taken down while nothing is indexed fails no search, and is in none', async () => {
    const gone = await listProduct(vendor, operator, aRun());
    const one = [listing.title];
    const both = [listing.title, gone.title].toSorted();
    const wanted = { query: 'brass reading lamp' };
    const titles = async () => {
      const { searchProducts } = await anyone.ask(operations.SearchDocument, wanted);
      return searchProducts.edges.map(({ node }) => node.title).toSorted();
    };
    const trends = async () =>
      (await anyone.ask(operations.TrendingDocument, {})).trending.map(({ product }) => product.title);
    const suggestions = async () =>
      (await anyone.ask(operations.SearchSuggestDocument, { prefix: 'Lumen' })).searchSuggest.map(({ text }) => text);
    await until(async () => (await titles()).join() === both.join(), { what: 'both in the search' });
    const redis = new Redis(marketplace.stores.redis.admin);
    try {
      // Somebody else has the right to write to the index, and does not.
      await redis.set('search:indexer', 'nobody', 'PX', 60_000);
      await archiveProduct(vendor, gone.productId);
      expect(await titles()).toEqual(one);
      expect((await anyone.ask(operations.SearchDocument, wanted)).searchProducts.totalCount).toBe(1);
      expect(await trends()).toEqual(one);
      expect((await suggestions()).filter((text) => both.includes(text))).toEqual(one);
      expect(await redis.get('search:indexer')).toBe('nobody');
    } finally {
      await redis.del('search:indexer');
      redis.disconnect();
    }
  });

  it.runIf(shape === 'processes')(
    'S12 hits are found while the catalog is away, with prices that are kept, else without and with errors',
    async () => {
      const catalog = marketplace.processes!.services.get('catalog')!;
      const query = (price: string) => `query($query: String!) { searchProducts(query: $query) { edges {
      node { id } highlights { field snippet } matchedOffer { id ${price} availability { available } } } } }`;
      interface Answer {
        searchProducts: { edges: { node: { id: string }; highlights: object[]; matchedOffer: object | null }[] };
      }
      const look = (price: string) =>
        ask<Answer>(marketplace.url, query(price), { variables: { query: listing.word } });
      const price = { price: { amount: 4_200 } };
      const known = 'price { amount }';
      // Whatever was not asked for before is not kept either.
      const unknown = 'price { amount } orderMultiple returnWindowDays';
      expect((await look(known)).data?.searchProducts.edges[0]?.matchedOffer).toMatchObject(price);
      await catalog.kill();
      try {
        const kept = await look(known);
        expect(kept.codes).toEqual([]);
        expect(kept.data!.searchProducts.edges[0]!.matchedOffer).toMatchObject(price);
        const answer = await look(unknown);
        expect(answer.status).toBe(200);
        const [edge] = answer.data!.searchProducts.edges;
        expect(edge).toMatchObject({ node: { id: listing.productId }, matchedOffer: null });
        expect(edge!.highlights.length).toBeGreaterThan(0);
        expect(answer.codes).toEqual(['SUBGRAPH_UNAVAILABLE']);
      } finally {
        await catalog.restart();
      }
      await until(async () => (await look(unknown)).errors.length === 0, { timeoutMs: 30_000, what: 'prices again' });
    },
  );
});
