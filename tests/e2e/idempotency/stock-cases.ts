import type { IdempotencyCases } from './idempotency-case.ts';
import type { ShopOfKeys } from './shop-of-keys.ts';

/** Movements of an offer since now. */
async function movementsFromNow(shop: ShopOfKeys, offerId: string): Promise<() => Promise<number>> {
  const count = () => shop.count('inventory', 'from stock_movement where offer_id = $1', [offerId]);
  const before = await count();
  return async () => (await count()) - before;
}

export const stockCases: IdempotencyCases = {
  inventoryAdjust: {
    select: 'stockLevel { id onHand version }',
    async prepare(shop, party) {
      const { offerId } = await shop.list(party);
      const input = { offerId, warehouseId: party.vendor.warehouses[0], delta: 3, reason: 'RECEIPT' };
      return {
        by: party.vendor.person,
        args: { input },
        otherArgs: { input: { ...input, delta: 4 } },
        effects: await movementsFromNow(shop, offerId),
      };
    },
  },

  inventorySet: {
    select: 'stockLevel { id onHand version }',
    async prepare(shop, party) {
      const { offerId } = await shop.list(party);
      const input = { offerId, warehouseId: party.vendor.warehouses[0], onHand: 7, expectedVersion: 2 };
      return {
        by: party.vendor.person,
        args: { input },
        otherArgs: { input: { ...input, onHand: 8 } },
        effects: await movementsFromNow(shop, offerId),
      };
    },
  },

  inventoryTransfer: {
    select: 'from { id onHand version } to { id onHand version }',
    async prepare(shop, party) {
      const { offerId } = await shop.list(party);
      const [fromWarehouseId, toWarehouseId] = party.vendor.warehouses;
      const input = { offerId, fromWarehouseId, toWarehouseId, quantity: 2 };
      const movements = await movementsFromNow(shop, offerId);
      return {
        by: party.vendor.person,
        args: { input },
        otherArgs: { input: { ...input, quantity: 3 } },
        // Out of the one and into the other.
        effects: async () => (await movements()) / 2,
      };
    },
  },

  inventorySyncBatch: {
    select: 'applied skippedStale',
    async prepare(shop, party) {
      const { offerId, sku } = await shop.list(party);
      const [warehouse] = await shop.rows<{ code: string }>('inventory', 'select code from warehouse where id = $1', [
        party.vendor.warehouses[0],
      ]);
      const entry = { sku, warehouseCode: warehouse!.code, onHand: 15, sourceVersion: '1' };
      const input = { vendorId: party.vendor.id, source: 'WMS', entries: [entry] };
      return {
        by: party.vendor.person,
        args: { input },
        otherArgs: { input: { ...input, entries: [{ ...entry, onHand: 16 }] } },
        effects: await movementsFromNow(shop, offerId),
      };
    },
  },
};
