import type { Stores } from '@marketgraph/stores';
import { until } from '@marketgraph/platform/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestMarketplace, type TestMarketplace } from '../../support/marketplace.ts';
import { proxyOf, type TcpProxy } from '../../support/tcp-proxy.ts';

/** Within so long readiness says that a store is gone, and that it is back. */
const TURN_MS = 5_000;

type Wired = 'postgres' | 'redis' | 'mongodb' | 'typesense';

/** Each store behind a wire of its own, which can be pulled. */
async function wiredStores(stores: Stores, wires: Map<Wired, TcpProxy>): Promise<Stores> {
  const { postgres, redis, mongodb, typesense } = stores;
  wires.set('postgres', await proxyOf(postgres.orders.appUrl));
  wires.set('redis', await proxyOf(redis.gateway));
  wires.set('mongodb', await proxyOf(mongodb.catalog));
  wires.set('typesense', await proxyOf(typesense.url));
  const through = (name: Wired, url: string) => wires.get(name)!.through(url);
  const all = <Urls extends object>(name: Wired, urls: Urls): Urls =>
    Object.fromEntries(
      Object.entries(urls).map(([key, value]) => [
        key,
        typeof value === 'string' && value.includes('://') ? through(name, value) : value,
      ]),
    ) as Urls;
  const databases = Object.entries(postgres).map(([key, value]) => [
    key,
    typeof value === 'object' ? all('postgres', value as object) : value,
  ]);
  const value = (wired: object) => ({ value: wired });
  return Object.create(stores, {
    postgres: value(Object.fromEntries(databases) as object),
    redis: value(all('redis', redis)),
    // The members of a replica set are found by their own addresses: this one is the address.
    mongodb: value(
      Object.fromEntries(
        Object.entries(all('mongodb', mongodb)).map(([key, url]) => [
          key,
          String(url).replace('replicaSet=rs0', 'directConnection=true'),
        ]),
      ),
    ),
    typesense: value(all('typesense', typesense)),
  }) as Stores;
}

describe.each(['monolith', 'processes'] as const)('whether the graph can be used, %s', (shape) => {
  const wires = new Map<Wired, TcpProxy>();
  let market: TestMarketplace;

  beforeAll(async () => {
    market = await startTestMarketplace({ shape, through: (stores) => wiredStores(stores, wires) });
  });
  afterAll(async () => {
    await market?.stop();
    await Promise.all([...wires.values()].map((wire) => wire.stop()));
  });

  const readiness = async () => {
    const response = await fetch(`${market.url}/ready`);
    return { status: response.status, ...((await response.json()) as { ready: boolean; missing: string[] }) };
  };
  const isAlive = async () => (await fetch(`${market.url}/health`)).status;

  it.each([
    ['postgres', 503, ['accounts', 'inventory', 'orders', 'payments']],
    ['mongodb', 503, ['catalog', 'reviews']],
    ['typesense', 200, ['search']],
    ['redis', 503, ['redis']],
  ] as const)('is told within five seconds when %s is lost, and when it is back', async (name, status, missing) => {
    const wire = wires.get(name)!;
    await until(async () => (await readiness()).missing.length === 0, { timeoutMs: TURN_MS, what: 'everything' });
    wire.refuse();
    const without = await until(
      async () => {
        const seen = await readiness();
        return missing.every((one) => seen.missing.includes(one)) && seen;
      },
      { timeoutMs: TURN_MS, what: `the loss of ${name}` },
    );
    expect([without.status, without.ready]).toEqual([status, status === 200]);
    // Nothing is mended by ending the process.
    expect(await isAlive()).toBe(200);
    wire.resume();
    const back = await until(
      async () => {
        const seen = await readiness();
        return seen.missing.length === 0 && seen;
      },
      { timeoutMs: TURN_MS, what: `the return of ${name}` },
    );
    expect(back).toMatchObject({ status: 200, ready: true });
    expect(await isAlive()).toBe(200);
  });

  it('is told when a store takes everything and answers nothing, too', async () => {
    const wire = wires.get('postgres')!;
    wire.stall();
    await until(async () => (await readiness()).missing.includes('orders'), {
      timeoutMs: TURN_MS,
      what: 'a store that is silent',
    });
    expect(await isAlive()).toBe(200);
    wire.resume();
    await until(async () => (await readiness()).ready, { timeoutMs: TURN_MS, what: 'its answer' });
  });
});
