import * as operations from '@marketgraph/schema/generated/operations';
import { newKey } from '../../story/cast.ts';
import { accepted } from '../../story/report.ts';
import type { IdempotencyCases } from './idempotency-case.ts';
import { deliver, type Party, type ShopOfKeys } from './shop-of-keys.ts';

async function delivered(shop: ShopOfKeys, party: Party) {
  const sold = await shop.sell(party);
  await deliver(party, sold);
  return sold;
}

/** Asked for, approved and on its way back. */
async function sentBack(shop: ShopOfKeys, party: Party): Promise<{ id: string; orderId: string }> {
  const { buyer, orderId, lineId } = await delivered(shop, party);
  const { returnRequest } = await buyer.ask(operations.ReturnRequestDocument, {
    input: { orderId, lines: [{ lineId, quantity: 1 }], reason: 'too small' },
    idempotencyKey: newKey(),
  });
  const { id } = accepted('returnRequest', returnRequest.return, returnRequest.userErrors);
  const { returnDecide } = await party.vendor.person.ask(operations.ReturnDecideDocument, {
    input: { id, approve: true },
  });
  accepted('returnDecide', returnDecide.return, returnDecide.userErrors);
  const { returnShip } = await buyer.ask(operations.ReturnShipDocument, { input: { id, trackingNumber: 'TRACK-1' } });
  accepted('returnShip', returnShip.return, returnShip.userErrors);
  return { id, orderId };
}

export const returnCases: IdempotencyCases = {
  returnRequest: {
    select: 'return { id reason }',
    async prepare(shop, party) {
      const { buyer, orderId, lineId } = await delivered(shop, party);
      const input = { orderId, lines: [{ lineId, quantity: 1 }], reason: 'too small' };
      return {
        by: buyer,
        args: { input },
        otherArgs: { input: { ...input, reason: 'too large' } },
        effects: () => shop.count('orders', 'from order_return where order_id = $1', [orderId]),
      };
    },
  },

  returnReceive: {
    select: 'return { id refundAmount { amount } }',
    async prepare(shop, party) {
      const { id, orderId } = await sentBack(shop, party);
      return {
        by: party.vendor.person,
        args: { id, restock: true },
        otherArgs: { id, restock: false },
        effects: () => shop.count('orders', 'from give_back where order_id = $1', [orderId]),
      };
    },
  },
};
