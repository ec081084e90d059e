import { systemClock } from '@marketgraph/platform/core';
import { type Database, openDatabase } from '@marketgraph/platform/postgres';
import { silentLog } from '@marketgraph/platform/testing';
import Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stripeProvider } from '../src/clients/stripe-provider.ts';
import type { PaymentsDeps } from '../src/commands/payments-deps.ts';
import { reconcileWithProvider } from '../src/commands/reconcile-with-provider.ts';
import { paymentsCounts } from '../src/counts.ts';
import { oneByOne, singleFlight } from '@marketgraph/platform/core';
import { PaymentRow } from '../src/store/payment.entity.ts';
import { aPart, ids, type Marketplace, startMarketplace } from './marketplace.ts';
import { aSoldOrder } from './payouts.ts';
import { refundPart } from './refunds.ts';

let shop: Marketplace;
let orm: Database;
let deps: PaymentsDeps;
beforeAll(async () => {
  // The provider tells us nothing: only the comparison finds what was done there.
  shop = await startMarketplace({ webhooks: false });
  const { databaseUrl: url, stripe } = shop.config;
  orm = await openDatabase({ url, entities: [PaymentRow], log: silentLog, applicationName: 'test' });
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
    operating: singleFlight(),
    onCommitted: () => {},
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
  });
});
