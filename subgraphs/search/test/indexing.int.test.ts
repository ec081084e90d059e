import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { systemClock } from '@marketgraph/platform/core';
import { anonymous } from '@marketgraph/platform/graphql';
import { closeRedis, connectRedis } from '@marketgraph/platform/redis';
import { silentLog, SOURCE_FLAGS, until } from '@marketgraph/platform/testing';
import * as catalog from '@marketgraph/schema/events/catalog';
import { stockChanged } from '@marketgraph/schema/events/inventory';
import { orderConfirmed } from '@marketgraph/schema/events/orders';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type SearchIndex, typesenseIndex } from '../src/clients/search-index.ts';
import { indexerRounds } from '../src/commands/indexer-rounds.ts';
import { factsText } from '../src/commands/take-over-sources.ts';
import { diffIndex } from '../src/queries/diff-index.ts';
import { GROUP } from '../src/queries/index-status.ts';
import { applySteps, type Step } from '../src/store/source-model.ts';
import { foundIds, ids, openShop, type Shop } from './shop.ts';

let shop: Shop;
beforeEach(async () => {
  shop = await openShop();
});
afterEach(() => shop?.stop());

const index = () => typesenseIndex({ url: shop.config.typesenseUrl, apiKey: shop.config.typesenseApiKey });
const diff = () => diffIndex({ redis: shop.redis, index: index(), peers: shop.sources.peers });
const inStep = () => until(async () => (await diff()).length === 0, { what: 'an index that equals its sources' });

const groupLag = async (domain: string): Promise<number> => {
  const group = (await shop.bus.groupsOf(domain)).find(({ name }) => name === GROUP);
  return group ? group.lag + group.pending : Number.NaN;
};
const orderOf = (productId: string) => {
  const [vendorOrder] = orderConfirmed.sample.vendorOrders;
  const [line] = vendorOrder!.lines;
  return { ...orderConfirmed.sample, vendorOrders: [{ ...vendorOrder, lines: [{ ...line, productId, quantity: 1 }] }] };
};

const countingWrites = (into: SearchIndex, writes: number[]): SearchIndex => ({
  ...into,
  async upsert(version, documents) {
    if (documents.length > 0) writes.push(documents.length);
    return into.upsert(version, documents);
  },
});
const listingSteps = (productId: string): Step[] => {
  const { vendorId, price } = catalog.offerChanged.sample;
  return [
    ['product', productId, 1, factsText({ ...catalog.productChanged.sample, status: 'PUBLISHED' })],
    ['offer', `off_of_${productId}`, 1, productId, vendorId, JSON.stringify({ vendorId, status: 'ACTIVE', ...price })],
  ];
};

