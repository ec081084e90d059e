import * as operations from '@marketgraph/schema/generated/operations';
import { fillCart, payByCard, startCheckout } from '../../story/purchase.ts';
import type { IdempotencyCases } from './idempotency-case.ts';

export const buyingCases: IdempotencyCases = {
  cartLinesAdd: {
    select: 'cart { id lines { id quantity } }',
    async prepare(shop, party) {
      const { offerId } = await shop.list(party);
      const buyer = await shop.buyer();
      const { cartId } = await fillCart(buyer, [{ offerId, quantity: 1 }]);
      const input = { cartId, lines: [{ offerId, quantity: 2 }] };
      return {
        by: buyer,
        args: { input },
        otherArgs: { input: { ...input, lines: [{ offerId, quantity: 3 }] } },
        async effects() {
          const { cart } = await buyer.ask(operations.CartDocument, { id: cartId });
          const line = cart?.lines.find(({ offer }) => offer?.id === offerId);
          return ((line?.quantity ?? 0) - 1) / 2;
        },
      };
    },
  },

  checkoutStart: {
    select: 'order { id total { amount } } reservationId paymentId paymentClientSecret',
    async prepare(shop, party) {
      const { offerId } = await shop.list(party);
      const buyer = await shop.buyer();
      const { cartId } = await fillCart(buyer, [{ offerId, quantity: 1 }]);
      return {
        by: buyer,
        args: { cartId },
        otherArgs: { cartId, expectedTotal: { amount: 1, currencyCode: 'EUR' } },
        effects: () => shop.count('inventory', 'from reservation where cart_id = $1', [cartId]),
      };
    },
  },

  checkoutComplete: {
    select: 'order { id status total { amount } }',
    async prepare(shop, party) {
      const { offerId } = await shop.list(party);
      const buyer = await shop.buyer();
      const checkout = await startCheckout(buyer, await fillCart(buyer, [{ offerId, quantity: 1 }]));
      await payByCard(shop.market.graph, checkout, 'pm_card_visa');
      const { cartId, paymentId, total } = checkout;
      const input = { cartId, paymentId, expectedTotal: total };
      return {
        by: buyer,
        args: { input },
        otherArgs: { input: { ...input, expectedTotal: { ...total, amount: total.amount + 1 } } },
        effects: () =>
          shop.count('payments', "from payment_transaction where payment_id = $1 and type = 'CAPTURE'", [paymentId]),
      };
    },
  },

  orderCancel: {
    select: 'order { id total { amount } }',
    async prepare(shop, party) {
      const { buyer, orderId } = await shop.sell(party);
      const input = { orderId, reason: 'changed my mind' };
      return {
        by: buyer,
        args: { input },
        otherArgs: { input: { ...input, reason: 'found it cheaper' } },
        effects: () => shop.count('orders', 'from give_back where order_id = $1', [orderId]),
      };
    },
  },

  fulfillmentCreate: {
    select: 'fulfillment { id lines { quantity } }',
    async prepare(shop, party) {
      const { vendorOrderId, lineId } = await shop.sell(party);
      const input = { vendorOrderId, lines: [{ lineId, quantity: 1 }] };
      return {
        by: party.vendor.person,
        args: { input },
        otherArgs: { input: { ...input, lines: [{ lineId, quantity: 2 }] } },
        effects: () => shop.count('orders', 'from fulfillment_line where line_id = $1', [lineId]),
      };
    },
  },
};
