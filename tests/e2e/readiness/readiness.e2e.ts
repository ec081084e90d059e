import type { Stores } from '@marketgraph/stores';
import { until } from '@marketgraph/platform/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aRun, registerVendor, signIn } from '../../story/cast.ts';
import { silentReport as report } from '../../story/report.ts';
import { startTestMarketplace, type TestMarketplace } from '../../support/marketplace.ts';
import { ask } from '../../support/raw-graph.ts';
import { expectReadinessToFollow } from '../../support/readiness.ts';
import { listProduct } from '../../support/shop.ts';
import { proxyOf, type TcpProxy } from '../../support/tcp-proxy.ts';

/** What the story does with PostgreSQL and Redis that are stopped, for stores behind a wire that can be harmed. */
describe.each(['monolith', 'processes'] as const)('whether the graph can be used, %s', (shape) => {
  const wires = new Map<'postgres' | 'mongodb' | 'typesense', TcpProxy>();
  let market: TestMarketplace;

  const through = async (stores: Stores): Promise<Stores> => {
    const { postgres, mongodb, typesense } = stores;
    const wired = async (name: 'postgres' | 'mongodb' | 'typesense', url: string) => {
      const wire = wires.get(name) ?? (await proxyOf(url));
      wires.set(name, wire);
      return wire.through(url);
    };
    // The members of a replica set are found by their own addresses: here this one is the address.
    const member = async (url: string) =>
      (await wired('mongodb', url)).replace('replicaSet=rs0', 'directConnection=true');
    const { appUrl, ownerUrl } = postgres.orders;
    const orders = { appUrl: await wired('postgres', appUrl), ownerUrl };
    return Object.create(stores, {
      postgres: { value: { ...postgres, orders } },
      mongodb: { value: { catalog: await member(mongodb.catalog), reviews: await member(mongodb.reviews) } },
      typesense: { value: { ...typesense, url: await wired('typesense', typesense.url) } },
    }) as Stores;
  };
  beforeAll(async () => {
    market = await startTestMarketplace({ shape, through });
  });
  afterAll(async () => {
    await market?.stop();
    await Promise.all([...wires.values()].map((wire) => wire.stop()));
  });

  it.each(['mongodb', 'typesense'] as const)('X7 follows %s that refuses everybody', async (name) => {
    const wire = wires.get(name)!;
    const loss = { begin: async () => wire.refuse(), end: async () => wire.resume() };
    await expect(expectReadinessToFollow(market, name, loss)).resolves.toBeUndefined();
  });

  it('X7 follows a store that takes everything and answers nothing, and names who needs it', async () => {
    const wire = wires.get('postgres')!;
    const loss = { begin: async () => wire.stall(), end: async () => wire.resume() };
    await expect(expectReadinessToFollow(market, 'postgresOfOrders', loss)).resolves.toBeUndefined();
  });

  it('S12 a search goes on without the database of the catalog, and without the index says that it does not', async () => {
    const run = aRun();
    const operator = await signIn(market.graph, 'Olga', market.operator);
    const vendor = await registerVendor(market.graph, { name: 'Dark Lamps', run, operator, report });
    const lamp = await listProduct(vendor, operator, { title: 'Brass lamp', sku: `DARK-${run}`, units: 3 });
    interface Answer {
      searchProducts: {
        totalCount: number;
        edges: { node: { id: string }; highlights: object[]; matchedOffer: object | null }[];
      } | null;
      vendor: { id: string } | null;
    }
    // What was not asked for before is not kept either, by the gateway and of the index.
    const look = (price = '', words = 'brass lamp') =>
      ask<Answer>(
        market.url,
        `query($id: ID!, $words: String) { searchProducts(query: $words) { totalCount edges { node { id } highlights { snippet }
          matchedOffer { id ${price} availability { available } } } } vendor(id: $id) { id } }`,
        { variables: { id: vendor.id, words } },
      );
    await until(async () => (await look()).data?.searchProducts?.totalCount === 1, { what: 'the lamp in the search' });
    const [mongodb, typesense] = (['mongodb', 'typesense'] as const).map((name) => wires.get(name)!);
    mongodb!.refuse();
    try {
      const { status, data, codes } = await look('orderMultiple');
      expect([status, codes]).toEqual([
        200,
        [expect.toBeOneOf(['SUBGRAPH_UNAVAILABLE', 'SUBGRAPH_TIMEOUT', 'INTERNAL_SERVER_ERROR'])],
      ]);
      expect(data?.vendor).toEqual({ id: vendor.id });
      expect(data?.searchProducts).toMatchObject({
        totalCount: 1,
        edges: [{ node: { id: lamp.productId }, matchedOffer: null, highlights: [{}] }],
      });
    } finally {
      mongodb!.resume();
    }
    await until(async () => (await look('orderMultiple')).codes.length === 0, { what: 'all of it again' });
    typesense!.refuse();
    try {
      const { status, data, codes } = await look('', 'lamp of brass');
      expect([status, codes, data]).toEqual([200, ['SUBGRAPH_UNAVAILABLE'], null]);
    } finally {
      typesense!.resume();
    }
    await until(async () => (await look()).data?.searchProducts?.totalCount === 1, { what: 'the search again' });
    await Promise.all([operator.leave(), vendor.person.leave()]);
  });
});
