import * as operations from '@marketgraph/schema/generated/operations';
import { OUTBOX_EVENTS, until } from '@marketgraph/platform/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { brokenInvariants } from '../../chaos/broken-invariants.ts';
import { atTheProvider, hasFaults } from '../../chaos/provider-faults.ts';
import { aRun, newKey, registerBuyer, registerVendor, signIn, type Vendor } from '../../story/cast.ts';
import { availableOf, completeCheckout, fillCart, payByCard, startCheckout } from '../../story/purchase.ts';
import { silentReport } from '../../story/report.ts';
import { startTestMarketplace, type TestMarketplace } from '../../support/marketplace.ts';
import type { Person } from '../../support/person.ts';
import { ask } from '../../support/raw-graph.ts';
import { buy, listProduct } from '../../support/shop.ts';

const UNITS = 10;
/** How long a buyer waits at most, and how long the provider does not answer: longer, and within its own time. */
const ANSWER_MS = 1_000;
const HANG_MS = 4_000;

const BOUGHT = `query($orderId: ID!, $cartId: ID!) {
  order(id: $orderId) {
    number status paymentStatus total { amount } lines { quantity } shippingAddress { line1 city }
    payment { status capturedAmount { amount } transactions { type } }
  }
  cart(id: $cartId) { lines { id } } }`;
const ON_HAND = `query($id: ID!) { offer(id: $id) { stockLevels { onHand reserved available } } }`;
const ADDRESSES = `mutation($input: PostalAddressInput!) { addressCreate(input: $input) { address { id } } }`;
const MOVED = `mutation($id: ID!, $input: PostalAddressInput!) {
  addressUpdate(id: $id, input: $input) { address { address { line1 } } userErrors { code } } }`;

const ADD = `mutation($offerId: ID!) { cartLinesAdd(input: { lines: [{ offerId: $offerId, quantity: 1 }] }) {
  cart { lines { quantity } } userErrors { code ... on InsufficientStockError { requested available } } } }`;
const ENDED = `select payload->>'status' as status from ${OUTBOX_EVENTS}
  where name = 'inventory.reservationEnded' and payload->>'reservationId' = $1`;
const CANCEL = `mutation($input: OrderCancelInput!, $key: IdempotencyKey!) {
  orderCancel(input: $input, idempotencyKey: $key) { order { status } userErrors { code message } } }`;
const CAPTURE = `mutation($input: PaymentCaptureInput!, $key: IdempotencyKey!) {
  paymentCapture(input: $input, idempotencyKey: $key) { payment { status } userErrors { code } } }`;
const LOOK = `query($id: ID!) { order(id: $id) {
  status paymentStatus total { amount } refunds { status amount { amount } } vendorOrders { id status } } }`;

interface Added {
  cartLinesAdd: { cart: { lines: { quantity: number }[] } | null; userErrors: object[] };
}
interface Canceled {
  orderCancel: { order: { status: string } | null; userErrors: { code: string; message: string }[] };
}
interface Captured {
  paymentCapture: { payment: { status: string } | null };
}
interface Looked {
  order: { paymentStatus: string; total: { amount: number }; [fact: string]: unknown };
}
interface Bought {
  order: {
    total: { amount: number };
    payment: { transactions: { type: string }[]; [fact: string]: unknown };
    [fact: string]: unknown;
  };
  cart: { lines: unknown[] };
}