describe('the index and its sources', () => {
  it('S2 shows what was published, repriced and taken down within two seconds, 20 times', async () => {
    await until(async () => (await shop.redis.exists('search:seeded')) === 1);
    // Without the catalog's word on what is shown, absence is the index's own.
    shop.sources.away.add('catalog');
    for (let time = 0; time < 20; time += 1) {
      const title = `Enamel teapot ${time}`;
      const { id, offerIds } = await shop.sources.addProduct({ title });
      const isFound = async (filter = {}) => (await foundIds(shop, { query: title, filter })).includes(id);
      await until(() => isFound(), { timeoutMs: 2_000, what: 'a published product' });
      await shop.sources.changeOffer(offerIds[0]!, { amount: 99_000 + time });
      const price = { priceMin: 99_000 + time, priceMax: 99_000 + time };
      await until(() => isFound(price), { timeoutMs: 2_000, what: 'its new price' });
      await shop.sources.changeProduct(id, { status: 'ARCHIVED' });
      await until(async () => !(await isFound()), { timeoutMs: 2_000, what: 'its absence' });
    }
  });

  it(
    'S13 is complete after its process was killed 20 times in the middle of the events',
    { timeout: 240_000 },
    async () => {
      await until(async () => (await shop.redis.exists('search:seeded')) === 1);
      await shop.subgraph.stop();
      const products = [];
      for (let round = 0; round < 20; round += 1) {
        const process = await startProcess();
        try {
          for (let count = 0; count < 5; count += 1) products.push(await shop.sources.addProduct());
          for (const { id, offerIds } of products.slice(-20)) {
            await shop.sources.changeProduct(id, { title: `Lamp of round ${round}` });
            await shop.sources.setStock(offerIds[0]!, round % 2);
            await shop.sources.rate(id, 1 + (round % 5), round + 1);
          }
          const [killed] = products.slice(round);
          await shop.sources.changeProduct(killed!.id, { status: round % 3 === 0 ? 'ARCHIVED' : 'PUBLISHED' });
          // Somewhere in the middle: a different number of documents has been written each time.
          await until(async () => (await shop.redis.zcard('search:progress')) > 0);
        } finally {
          process.kill('SIGKILL');
        }
        await once(process, 'exit');
      }
      await shop.sources.addProduct({ title: 'Sent while nobody listens' });
      expect(await diff()).not.toEqual([]);
      const last = await startProcess();
      try {
        await until(async () => (await diff()).length === 0, {
          timeoutMs: 30_000,
          what: 'an index that equals its sources',
        });
      } finally {
        last.kill('SIGKILL');
        await once(last, 'exit');
      }
    },
  );

  it('ignores a fact older than the one it knows, and one it was told before', async () => {
    const { id, offerIds } = await shop.sources.addProduct({ title: 'Copper kettle' });
    const [offerId] = offerIds;
    await shop.sources.changeProduct(id, { title: 'Silver kettle' });
    await shop.sources.setStock(offerId!, 3);
    await inStep();
    const old = { id: ids.next('evt'), version: 1, occurredAt: new Date().toISOString(), sequence: 1 };
    const { productChanged } = catalog;
    const payload = { ...productChanged.sample, productId: id, title: 'Copper kettle' };
    await shop.bus.publish('catalog', [{ ...old, name: productChanged.name, key: id, payload }]);
    await shop.bus.publish('inventory', [
      {
        ...old,
        id: ids.next('evt'),
        name: stockChanged.name,
        key: offerId!,
        payload: { ...stockChanged.sample, offerId, available: 0 },
      },
    ]);
    const { id: later } = await shop.sources.addProduct({ title: 'Later kettle' });
    await until(async () => (await foundIds(shop, { query: 'later' })).includes(later));
    await inStep();
    expect(await foundIds(shop, { query: 'silver kettle' })).toContain(id);
  });

  it('takes in a crowd of events once each, also when all of them come again', async () => {
    const { id } = await shop.sources.addProduct({ title: 'Cork stool' });
    await until(async () => (await foundIds(shop, { query: 'cork' })).includes(id));
    await shop.subgraph.stop();
    const events = Array.from({ length: 150 }, () => ({
      ...{ id: ids.next('evt'), name: orderConfirmed.name, version: 1, occurredAt: new Date().toISOString() },
      ...{ key: ids.next('ord'), sequence: 1, payload: orderOf(id) },
    }));
    await shop.bus.publish('orders', [...events, ...events]);
    await shop.sources.changeProduct(id, { title: 'Cork stool, sold' });
    const again = await shop.another();
    await again.start();
    try {
      await until(async () => (await groupLag('orders')) === 0, { what: 'all orders to be handled' });
      expect(Number(await shop.redis.hget(`search:product:${id}`, 'sold'))).toBe(events.length);
    } finally {
      await again.stop();
    }
  });

  it('remembers no event that changes nothing when it comes again, and writes nothing anew when it does', async () => {
    const { id, offerIds } = await shop.sources.addProduct({ title: 'Willow basket' });
    await shop.sources.changeOffer(offerIds[0]!, { amount: 4_200 });
    await shop.sources.setStock(offerIds[0]!, 3);
    await shop.sources.rate(id, 4, 2);
    await inStep();
    const stateOf = () =>
      Promise.all([shop.redis.hgetall(`search:product:${id}`), foundIds(shop, { query: 'willow' })]);
    const before = await stateOf();
    for (const domain of ['catalog', 'inventory', 'reviews']) {
      const told = (await shop.bus.read(domain, { after: '0-0', count: 500 })).map(({ envelope }) => envelope);
      await shop.bus.publish(domain, told.toReversed());
      await until(async () => (await groupLag(domain)) === 0, { what: `${domain} to be handled again` });
      const keys = told.map((event) => `search:inbox:search:${event.id}`);
      expect(await shop.redis.exists(...keys)).toBe(0);
    }
    expect(await stateOf()).toEqual(before);
  });

  it('writes a single change at once, and what follows a crowd together', async () => {
    await until(async () => (await shop.redis.exists('search:seeded')) === 1);
    await shop.subgraph.stop();
    const writes: number[] = [];
    let nowMs = 0;
    const deps = {
      ...{ redis: shop.redis, peers: shop.sources.peers, clock: systemClock, log: silentLog, defaultCurrency: 'EUR' },
      index: countingWrites(index(), writes),
      lease: { hold: async () => true, release: async () => undefined },
      asked: { note: () => undefined, stop: async () => undefined },
      nudge: () => undefined,
    };
    const rounds = indexerRounds(deps, { nowMs: () => nowMs });
    const change = (from: number, to: number) =>
      applySteps(shop.redis, Array.from({ length: to - from }, (_, at) => listingSteps(`prd_${from + at}`)).flat());
    for (const [from, to] of [
      [0, 1],
      [1, 2],
      [2, 100],
    ] as const) {
      await change(from, to);
      await rounds();
    }
    // Comes as a feed does, a little at a time, each with a nudge.
    for (let from = 100; from < 190; from += 10) {
      await change(from, from + 10);
      nowMs += 20;
      expect(await rounds()).toBeTypeOf('number');
    }
    nowMs += 500;
    await rounds();
    expect(writes).toEqual([1, 1, 98, 90]);
  });

  it('shows a product once stock was told, whichever of offer and stock came first', async () => {
    const { id, offerIds } = await shop.sources.addProduct({ title: 'Felt slippers', offers: [{ available: 0 }] });
    await until(async () => (await foundIds(shop, { query: 'felt', filter: { inStockOnly: false } })).includes(id));
    expect(await foundIds(shop, { query: 'felt' })).toEqual([]);
    await shop.sources.setStock(offerIds[0]!, 1);
    await until(async () => (await foundIds(shop, { query: 'felt' })).includes(id));
  });

  it('learns a new currency with the first price in it', async () => {
    const { id } = await shop.sources.addProduct({ offers: [{ amount: 700, currencyCode: 'CHF' }] });
    const filter = { priceMax: 700, currencyCode: 'CHF' };
    await until(async () => (await foundIds(shop, { filter })).includes(id));
    expect(await foundIds(shop, { filter: { priceMax: 700 } })).toEqual([]);
    expect(await foundIds(shop, { filter: { priceMax: 700, currencyCode: 'JPY' } })).toEqual([]);
    expect(await foundIds(shop, { sort: 'PRICE_ASC', buyer: { currencyCode: 'JPY' } })).toEqual([id]);
  });

  it('is filled from its sources when the read model was lost', async () => {
    const { id } = await shop.sources.addProduct({ title: 'Wool blanket' });
    await inStep();
    await shop.subgraph.stop();
    const admin = await connectRedis(shop.stores.redis.admin, { log: silentLog, name: 'test admin' });
    await admin.del(...(await admin.keys('search:*')));
    await closeRedis(admin);
    shop.sources.isSilent = true;
    await shop.sources.changeProduct(id, { title: 'Linen blanket' });
    const again = await shop.another();
    try {
      await again.start();
      await inStep();
      expect((await index().export('products_v1')).map(({ title }) => title)).toEqual(['Linen blanket']);
    } finally {
      await again.stop();
    }
  });

  it('is filled from the read model when the index was lost', async () => {
    const { id } = await shop.sources.addProduct({ title: 'Wool blanket' });
    await inStep();
    const { searchIndex } = await shop.ask<{ searchIndex: { liveVersion: string } }>('{ searchIndex { liveVersion } }');
    await shop.subgraph.stop();
    await deleteAlias();
    await index().drop(searchIndex.liveVersion);
    shop.sources.away.add('catalog');
    const again = await shop.another();
    try {
      await again.start();
      await until(async () => {
        const query = '{ searchProducts { edges { node { id } } } }';
        const { data } = await again.execute({ query, viewer: anonymous, requestId: 'r' });
        return JSON.stringify(data).includes(id);
      });
    } finally {
      await again.stop();
    }
  });

  it('S13 tells how far it is behind', async () => {
    await shop.sources.addProduct();
    await inStep();
    const status = async () => {
      const query = '{ searchIndex { lagMs lastEventAt } }';
      return (await shop.ask<{ searchIndex: { lagMs: number; lastEventAt: string } }>(query)).searchIndex;
    };
    // The index equals its sources a moment before the last event is settled.
    await until(async () => (await status()).lagMs === 0, { what: 'no lag' });
    expect(Date.parse((await status()).lastEventAt)).toBeGreaterThan(Date.now() - 60_000);
    const behind = await shop.another();
    await shop.subgraph.stop();
    try {
      await shop.sources.addProduct();
      await until(async () => {
        const query = '{ searchIndex { lagMs } }';
        const { data } = await behind.execute({ query, viewer: anonymous, requestId: 'r' });
        return (JSON.parse(JSON.stringify(data)) as { searchIndex: { lagMs: number } }).searchIndex.lagMs > 30;
      });
    } finally {
      await behind.stop();
    }
  });

  async function startProcess(): Promise<ChildProcess> {
    const file = resolve(import.meta.dirname, 'indexer-process.ts');
    const child = spawn(process.execPath, [...SOURCE_FLAGS, file], {
      env: { ...process.env, SEARCH_TEST_CONFIG: JSON.stringify(shop.config) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout!, 'data');
    return child;
  }

  async function deleteAlias(): Promise<void> {
    const { typesenseUrl, typesenseApiKey } = shop.config;
    await fetch(`${typesenseUrl}/aliases/products`, {
      method: 'DELETE',
      headers: { 'x-typesense-api-key': typesenseApiKey },
    });
  }
});
