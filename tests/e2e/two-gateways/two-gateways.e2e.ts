import * as operations from '@marketgraph/schema/generated/operations';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '@marketgraph/platform/testing';
import { aRun, newKey, registerBuyer, registerVendor, signIn, type Vendor } from '../../story/cast.ts';
import { availableOf } from '../../story/purchase.ts';
import { accepted, silentReport } from '../../story/report.ts';
import { startTestMarketplace, type TestMarketplace } from '../../support/marketplace.ts';
import { Person } from '../../support/person.ts';
import { ask } from '../../support/raw-graph.ts';
import { type SecondGateway, startSecondGateway } from '../../support/second-gateway.ts';
import { buy, type Listing, listProduct } from '../../support/shop.ts';

/** Gateways keep nothing of their own: behind a load balancer it does not matter which one a client meets. */
describe('G9 two gateways, two copies of orders and of inventory', () => {
  let market: TestMarketplace;
  let other: SecondGateway;
  let vendor: Vendor;
  let lamp: Listing;
  const watchers: Person[] = [];

  beforeAll(async () => {
    market = await startTestMarketplace({ shape: 'processes', copies: { orders: 2, inventory: 2 } });
    other = await startSecondGateway(market);
    const operator = await signIn(market.graph, 'Olga', market.operator);
    vendor = await registerVendor(market.graph, { name: 'Alpha', run: aRun(), operator, report: silentReport });
    lamp = await listProduct(vendor, operator, { title: 'Brass lamp', sku: 'LAMP', units: 10 });
  });
  afterAll(async () => {
    await Promise.all(watchers.map((watcher) => watcher.leave()));
    await other?.stop();
    await market?.stop();
  });

  const watcherAt = (url: string): Person => {
    const watcher = new Person('Wanda', url);
    watchers.push(watcher);
    return watcher;
  };
  const receive = async (url: string, delta: number): Promise<void> => {
    const keeper = new Person('Alpha', url);
    keeper.accessToken = vendor.person.accessToken;
    const { inventoryAdjust } = await keeper.ask(operations.InventoryAdjustDocument, {
      input: { offerId: lamp.offerId, warehouseId: vendor.warehouses[0]!, delta, reason: 'RECEIPT' },
      idempotencyKey: newKey(),
    });
    accepted('inventoryAdjust', inventoryAdjust.stockLevel, inventoryAdjust.userErrors);
  };
  const variables = () => ({ offerIds: [lamp.offerId] });

  it('I11 a stream at one sees, within two seconds, what was caused at the other', async () => {
    const stock = watcherAt(market.url).watch(operations.StockChangedDocument, variables());
    await stock.find(({ stockChanged }) => stockChanged.kind === 'SNAPSHOT', 'the snapshot');
    await receive(other.url, 5);
    const seen = await stock.find(({ stockChanged }) => stockChanged.available === 15, '15 lamps', 2_000);
    expect(seen.stockChanged).toMatchObject({ kind: 'LIVE', previousAvailable: 10 });
  });

  it('a stream cut at one is resumed at the other: nothing missing, nothing twice', async () => {
    const first = watcherAt(market.url).watch(operations.StockChangedDocument, variables());
    await first.find(({ stockChanged }) => stockChanged.kind === 'SNAPSHOT', 'the snapshot');
    await receive(market.url, 1);
    const last = await first.find(({ stockChanged }) => stockChanged.available === 16, '16 lamps');
    await first.cut();
    await receive(market.url, 1);
    await receive(other.url, 1);
    const resumed = watcherAt(other.url).watch(operations.StockChangedDocument, {
      ...variables(),
      after: last.stockChanged.cursor,
    });
    await resumed.find(({ stockChanged }) => stockChanged.available === 18, '18 lamps');
    expect(resumed.events.map(({ stockChanged }) => stockChanged.available)).toEqual([17, 18]);
  });

  it('A24 an API key that is revoked at one is refused by the other with its next request', async () => {
    const { person, warehouses } = vendor;
    const created = await ask<{ apiKeyCreate: { apiKeyId: string; secret: string } }>(
      market.url,
      'mutation { apiKeyCreate(input: { name: "WMS", scopes: ["inventory:read"] }) { apiKeyId secret } }',
      { token: person.accessToken },
    );
    const { apiKeyId: id, secret: token } = created.data!.apiKeyCreate;
    const read = (url: string) =>
      ask(url, 'query($id: ID!) { warehouse(id: $id) { code } }', { variables: { id: warehouses[0] }, token });
    for (const url of [market.url, other.url]) expect((await read(url)).codes).toEqual([]);
    const revoked = await ask(market.url, 'mutation($id: ID!) { apiKeyRevoke(id: $id) { success } }', {
      ...{ variables: { id }, token: person.accessToken },
    });
    expect(revoked.data).toEqual({ apiKeyRevoke: { success: true } });
    for (const url of [other.url, market.url]) expect((await read(url)).codes).toEqual(['UNAUTHENTICATED']);
  });

  it('whichever copies are there, goods are bought: one of each dies, then the other', async () => {
    const { services } = market.processes!;
    const buyer = await registerBuyer(market.graph, 'Bea', aRun());
    for (const [dying, back] of [
      ['', '-2'],
      ['-2', ''],
    ]) {
      await Promise.all(['orders', 'inventory'].map((name) => services.get(`${name}${dying}`)!.kill()));
      await buy(market.graph, buyer, [{ offerId: lamp.offerId, quantity: 1 }]);
      await Promise.all(['orders', 'inventory'].map((name) => services.get(`${name}${dying}`)!.restart()));
      expect(services.get(`orders${back}`)!.isRunning).toBe(true);
    }
    await until(async () => (await availableOf(buyer, lamp.offerId)) === 16);
  });

  it('a copy that ends while it starts says why, and comes back once that is mended', async () => {
    const copy = market.processes!.services.get('orders-2')!;
    await copy.kill();
    const broken = copy.restart({ DATABASE_URL: '' });
    await expect(broken).rejects.toThrow(/orders-2 ended while starting; its log: .*; it said last:.*DATABASE_URL/s);
    await copy.restart();
    expect(copy.isRunning).toBe(true);
  });
});