describe.each(['monolith', 'processes'] as const)('buying, %s', (shape) => {
  let market: TestMarketplace;
  let operator: Person;
  let vendor: Vendor;
  const run = aRun();

  beforeAll(async () => {
    market = await startTestMarketplace({ shape, settings: { ORDERS_CHECKOUT_ANSWER_MS: String(ANSWER_MS) } });
    operator = await signIn(market.graph, 'Olga', market.graph.operator);
    vendor = await registerVendor(market.graph, { name: 'Sells Well', run, operator, report: silentReport });
  });
  afterAll(() => market?.stop());

  const as = async <Data>(person: Person, query: string, variables: Record<string, unknown>): Promise<Data> => {
    const { data, errors } = await ask<Data>(market.url, query, { variables, token: person.accessToken });
    if (!data || errors.length > 0) throw new Error(JSON.stringify(errors));
    return data;
  };
  const someone = async (name: string) => {
    const buyer = await registerBuyer(market.graph, name, run);
    onTestFinished(() => buyer.leave());
    return buyer;
  };
  const offerOf = async (sku: string) =>
    (await listProduct(vendor, operator, { title: sku, sku: `${sku}-${run}`, units: UNITS })).offerId;
  const inDatabase = async (name: 'inventory' | 'orders', work: (client: pg.Client) => Promise<unknown>) => {
    const client = new pg.Client({ connectionString: market.stores.postgres[name].ownerUrl });
    await client.connect();
    try {
      await work(client);
    } finally {
      await client.end();
    }
  };
  const cancel = async (person: Person, orderId: string) => {
    const input = { orderId, vendorOrderId: null, reason: 'changed my mind' };
    return (await as<Canceled>(person, CANCEL, { input, key: newKey() })).orderCancel;
  };
  const look = async (person: Person, id: string) => (await as<Looked>(person, LOOK, { id })).order;
  const watchOrder = async (buyer: Person, orderId: string) => {
    const feed = buyer.watch(operations.OrderStatusChangedDocument, { orderId });
    await feed.find(({ orderStatusChanged }) => orderStatusChanged.kind === 'SNAPSHOT', 'the snapshot');
    const seen = (status: string) =>
      feed.find(({ orderStatusChanged }) => orderStatusChanged.status === status, status, 20_000);
    return { feed, seen };
  };

  it('O8 takes the units, captures the money, makes the order and empties the cart', async () => {
    const [buyer, offerId] = [await someone('Bob'), await offerOf('BOUGHT')];
    const { orderId, cartId, total } = await buy(market.graph, buyer, [{ offerId, quantity: 2 }]);
    const bought = await until(async () => {
      const now = await as<Bought>(buyer, BOUGHT, { orderId, cartId });
      return now.cart.lines.length === 0 && now;
    });
    expect(bought.order).toMatchObject({
      number: expect.stringMatching(/^M-\d{4}-\d{6}$/) as string,
      status: 'CONFIRMED',
      paymentStatus: 'PAID',
      total: { amount: total.amount },
      lines: [{ quantity: 2 }],
      payment: { status: 'CAPTURED', capturedAmount: { amount: total.amount } },
    });
    expect(bought.order.payment.transactions.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['AUTHORIZATION', 'CAPTURE']),
    );
    expect(await as(vendor.person, ON_HAND, { id: offerId })).toEqual({
      offer: { stockLevels: [{ onHand: UNITS - 2, reserved: 0, available: UNITS - 2 }] },
    });
  });

  it('O18 delivers where it was said, whatever becomes of the address in the book', async () => {
    const [buyer, offerId] = [await someone('Ada'), await offerOf('SENT')];
    const harbour = { line1: '7 Harbour Street', city: 'Hamburg', postalCode: '20095', countryCode: 'DE' };
    const { addressCreate } = await as<{ addressCreate: { address: { id: string } } }>(buyer, ADDRESSES, {
      input: harbour,
    });
    const { orderId, cartId } = await buy(market.graph, buyer, [{ offerId, quantity: 1 }]);
    const moved = { id: addressCreate.address.id, input: { ...harbour, line1: '9 Elsewhere' } };
    expect(await as(buyer, MOVED, moved)).toMatchObject({
      addressUpdate: { address: { address: { line1: '9 Elsewhere' } }, userErrors: [] },
    });
    const { order } = await as<Bought>(buyer, BOUGHT, { orderId, cartId });
    expect(order['shippingAddress']).toEqual({ line1: '7 Harbour Street', city: 'Hamburg' });
  });

  it('O10 R19 answers PENDING_PAYMENT while the provider hangs, and the buyer sees CONFIRMED when it is over', async () => {
    const [buyer, offerId] = [await someone('Hal'), await offerOf('HUNG')];
    const checkout = await startCheckout(buyer, await fillCart(buyer, [{ offerId, quantity: 1 }]));
    const order = await watchOrder(buyer, checkout.orderId);
    const match = { method: 'POST', path: '/v1/payment_intents/*/capture' };
    await atTheProvider(market.graph, { kind: 'delayBefore', ms: HANG_MS, match });
    await payByCard(market.graph, checkout, 'pm_card_visa');
    expect(await completeCheckout(buyer, checkout)).toMatchObject({
      order: { status: 'PENDING_PAYMENT' },
      userErrors: [],
    });
    expect(await hasFaults(market.graph)).toBe(false);
    const { orderStatusChanged } = await order.seen('CONFIRMED');
    expect(orderStatusChanged).toMatchObject({ kind: 'LIVE', previousStatus: 'PENDING_PAYMENT' });
    const { orderId, cartId, total } = checkout;
    const bought = await as<Bought>(buyer, BOUGHT, { orderId, cartId });
    expect(bought.order.payment).toMatchObject({ capturedAmount: { amount: total.amount } });
    expect(bought.order.payment.transactions.filter(({ type }) => type === 'CAPTURE')).toHaveLength(1);
  });

  it('P5 R20 R21 is confirmed once by what the provider tells alone, each thing four times and the last one first', async () => {
    const [buyer, offerId] = [await someone('Rex'), await offerOf('TOLD')];
    const checkout = await startCheckout(buyer, await fillCart(buyer, [{ offerId, quantity: 1 }]));
    const order = await watchOrder(buyer, checkout.orderId);
    await atTheProvider(market.graph, { webhooks: { match: { type: '*' }, times: 2, duplicate: 3, reorder: true } });
    await payByCard(market.graph, checkout, 'pm_card_visa');
    await order.seen('CONFIRMED');
    // Whoever comes late with the news finds that it has been done.
    expect((await completeCheckout(buyer, checkout)).order?.status).toBe('CONFIRMED');
    const steps = order.feed.events.map(({ orderStatusChanged }) => orderStatusChanged.status);
    expect(steps).toEqual(['PENDING_PAYMENT', 'CONFIRMED']);
    expect(await availableOf(buyer, offerId)).toBe(UNITS - 1);
  });

  it('I8 gives back what nobody paid for in time, tells so, and is too late for whoever pays then', async () => {
    const [buyer, offerId] = [await someone('Lea'), await offerOf('LATE')];
    const checkout = await startCheckout(buyer, await fillCart(buyer, [{ offerId, quantity: 3 }]));
    const stock = buyer.watch(operations.StockChangedDocument, { offerIds: [offerId] });
    await stock.find(({ stockChanged }) => stockChanged.available === UNITS - 3, 'what is left');
    const expire = 'update reservation set expires_at = now() where request_key = $1';
    await inDatabase('inventory', (inventory) => inventory.query(expire, [checkout.orderId]));
    const { stockChanged } = await stock.find(({ stockChanged: { available } }) => available === UNITS, 'all of it');
    expect(stockChanged).toMatchObject({ kind: 'LIVE', reason: 'EXPIRY' });
    const expired = await until(async () => {
      const { cart } = await buyer.ask(operations.CartReservationDocument, { cartId: checkout.cartId });
      return cart?.reservation?.status !== 'ACTIVE' && cart?.reservation;
    });
    // The checkout hears of it and gives it up for good, perhaps before anybody has looked: what it was is in the events.
    expect(['EXPIRED', 'RELEASED']).toContain(expired.status);
    await inDatabase('inventory', async (inventory) => {
      const { rows } = await inventory.query(ENDED, [expired.id]);
      expect(rows).toContainEqual({ status: 'EXPIRED' });
    });
    const { userErrors } = await until(async () => {
      const answer = await completeCheckout(buyer, checkout);
      return answer.order?.status === 'FAILED' && answer;
    });
    expect(userErrors).toMatchObject([{ code: 'RESERVATION_EXPIRED' }]);
    // The provider was told to let go; its word is final.
    await expect(payByCard(market.graph, checkout, 'pm_card_visa')).rejects.toThrow(/canceled/i);
    const again = await startCheckout(buyer, await fillCart(buyer, [{ offerId, quantity: 1 }]));
    expect(again.orderId).not.toBe(checkout.orderId);
  });

  it('P3 I5 is called off, and all is given back, when an operator took another amount by hand before', async () => {
    const [buyer, offerId] = [await someone('Pat'), await offerOf('PART')];
    const checkout = await startCheckout(buyer, await fillCart(buyer, [{ offerId, quantity: 2 }]));
    // The checkout takes the money as soon as it hears of it, so it is held up until the operator has.
    await inDatabase('orders', async (orders) => {
      await orders.query('begin');
      await orders.query('select 1 from checkout where order_id = $1 for update', [checkout.orderId]);
      await payByCard(market.graph, checkout, 'pm_card_visa');
      const input = { paymentId: checkout.paymentId, amount: { ...checkout.total, amount: checkout.total.amount - 1 } };
      await until(async () => {
        const { paymentCapture } = await as<Captured>(operator, CAPTURE, { input, key: newKey() });
        return paymentCapture.payment?.status === 'PARTIALLY_CAPTURED';
      });
      await orders.query('rollback');
    });
    const { orderId, cartId } = checkout;
    const { order } = await until(async () => {
      const now = await as<Bought>(buyer, BOUGHT, { orderId, cartId });
      return now.order['status'] === 'FAILED' && now.order.payment['status'] === 'REFUNDED' && now;
    });
    expect(order.payment.transactions.map(({ type }) => type)).toEqual(['AUTHORIZATION', 'CAPTURE', 'REFUND']);
    expect((await completeCheckout(buyer, checkout)).userErrors).toMatchObject([{ code: 'PAYMENT_DECLINED' }]);
    await until(async () => (await availableOf(buyer, offerId)) === UNITS);
  });

  it('P8 called off after it was paid: the provider gives the money back, and the shelf is full again', async () => {
    const [buyer, offerId] = [await someone('Cara'), await offerOf('PAID')];
    const { orderId } = await buy(market.graph, buyer, [{ offerId, quantity: 3 }]);
    await until(async () => (await availableOf(buyer, offerId)) === UNITS - 3);

    expect(await cancel(buyer, orderId)).toMatchObject({ order: { status: 'CANCELED' }, userErrors: [] });
    const order = await until(async () => {
      const now = await look(buyer, orderId);
      return now.paymentStatus === 'REFUNDED' && now;
    });
    expect(order).toMatchObject({
      status: 'CANCELED',
      vendorOrders: [{ status: 'CANCELED' }],
      refunds: [{ status: 'SUCCEEDED', amount: { amount: order.total.amount } }],
    });
    await until(async () => (await availableOf(buyer, offerId)) === UNITS);
    expect((await cancel(buyer, orderId)).userErrors).toMatchObject([{ code: 'ILLEGAL_TRANSITION' }]);
  });

  it('P8 called off before it was paid: nothing was ever charged', async () => {
    const [buyer, offerId] = [await someone('Dora'), await offerOf('UNPAID')];
    const checkout = await startCheckout(buyer, await fillCart(buyer, [{ offerId, quantity: 2 }]));
    expect(await cancel(buyer, checkout.orderId)).toMatchObject({ order: { status: 'CANCELED' }, userErrors: [] });
    expect(await look(buyer, checkout.orderId)).toMatchObject({ paymentStatus: 'VOIDED', refunds: [] });
    await until(async () => (await availableOf(buyer, offerId)) === UNITS);
  });

  it('O1 I6 tells who comes when it is sold out as soon as they fill their cart, and not any more once there is more', async () => {
    const [buyer, offerId] = [await someone('Eva'), await offerOf('GONE')];
    await buy(market.graph, buyer, [{ offerId, quantity: UNITS }]);
    // Each time somebody new, with a cart of their own.
    const add = async () => (await ask<Added>(market.url, ADD, { variables: { offerId } })).data?.cartLinesAdd;
    const refused = await until(async () => {
      const added = await add();
      return added?.cart === null && added.userErrors;
    });
    expect(refused).toEqual([{ code: 'INSUFFICIENT_STOCK', requested: 1, available: 0 }]);
    const restocked = await vendor.person.ask(operations.InventoryAdjustDocument, {
      input: { offerId, warehouseId: vendor.warehouses[0]!, delta: 1, reason: 'RECEIPT' },
      idempotencyKey: newKey(),
    });
    expect(restocked.inventoryAdjust.userErrors).toEqual([]);
    expect(await add()).toEqual({ cart: { lines: [{ quantity: 1 }] }, userErrors: [] });
  });

  it('leaves stores in which every invariant holds', async () => {
    expect(await brokenInvariants(market)).toEqual([]);
  });
});
