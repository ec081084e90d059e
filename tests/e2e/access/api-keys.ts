import { until } from '@marketgraph/platform/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Vendor } from '../../story/cast.ts';
import { privateWordsIn } from '../story/private-words.ts';
import { Person } from '../../support/person.ts';
import type { AccessCast } from './cast-of-access.ts';
import { accessOf, everyRootField } from './matrix.ts';

interface Refusals {
  userErrors: { code: string }[];
}

const SYNC = `mutation($input: InventorySyncInput!, $key: IdempotencyKey!) {
  inventorySyncBatch(input: $input, idempotencyKey: $key) { applied skippedStale userErrors { code } } }`;
const MOVE = `mutation($input: FulfillmentStatusInput!) {
  fulfillmentStatusUpdate(input: $input) { fulfillment { status } userErrors { code } } }`;

export function itLetsKeysDoWhatTheirScopesName(cast: () => AccessCast): void {
  describe('API keys', () => {
    const machines: Person[] = [];
    let stock: Machine;

    beforeAll(async () => {
      stock = await aMachine(cast().alpha, ['inventory:write']);
    });
    afterAll(() => Promise.all(machines.map((machine) => machine.leave())));

    type Machine = Person & { keyId: string };

    const aMachine = async ({ person, id }: Vendor, scopes: string[]): Promise<Machine> => {
      const { data } = await cast().as<{ apiKeyCreate: Refusals & { apiKeyId: string; secret: string } }>(
        person,
        `mutation($input: ApiKeyCreateInput!) {
          apiKeyCreate(input: $input) { apiKeyId secret userErrors { code } } }`,
        { input: { name: scopes.join(), scopes, vendorId: id } },
      );
      const { apiKeyId, secret, userErrors } = data!.apiKeyCreate;
      expect(userErrors).toEqual([]);
      const machine = Object.assign(new Person(scopes.join(), cast().market.url), { keyId: apiKeyId });
      machine.accessToken = secret;
      machines.push(machine);
      return machine;
    };

    let counts = 0;
    const sync = async (machine: Machine, vendor: Vendor) => {
      const { alpha, operator } = cast();
      const { data: shop } = await cast().as<{ warehouse: { code: string } }>(
        operator,
        'query($id: ID!) { warehouse(id: $id) { code } }',
        { id: alpha.warehouses[0] },
      );
      counts += 1;
      const entry = { sku: 'LAMP', warehouseCode: shop!.warehouse.code, onHand: 50, sourceVersion: String(counts) };
      return cast().as<{ inventorySyncBatch: Refusals & { applied: number } }>(machine, SYNC, {
        input: { vendorId: vendor.id, source: 'wms', entries: [entry] },
        key: `wms-count-${counts}`,
      });
    };

    it('A24 a key with inventory:write tells what its vendor’s own system has counted, and nothing of another vendor', async () => {
      const { alpha, beta } = cast();
      const own = await sync(stock, alpha);
      expect([own.codes, own.data]).toEqual([
        [],
        { inventorySyncBatch: { applied: 1, skippedStale: 0, userErrors: [] } },
      ]);
      const others = await sync(stock, beta);
      expect(others.data?.inventorySyncBatch).toMatchObject({ applied: 0, userErrors: [{ code: 'FORBIDDEN' }] });
    });

    it('A24 it calls the four changes of stock of its scope, and no other root field of the graph', async () => {
      const open: string[] = [];
      for (const rootField of everyRootField) {
        const access = await accessOf(cast(), rootField, { person: stock, expected: 'no' });
        if (access !== 'no') open.push(rootField.name);
      }
      expect(open.toSorted()).toEqual(['inventoryAdjust', 'inventorySet', 'inventorySyncBatch', 'inventoryTransfer']);
    });

    it('A24 what is selected beside what a scope is for is what everybody sees', async () => {
      const { alpha, as } = cast();
      const query = `query($id: ID!) { vendor(id: $id) {
        businessName warehouses { id } orders { __typename } balance { __typename } apiKeys { id } address { phone }
      } }`;
      const reader = await aMachine(alpha, ['inventory:read']);
      const { codes, data } = await as<{ vendor: Record<string, unknown> }>(reader, query, { id: alpha.id });
      expect(codes).toEqual([]);
      expect(data!.vendor).toEqual({
        businessName: 'Alpha',
        warehouses: alpha.warehouses.map((id) => ({ id })),
        ...{ orders: null, balance: null, apiKeys: null, address: { phone: null } },
      });
    });

    it('A24 a key with catalog:write announces a feed and reprices what its vendor offers, and nothing of another vendor', async () => {
      const { alpha, beta, as, lamp } = cast();
      const [own, rival] = [
        await aMachine(alpha, ['catalog:read', 'catalog:write']),
        await aMachine(beta, ['catalog:write']),
      ];
      const { data: shown } = await as<{ offer: { version: number } }>(
        own,
        'query($id: ID!) { offer(id: $id) { version } }',
        {
          id: lamp.offerId,
        },
      );
      const reprice = async (machine: Machine) =>
        (
          await as<{ offerPriceSet: Refusals & { offer: unknown } }>(
            machine,
            `mutation($id: ID!, $price: MoneyInput!, $version: Int!) {
              offerPriceSet(id: $id, price: $price, expectedVersion: $version) { offer { price { amount } } userErrors { code } } }`,
            { id: lamp.offerId, price: { amount: 4_321, currencyCode: 'EUR' }, version: shown!.offer.version },
          )
        ).data!.offerPriceSet;
      const refused = await reprice(rival);
      expect([refused.offer, refused.userErrors.length]).toEqual([null, 1]);
      expect(await reprice(own)).toEqual({ offer: { price: { amount: 4_321 } }, userErrors: [] });
      const { data } = await as<{ mediaUploadCreate: Refusals & { uploadId: string | null } }>(
        own,
        `mutation { mediaUploadCreate(input: { filename: "feed.ndjson", contentType: "application/x-ndjson", byteSize: 100 }) {
          uploadId userErrors { code } } }`,
      );
      expect(data!.mediaUploadCreate).toEqual({ uploadId: expect.any(String), userErrors: [] });
    });

    it('O17 A24 a parcel is moved on by its vendor’s key with the scope, and by no other', async () => {
      const { alpha, beta, ann, as, order, bought } = cast();
      const part = order.vendorOrders.find(({ vendor }) => vendor.id === alpha.id)!;
      const wms = await aMachine(alpha, ['orders:read', 'orders:fulfill']);
      const reader = await aMachine(alpha, ['orders:read']);
      const rival = await aMachine(beta, ['orders:read', 'orders:fulfill']);
      const seen = await as<{ vendorOrder: { lines: { id: string }[] } }>(
        wms,
        'query($id: ID!) { vendorOrder(id: $id) { lines { id } } }',
        { id: part.id },
      );
      expect(seen.data!.vendorOrder.lines).toEqual(part.lines.map(({ id }) => ({ id })));
      const feed = wms.watchText<{ vendorOrderFeed: { type: string | null } }>(
        'subscription($id: ID!) { vendorOrderFeed(vendorId: $id) { type } }',
        { id: alpha.id },
      );
      await feed.find(({ vendorOrderFeed }) => vendorOrderFeed.type === null, 'the snapshot');
      const packed = await as<{ fulfillmentCreate: Refusals & { fulfillment: { id: string } } }>(
        wms,
        `mutation($input: FulfillmentInput!) {
          fulfillmentCreate(input: $input, idempotencyKey: "parcel-of-the-wms") { fulfillment { id } userErrors { code } } }`,
        {
          input: {
            vendorOrderId: part.id,
            lines: part.lines.map(({ id }) => ({ lineId: id, quantity: 1 })),
            ...{ carrier: 'Own van', trackingNumber: 'V-1' },
          },
        },
      );
      expect([packed.codes, packed.data!.fulfillmentCreate.userErrors]).toEqual([[], []]);
      const ship = (machine: Machine) =>
        as<{ fulfillmentStatusUpdate: Refusals & { fulfillment: unknown } }>(machine, MOVE, {
          input: { id: packed.data!.fulfillmentCreate.fulfillment.id, status: 'SHIPPED' },
        });
      const without = await ship(reader);
      expect([without.status, without.codes, without.data]).toEqual([403, ['FORBIDDEN'], null]);
      // As to the rival's people: nothing tells what is somebody else's from what is not there.
      const { data: others } = await ship(rival);
      expect(others!.fulfillmentStatusUpdate).toEqual({ fulfillment: null, userErrors: [{ code: 'NOT_FOUND' }] });
      const { data: own } = await ship(wms);
      expect(own!.fulfillmentStatusUpdate).toEqual({ fulfillment: { status: 'SHIPPED' }, userErrors: [] });
      const partly = await as<{ order: { fulfillmentStatus: string } }>(
        ann,
        'query($id: ID!) { order(id: $id) { fulfillmentStatus } }',
        { id: bought.orderId },
      );
      expect(partly.data!.order.fulfillmentStatus).toBe('PARTIALLY_FULFILLED');
      await feed.find(({ vendorOrderFeed }) => vendorOrderFeed.type !== null, 'what happened to the parcel');
      await feed.cut();
    });

    it('A24 a key that is revoked is nobody with its next request, and its stream ends', async () => {
      const { alpha, as } = cast();
      const machine = await aMachine(alpha, ['inventory:read']);
      const read = () => as(machine, 'query($id: ID!) { warehouse(id: $id) { code } }', { id: alpha.warehouses[0] });
      expect((await read()).codes).toEqual([]);
      const feed = machine.watchText('subscription($id: ID!) { vendorStockFeed(vendorId: $id) { cursor } }', {
        id: alpha.id,
      });
      await feed.find(() => true, 'the snapshot');
      const { data } = await as<{ apiKeyRevoke: unknown }>(
        alpha.person,
        'mutation($id: ID!) { apiKeyRevoke(id: $id) { success userErrors { code } } }',
        { id: machine.keyId },
      );
      expect(data!.apiKeyRevoke).toEqual({ success: true, userErrors: [] });
      const refused = await read();
      expect([refused.status, refused.codes, refused.data]).toEqual([401, ['UNAUTHENTICATED'], null]);
      await until(() => feed.failure !== undefined, { what: 'the end of the stream' });
      expect(feed.failure).toMatchObject({ code: 4403 });
    });

    it('A24 no key is in a log', async () => {
      const found = await privateWordsIn(cast().market.logsDir, []);
      expect(found.filter((line) => line.includes('API key'))).toEqual([]);
    });
  });
}
