import { operatorAccess } from '@marketgraph/launcher';
import { until } from '@marketgraph/platform/testing';
import { verifyStores } from '@marketgraph/verify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aRun, newKey, registerBuyer, registerVendor, signIn, type Vendor } from '../../story/cast.ts';
import { availableOf, fillCart, startCheckout } from '../../story/purchase.ts';
import { silentReport } from '../../story/report.ts';
import { startTestMarketplace, type TestMarketplace } from '../../support/marketplace.ts';
import type { Person } from '../../support/person.ts';
import { ask } from '../../support/raw-graph.ts';
import { buy, listProduct } from '../../support/shop.ts';

const UNITS = 10;

let marketplace: TestMarketplace;
let operator: Person;
let vendor: Vendor;
const run = aRun();

beforeAll(async () => {
  marketplace = await startTestMarketplace({ shape: 'monolith' });
  const { graph } = marketplace;
  operator = await signIn(graph, 'Olga', graph.operator);
  vendor = await registerVendor(graph, { name: 'Called Off', run, operator, report: silentReport });
});
afterAll(() => marketplace?.stop());

const CANCEL = `mutation($input: OrderCancelInput!, $key: IdempotencyKey!) {
  orderCancel(input: $input, idempotencyKey: $key) { order { status } userErrors { code message } } }`;
const LOOK = `query($id: ID!) { order(id: $id) {
  status paymentStatus total { amount } refunds { status amount { amount } } vendorOrders { id status } } }`;

interface Canceled {
  orderCancel: { order: { status: string } | null; userErrors: { code: string; message: string }[] };
}
interface Looked {
  order: {
    status: string;
    paymentStatus: string;
    total: { amount: number };
    refunds: { status: string; amount: { amount: number } }[];
    vendorOrders: { id: string; status: string }[];
  };
}

async function as<Data>(person: Person, query: string, variables: Record<string, unknown>): Promise<Data> {
  const { data, errors } = await ask<Data>(marketplace.graph.url, query, { variables, token: person.accessToken });
  if (!data || errors.length > 0) throw new Error(JSON.stringify(errors));
  return data;
}

const cancel = async (person: Person, orderId: string, vendorOrderId: string | null = null) => {
  const input = { orderId, vendorOrderId, reason: 'changed my mind' };
  return (await as<Canceled>(person, CANCEL, { input, key: newKey() })).orderCancel;
};

const look = async (person: Person, id: string) => (await as<Looked>(person, LOOK, { id })).order;

async function offerOf(sku: string) {
  const listing = await listProduct(vendor, operator, { title: `Thing ${sku}`, sku: `${sku}-${run}`, units: UNITS });
  return listing.offerId;
}

describe('P8 an order that is called off, through all services', () => {
  it('after it was paid: the provider gives the money back, the shelf is full again, and the books agree', async () => {
    const { graph } = marketplace;
    const buyer = await registerBuyer(graph, 'Cara', run);
    const offerId = await offerOf('PAID');
    const { orderId } = await buy(graph, buyer, [{ offerId, quantity: 3 }]);
    await until(async () => (await availableOf(buyer, offerId)) === UNITS - 3);

    expect(await cancel(buyer, orderId)).toMatchObject({ order: { status: 'CANCELED' }, userErrors: [] });
    const order = await until(async () => {
      const now = await look(buyer, orderId);
      return now.paymentStatus === 'REFUNDED' && now;
    });
    expect(order).toMatchObject({ status: 'CANCELED', vendorOrders: [{ status: 'CANCELED' }] });
    expect(order.refunds).toMatchObject([{ status: 'SUCCEEDED', amount: { amount: order.total.amount } }]);
    await until(async () => (await availableOf(buyer, offerId)) === UNITS);
    expect((await cancel(buyer, orderId)).userErrors).toMatchObject([{ code: 'ILLEGAL_TRANSITION' }]);
  });

  it('before it was paid: nothing was ever charged', async () => {
    const { graph } = marketplace;
    const buyer = await registerBuyer(graph, 'Dora', run);
    const offerId = await offerOf('UNPAID');
    const checkout = await startCheckout(buyer, await fillCart(buyer, [{ offerId, quantity: 2 }]));
    expect(await cancel(buyer, checkout.orderId)).toMatchObject({ order: { status: 'CANCELED' }, userErrors: [] });
    expect(await look(buyer, checkout.orderId)).toMatchObject({ paymentStatus: 'VOIDED', refunds: [] });
    await until(async () => (await availableOf(buyer, offerId)) === UNITS);
  });

  it('leaves stores in which every invariant holds', async () => {
    const access = operatorAccess(marketplace.stores);
    await until(async () => {
      const broken = (await verifyStores(access)).filter(({ violations, error }) => violations > 0 || error);
      if (broken.length === 0) return true;
      throw new Error(JSON.stringify(broken.map(({ id, examples, error }) => ({ id, examples, error }))));
    });
  });
});
