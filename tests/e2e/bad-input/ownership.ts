import { describe, expect, it } from 'vitest';
import { newKey } from '../../story/cast.ts';
import { codesOf } from '../../support/raw-graph.ts';
import type { AttackedShop } from './attacked-shop.ts';

type Attempt = [what: string, query: string, variables: (shop: AttackedShop) => Record<string, unknown>];

/** What Beta tries with what is Alpha's. */
const ATTEMPTS: readonly Attempt[] = [
  [
    'product',
    `mutation($id: ID!) { productUpdate(id: $id, expectedVersion: 1, input: { title: "Mine" }) { userErrors { code } } }`,
    ({ lamp }) => ({ id: lamp.productId }),
  ],
  [
    'product, to put it away',
    `mutation($id: ID!) { productArchive(id: $id, expectedVersion: 1) { userErrors { code } } }`,
    ({ lamp }) => ({ id: lamp.productId }),
  ],
  [
    'price',
    `mutation($id: ID!) {
      offerPriceSet(id: $id, expectedVersion: 1, price: { amount: 1, currencyCode: "EUR" }) { userErrors { code } }
    }`,
    ({ lamp }) => ({ id: lamp.offerId }),
  ],
  [
    'list of offers',
    `mutation($input: OfferInput!) { offerUpsert(input: $input) { userErrors { code } } }`,
    ({ alpha, lamp }) => ({
      input: { vendorId: alpha.id, variantId: lamp.variantId, sku: 'X', price: { amount: 1, currencyCode: 'EUR' } },
    }),
  ],
  [
    'stock',
    `mutation($input: InventorySetInput!, $key: IdempotencyKey!) {
      inventorySet(input: $input, idempotencyKey: $key) { userErrors { code } }
    }`,
    ({ alpha, lamp }) => ({
      input: { offerId: lamp.offerId, warehouseId: alpha.warehouses[0], onHand: 0, expectedVersion: 1 },
      key: newKey(),
    }),
  ],
  [
    'offer, to count it in a warehouse of one’s own',
    `mutation($input: InventoryAdjustInput!, $key: IdempotencyKey!) {
      inventoryAdjust(input: $input, idempotencyKey: $key) { userErrors { code } }
    }`,
    ({ beta, lamp }) => ({
      input: { offerId: lamp.offerId, warehouseId: beta.warehouses[0], delta: 5, reason: 'RECEIPT' },
      key: newKey(),
    }),
  ],
  [
    'warehouse',
    `mutation($input: WarehouseInput!) { warehouseUpsert(input: $input) { userErrors { code } } }`,
    ({ alpha }) => ({ input: { vendorId: alpha.id, code: 'MINE', name: 'Mine', region: 'EU' } }),
  ],
];

export function itKeepsVendorsApart(shop: () => AttackedShop): void {
  describe('that is not yours', () => {
    it.each(ATTEMPTS)('another vendor’s %s is refused and stays', async (_, query, variables) => {
      const { attempt, beta } = shop();
      const { codes, changed } = await attempt(beta.person, query, variables(shop()));
      expect(changed).toBe(false);
      expect(['FORBIDDEN', 'NOT_FOUND']).toContain(codes.join());
    });

    it('another vendor’s order is null to read and refused to change', async () => {
      const { as, attempt, alpha, beta, bought } = shop();
      const mine = await as<{ order: { vendorOrders: { id: string; version: number }[] } }>(
        alpha.person,
        'query($id: ID!) { order(id: $id) { vendorOrders { id version } } }',
        { id: bought.orderId },
      );
      const { id, version } = mine.data!.order.vendorOrders[0]!;
      const read = await as(
        beta.person,
        'query($order: ID!, $id: ID!) { order(id: $order) { id } vendorOrder(id: $id) { id } node(id: $id) { id } }',
        { order: bought.orderId, id },
      );
      expect([read.codes, read.data]).toEqual([[], { order: null, vendorOrder: null, node: null }]);
      const accept = `mutation($id: ID!, $version: Int!) {
        vendorOrderAccept(id: $id, expectedVersion: $version) { vendorOrder { id } userErrors { code } }
      }`;
      expect(await attempt(beta.person, accept, { id, version })).toEqual({ codes: ['NOT_FOUND'], changed: false });
    });

    it.each(['vendorOrderFeed', 'vendorStockFeed', 'payoutFeed', 'vendorReviewFeed'])(
      'another vendor’s %s is not opened',
      async (field) => {
        const { alpha, beta } = shop();
        const query = `subscription($id: ID!) { ${field}(vendorId: $id) { cursor } }`;
        const feed = beta.person.watchText(query, { id: alpha.id });
        await expect(feed.find(() => true, 'nothing')).rejects.toThrow('The stream failed');
        expect([codesOf(feed.failure), feed.events]).toEqual([['FORBIDDEN'], []]);
      },
    );
  });
}
