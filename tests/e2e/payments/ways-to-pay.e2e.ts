import { operatorAccess } from '@marketgraph/launcher';
import { until } from '@marketgraph/platform/testing';
import * as operations from '@marketgraph/schema/generated/operations';
import { verifyStores } from '@marketgraph/verify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aRun, newKey, registerBuyer, registerVendor, signIn, type Vendor } from '../../story/cast.ts';
import { completeCheckout, fillCart, payByCard, startCheckout } from '../../story/purchase.ts';
import { silentReport } from '../../story/report.ts';
import { startTestMarketplace, type TestMarketplace } from '../../support/marketplace.ts';
import type { Person } from '../../support/person.ts';
import { ask } from '../../support/raw-graph.ts';
import { listProduct } from '../../support/shop.ts';

let marketplace: TestMarketplace;
let operator: Person;
let vendor: Vendor;
const run = aRun();

beforeAll(async () => {
  marketplace = await startTestMarketplace({ shape: 'monolith' });
  const { graph } = marketplace;
  operator = await signIn(graph, 'Olga', graph.operator);
  vendor = await registerVendor(graph, { name: 'Pays Any Way', run, operator, report: silentReport });
});
afterAll(() => marketplace?.stop());

const SESSION = `mutation($input: PaymentSessionInput!, $key: IdempotencyKey!) {
  paymentSessionCreate(input: $input, idempotencyKey: $key) { userErrors { code message } } }`;
const WATCH = `subscription($id: ID!) { paymentStatusChanged(paymentId: $id) { kind payment { status method { kind } } } }`;

interface Watched {
  paymentStatusChanged: { kind: string; payment: { status: string; method: { kind: string } | null } };
}

/** What the world outside does: the buyer on the page of the provider, and a bank that answers late. */
async function outside(path: string): Promise<void> {
  const response = await fetch(`${marketplace.graph.stripe.apiUrl}/_emulator/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ outcome: 'succeed' }),
  });
  if (!response.ok) throw new Error(await response.text());
}

describe('P12 P21 an order is paid for', () => {
  it.each([
    ['WALLET', 'pm_card_visa_googlePay', 'EUR', ['AUTHORIZED', 'CAPTURED']],
    ['INSTALLMENTS', 'pm_klarna', 'EUR', ['REQUIRES_ACTION', 'AUTHORIZED', 'CAPTURED']],
    ['UPI', 'pm_upi_processing', 'INR', ['REQUIRES_ACTION', 'PROCESSING', 'CAPTURED']],
  ] as const)(
    'P12 P21 with %s: confirmed, and the buyer saw each state in its order',
    async (kind, method, currencyCode, states) => {
      const { graph } = marketplace;
      const { offerId } = await listProduct(vendor, operator, {
        title: `Paid with ${kind}`,
        sku: `${kind}-${run}`,
        units: 5,
        price: { amount: 50_000, currencyCode },
      });
      const buyer = await registerBuyer(graph, `B${newKey().slice(0, 8)}`, run);
      const checkout = await startCheckout(buyer, await fillCart(buyer, [{ offerId, quantity: 1 }]));
      const input = { cartId: checkout.cartId, amount: checkout.total, methodKind: kind };
      const session = await ask(graph.url, SESSION, { variables: { input, key: newKey() }, token: buyer.accessToken });
      expect(session).toMatchObject({ data: { paymentSessionCreate: { userErrors: [] } } });
      const feed = buyer.watchText<Watched>(WATCH, { id: checkout.paymentId });
      await feed.find(({ paymentStatusChanged: { kind: first } }) => first === 'SNAPSHOT', 'the snapshot');
      const seen = (status: string) =>
        feed.find(({ paymentStatusChanged: { payment } }) => payment.status === status, status, 20_000);

      await payByCard(graph, checkout, method);
      const intent = checkout.clientSecret.split('_secret_', 1)[0]!;
      if ((states as readonly string[]).includes('REQUIRES_ACTION')) {
        await seen('REQUIRES_ACTION');
        await outside(`payment_intents/${intent}/authenticate`);
      }
      if ((states as readonly string[]).includes('PROCESSING')) {
        await seen('PROCESSING');
        await outside(`payment_intents/${intent}/settle`);
      }
      await until(async () => {
        await completeCheckout(buyer, checkout);
        const { order } = await buyer.ask(operations.OrderDetailsDocument, { id: checkout.orderId });
        return order?.status === 'CONFIRMED';
      });
      const { paymentStatusChanged } = await seen('CAPTURED');
      expect(paymentStatusChanged.payment.method?.kind).toBe(kind);
      const live = feed.events.map((event) => event.paymentStatusChanged).filter((event) => event.kind === 'LIVE');
      expect(live.map(({ payment }) => payment.status).filter((status, at, all) => status !== all[at - 1])).toEqual(
        states,
      );
      await feed.cut();
    },
  );

  it('leaves stores in which every invariant holds', async () => {
    const whole = await until(async () => {
      const verdicts = await verifyStores(operatorAccess(marketplace.stores));
      const broken = verdicts.filter(({ violations, error }) => violations > 0 || error);
      if (broken.length === 0) return true;
      throw new Error(JSON.stringify(broken.map(({ id, examples, error }) => ({ id, examples, error }))));
    });
    expect(whole).toBe(true);
  });
});
