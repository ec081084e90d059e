import type { Stores } from '@marketgraph/stores';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestMarketplace, type TestMarketplace } from '../../support/marketplace.ts';
import { expectReadinessToFollow } from '../../support/readiness.ts';
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
});
