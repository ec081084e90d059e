import { until } from '@marketgraph/platform/testing';
import { fillCart, payByCard, startCheckout, type StartedCheckout } from '../../story/purchase.ts';
import type { Person } from '../../support/person.ts';
import type { IdempotencyCases } from './idempotency-case.ts';
import type { Party, ShopOfKeys } from './shop-of-keys.ts';

interface Unpaid extends StartedCheckout {
  buyer: Person;
}

async function unpaid(shop: ShopOfKeys, party: Party): Promise<Unpaid> {
  const { offerId } = await shop.list(party);
  const buyer = await shop.buyer();
  return { buyer, ...(await startCheckout(buyer, await fillCart(buyer, [{ offerId, quantity: 1 }]))) };
}

/** The vendor fills in the provider's forms, and we hear of it. */
async function onboarded(shop: ShopOfKeys, vendorId: string): Promise<void> {
  const account = async () => {
    const [row] = await shop.rows<{ reference: string | null; status: string }>(
      'payments',
      'select provider_reference as reference, status from payout_account where vendor_id = $1',
      [vendorId],
    );
    return row;
  };
  const reference = await until(async () => (await account())?.reference, { what: 'an account at the provider' });
  const { apiUrl } = shop.market.graph.stripe;
  await fetch(`${apiUrl}/_emulator/accounts/${reference}/onboard`, { method: 'POST' });
  await until(async () => (await account())?.status === 'ACTIVE', { what: 'an account to pay to' });
}

export const moneyCases: IdempotencyCases = {
  paymentSessionCreate: {
    select: 'payment { id amount { amount } } clientSecret',
    async prepare(shop, party) {
      const { buyer, cartId, orderId, total } = await unpaid(shop, party);
      const input = { cartId, amount: total, methodKind: 'CARD' };
      return {
        by: buyer,
        args: { input },
        otherArgs: { input: { ...input, amount: { ...total, amount: total.amount + 1 } } },
        effects: () => shop.count('payments', 'from payment where order_id = $1', [orderId]),
      };
    },
  },

  paymentCapture: {
    select: 'payment { id amount { amount } capturedAmount { amount } }',
    async prepare(shop, party) {
      const checkout = await unpaid(shop, party);
      const { paymentId, orderId, total } = checkout;
      const input = { paymentId };
      // The checkout takes the money by itself as soon as it hears of it, so it is held up until the operator has.
      const release = await shop.hold('orders', 'select 1 from checkout where order_id = $1 for update', [orderId]);
      await payByCard(shop.market.graph, checkout, 'pm_card_visa');
      await until(
        async () =>
          (await shop.count('payments', "from payment where id = $1 and status = 'AUTHORIZED'", [paymentId])) === 1,
        { what: 'an authorised payment' },
      );
      return {
        by: party.operator,
        args: { input },
        otherArgs: { input: { paymentId, amount: { ...total, amount: total.amount - 1 } } },
        effects: () =>
          shop.count('payments', "from payment_transaction where payment_id = $1 and type = 'CAPTURE'", [paymentId]),
        end: release,
      };
    },
  },

  paymentVoid: {
    select: 'payment { id amount { amount } status }',
    async prepare(shop, party) {
      const { paymentId } = await unpaid(shop, party);
      const other = await unpaid(shop, party);
      return {
        by: party.operator,
        args: { id: paymentId },
        otherArgs: { id: other.paymentId },
        // It is told once.
        effects: () =>
          shop.count('payments', "from outbox where key = $1 and payload ->> 'status' = 'VOIDED'", [paymentId]),
      };
    },
  },

  refundCreate: {
    select: 'refund { id amount { amount } }',
    async prepare(shop, party) {
      const { orderId, paymentId } = await shop.sell(party);
      const input = { orderId, amount: { amount: 100, currencyCode: 'EUR' }, reason: 'a scratch' };
      return {
        by: party.operator,
        args: { input },
        otherArgs: { input: { ...input, amount: { amount: 200, currencyCode: 'EUR' } } },
        effects: () => shop.count('payments', 'from refund where payment_id = $1', [paymentId]),
      };
    },
  },

  payoutRelease: {
    select: 'payout { id amount { amount } }',
    async prepare(shop, party) {
      const { vendorOrderId } = await shop.sell(party);
      const vendorId = party.vendor.id;
      const [settlement] = await shop.rows<{ id: string }>(
        'payments',
        "update settlement set release_at = now() - interval '1 second' where vendor_order_id = $1 returning id",
        [vendorOrderId],
      );
      await onboarded(shop, vendorId);
      return {
        by: party.operator,
        args: { input: { vendorId, settlementIds: [settlement!.id] } },
        otherArgs: { input: { vendorId } },
        effects: () => shop.count('payments', 'from payout where vendor_id = $1', [vendorId]),
      };
    },
  },
};
