import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTypesenseEmulator } from '@marketgraph/emulator-typesense';
import type { Subgraph } from '@marketgraph/platform/graphql';
import { closeRedis, connectRedis } from '@marketgraph/platform/redis';
import { silentLog as log, until } from '@marketgraph/platform/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSearch } from '../src/subgraph.ts';
import { askOf, foundIds, openShop, type Shop } from './shop.ts';

const apiKey = 'outage-test';
let shop: Shop;
let folder: string;
let engine: { port: number; stop(): Promise<void> };
let subgraph: Subgraph;
const startEngine = (port = 0) => startTypesenseEmulator({ apiKey, port, dataFile: join(folder, 'search.sqlite') });

/** Another address of the same server, which can be lost by itself. */
async function forwardingTo(port: number): Promise<{ port: number; stop(): Promise<void> }> {
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const target = connect(port, '127.0.0.1');
    for (const socket of [client, target]) {
      open.add(socket);
      socket.on('error', () => undefined).on('close', () => (client.destroy(), target.destroy(), open.delete(socket)));
    }
    client.pipe(target).pipe(client);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      const closed = new Promise((resolve) => void server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

const served = {
  ask: <Data>(query: string, variables: Record<string, unknown> = {}) => askOf<Data>(subgraph, query, variables),
};

beforeEach(async () => {
  shop = await openShop();
  await shop.subgraph.stop();
  folder = await mkdtemp(join(tmpdir(), 'search-outage-'));
  engine = await startEngine();
  const typesenseUrl = `http://127.0.0.1:${engine.port}`;
  const config = { ...shop.config, typesenseUrl, typesenseApiKey: apiKey };
  subgraph = await createSearch({ config, log, peers: shop.sources.peers });
  await subgraph.start();
});
afterEach(async () => {
  await subgraph?.stop();
  await engine?.stop();
  await shop?.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('while Typesense is away', () => {
  it('says so, loses no change, and catches up afterwards', async () => {
    await until(async () => (await shop.redis.exists('search:seeded')) === 1);
    const before = await shop.sources.addProduct({ title: 'Lamp' });
    await until(async () => (await foundIds(served)).includes(before.id));
    await engine.stop();
    await expect(foundIds(served)).rejects.toMatchObject({ code: 'SUBGRAPH_UNAVAILABLE' });
    expect((await subgraph.readiness()).ready).toBe(false);
    const meanwhile = await shop.sources.addProduct({ title: 'Chair' });
    await shop.sources.changeProduct(before.id, { status: 'ARCHIVED' });
    await until(async () => (await shop.redis.zcard('search:dirty:products_v1')) === 2);
    engine = await startEngine(engine.port);
    // Without the catalog's word on what is shown, absence is the index's own.
    shop.sources.away.add('catalog');
    await until(async () => (await foundIds(served)).join() === meanwhile.id);
  });
});

describe('S11 three nodes of one cluster', () => {
  it('one that is lost is missed by nobody, and neither is one that was never there', async () => {
    const nodes = await Promise.all([engine, engine].map(({ port }) => forwardingTo(port)));
    const never = await forwardingTo(engine.port);
    await never.stop();
    await subgraph.stop();
    const typesenseUrl = [never, ...nodes].map(({ port }) => `http://127.0.0.1:${port}`).join(', ');
    subgraph = await createSearch({
      ...{ config: { ...shop.config, typesenseUrl, typesenseApiKey: apiKey }, log, peers: shop.sources.peers },
    });
    await subgraph.start();
    try {
      const before = await shop.sources.addProduct({ title: 'Lamp' });
      await until(async () => (await foundIds(served)).includes(before.id));
      await nodes[0]!.stop();
      // More often than there are nodes, so that each would have had its turn.
      for (let time = 0; time < 6; time += 1) expect(await foundIds(served)).toContain(before.id);
      const after = await shop.sources.addProduct({ title: 'Chair' });
      await until(async () => (await foundIds(served)).includes(after.id));
      expect((await subgraph.readiness()).ready).toBe(true);
    } finally {
      await Promise.all(nodes.map((node) => node.stop()));
    }
  });
});

describe('after Redis has forgotten everything', () => {
  it('R12 I13 reads the sources again by itself, and knows what they say now', async () => {
    const kept = await shop.sources.addProduct({ title: 'Lamp' });
    await until(async () => (await foundIds(served)).includes(kept.id));
    await until(async () => (await shop.redis.exists('search:seeded')) === 1);
    const admin = await connectRedis(shop.stores.redis.admin, { log, name: 'admin' });
    await admin.flushall();
    await closeRedis(admin);
    await until(async () => (await shop.redis.exists('search:seeded')) === 1, { what: 'a new read model' });
    const fresh = await shop.sources.addProduct({ title: 'Chair' });
    await until(async () => (await foundIds(served)).toSorted().join() === [kept.id, fresh.id].toSorted().join());
    expect(await shop.redis.exists(`search:product:${kept.id}`)).toBe(1);
  });
});
