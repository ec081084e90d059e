import { systemClock } from '@marketgraph/platform/core';
import { type Database, openDatabase } from '@marketgraph/platform/postgres';
import { silentLog } from '@marketgraph/platform/testing';
import Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stripeProvider } from '../src/clients/stripe-provider.ts';
import { eventKeeping } from '../src/commands/keep-events.ts';
import type { PaymentsDeps } from '../src/commands/payments-deps.ts';
import { reconciler, reconcileWithProvider } from '../src/commands/reconcile-with-provider.ts';
import { paymentsCounts } from '../src/counts.ts';
import { oneByOne, singleFlight } from '@marketgraph/platform/core';
import { DisputeRow } from '../src/store/dispute.entity.ts';
import { PaymentRow } from '../src/store/payment.entity.ts';
import { OperationRow, RefundPartRow, RefundRow } from '../src/store/refund.entity.ts';
import { SettlementRow } from '../src/store/settlement.entity.ts';
import { aPart, ids, type Marketplace, startMarketplace } from './marketplace.ts';
import { aSoldOrder } from './payouts.ts';
import { booksOf, refundPart } from './refunds.ts';

const entities = [DisputeRow, OperationRow, PaymentRow, RefundPartRow, RefundRow, SettlementRow];
let shop: Marketplace;
let orm: Database;
let deps: PaymentsDeps;
beforeAll(async () => {
  // The provider tells us nothing: only the comparison finds what was done there.
  shop = await startMarketplace({ webhooks: false });
  const { databaseUrl: url, stripe } = shop.config;
  orm = await openDatabase({ url, entities, log: silentLog, applicationName: 'test' });
  deps = {
    orm,
    provider: stripeProvider(stripe),
    ids,
    clock: systemClock,
    log: silentLog,
    counts: paymentsCounts(),
    commissionTaxRate: 0,
    vendorPageUrl: shop.config.vendorPageUrl,
    creating: singleFlight(),
    capturing: singleFlight(),
    looking: oneByOne(),
    keeping: eventKeeping({ orm }),
    operating: singleFlight(),
  };
});
afterAll(async () => {
  await orm?.close();
  await shop?.stop();
});

describe('the comparison with the provider’s own record', () => {
  it('I5 I6 finds nothing where nothing is wrong, page by page, and names what is', async () => {
    const sold = [];
    for (let count = 0; count < 3; count += 1) {
      const part = aPart(10_000);
      sold.push({ part, ...(await aSoldOrder(shop, [part])) });
    }
    const [first, second, third] = sold.toSorted((a, b) => (a.paymentId < b.paymentId ? -1 : 1));
    await refundPart(shop, { orderId: first!.orderId, part: first!.part, amount: 1_000 });
    const page = await reconcileWithProvider(deps, { limit: 2 });
    expect(page).toEqual({ checked: 2, differences: [], next: second!.paymentId });
    expect(await reconcileWithProvider(deps, { limit: 2, after: page.next! })).toEqual({
      checked: 1,
      differences: [],
      next: null,
    });

    const { host, port } = shop.emulator;
    const desk = new Stripe(shop.config.stripe.secretKey, { host, port, protocol: 'http' });
    await desk.refunds.create({ payment_intent: second!.intent, amount: 700 });
    await shop.sql('update payment set captured_amount = captured_amount - 1 where id = ?', [third!.paymentId]);
    await shop.sql('update payment set fee_amount = fee_amount + 1 where id = ?', [first!.paymentId]);
    expect((await reconcileWithProvider(deps)).differences).toEqual([
      { paymentId: first!.paymentId, what: 'fee', here: 321, atProvider: 320 },
      { paymentId: second!.paymentId, what: 'refunded', here: 0, atProvider: 700 },
      { paymentId: third!.paymentId, what: 'captured', here: 9_999, atProvider: 10_000 },
    ]);

    // What its lists tell is heard by the comparison itself, once; what they do not stays to be looked at.
    const { latest_charge: charge } = await desk.paymentIntents.retrieve(first!.intent);
    shop.emulator.control.openDispute(String(charge));
    await reconciler()(deps);
    expect((await reconcileWithProvider(deps)).differences.map(({ what }) => what)).toEqual(['fee', 'captured']);
    expect(await booksOf(shop, second!.paymentId)).toMatchObject({ refunded: 700, isWhole: true });
    expect(await booksOf(shop, first!.paymentId)).toMatchObject({
      status: 'DISPUTED',
      withBanks: 9_000,
      onChargebacks: 9_000,
    });
  });
});
