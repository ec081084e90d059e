import { anonymous, type StreamRoot, type Viewer } from '@marketgraph/platform/graphql';
import type { EventEnvelope } from '@marketgraph/platform/messaging';
import { aUser, testIds, until } from '@marketgraph/platform/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anOffer, aVendorMember, onSale, type OrdersHarness, shopping, startOrders } from './orders-harness.ts';

let h: OrdersHarness;
const ids = testIds();

beforeAll(async () => {
  h = await startOrders();
});

afterAll(() => h?.stop());

const snapshot: StreamRoot = { kind: 'SNAPSHOT', cursor: 'c0', occurredAt: '2026-03-01T10:00:00.000Z' };
const live = (envelope: EventEnvelope): StreamRoot => ({
  kind: 'LIVE',
  cursor: `c-${envelope.id}`,
  occurredAt: envelope.occurredAt,
  envelope,
});

/** One event for one subscriber, as the gateway hands it over. */
async function deliver(viewer: Viewer, query: string, variables: Record<string, unknown>, event: StreamRoot) {
  const response = await h.orders.executeEvent({ query, variables, viewer, event, requestId: 'test' });
  const { data, errors, extensions } = JSON.parse(JSON.stringify(response)) as {
    data?: Record<string, unknown> | null;
    errors?: { extensions: { code: string } }[];
    extensions?: { shows?: unknown };
  };
  return { data, code: errors?.[0]?.extensions.code, shows: extensions?.shows };
}

const STATUS = `subscription($id: ID!) { orderStatusChanged(orderId: $id) {
  cursor occurredAt kind status previousStatus order { id status } vendorOrder { id status } fulfillment { id status } } }`;
const FEED = `subscription($id: ID!, $statuses: [VendorOrderStatus!]) { vendorOrderFeed(vendorId: $id, statuses: $statuses) {
  cursor kind type vendorOrder { id status total { amount } lines { offer { id } } order { id lines { offer { id } } vendorOrders { id } } } } }`;
const CART = `subscription($id: ID!) { cartChanged(cartId: $id) { kind cart { id version lines { quantity } } } }`;

async function sold() {
  const [mine, theirs] = [onSale(h, anOffer()), onSale(h, anOffer())];
  const shop = shopping(h);
  const orderId = await shop.buy([
    { offerId: mine.id, quantity: 1 },
    { offerId: theirs.id, quantity: 1 },
  ]);
  const told = async (name: string, topic: string) => {
    const all = await h.events(name);
    return all.filter((event) => event.topics?.includes(topic));
  };
  await until(async () => (await told('orders.vendorOrderChanged', `vendorOrderFeed:${theirs.vendor.id}`)).length > 0);
  return { mine, theirs, shop, orderId, told };
}

describe('O33 orderStatusChanged', () => {
  it('begins with how the order stands, and tells every step with what moved', async () => {
    const { shop, orderId, mine, told } = await sold();
    const first = await deliver(shop.buyer, STATUS, { id: orderId }, snapshot);
    expect(first.data).toEqual({
      orderStatusChanged: {
        cursor: 'c0',
        occurredAt: snapshot.occurredAt,
        kind: 'SNAPSHOT',
        status: 'CONFIRMED',
        previousStatus: null,
        order: { id: orderId, status: 'CONFIRMED' },
        vendorOrder: null,
        fulfillment: null,
      },
    });
    const [part] = await h.rows<{ id: string }>('select id from vendor_order where order_id = ? and vendor_id = ?', [
      orderId,
      mine.vendor.id,
    ]);
    const [line] = await h.rows<{ id: string }>('select id from order_line where vendor_order_id = ?', [part!.id]);
    await h.run(
      aVendorMember(mine.vendor.id),
      `mutation($input: FulfillmentInput!, $key: IdempotencyKey!) { fulfillmentCreate(input: $input, idempotencyKey: $key) { userErrors { code } } }`,
      { input: { vendorOrderId: part!.id, lines: [{ lineId: line!.id, quantity: 1 }] }, key: ids.next('key') },
    );
    const events = await until(async () => {
      const all = await told('orders.orderStatusChanged', `orderStatusChanged:${orderId}`);
      return all.length === 3 && all;
    });
    const numbers = events.map(({ sequence }) => sequence);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    const [, confirmed, packed] = events.map(({ name, key, sequence }) => ({ name, key, sequence }));
    const now = await deliver(shop.buyer, STATUS, { id: orderId }, snapshot);
    expect([first.shows, now.shows]).toEqual([confirmed, packed]);
    const answers = await Promise.all(events.map((event) => deliver(shop.buyer, STATUS, { id: orderId }, live(event))));
    expect(answers.map(({ shows }) => shows)).toEqual([undefined, undefined, undefined]);
    expect(answers.map((answer) => answer.data?.['orderStatusChanged'])).toMatchObject([
      { kind: 'LIVE', previousStatus: null, status: 'PENDING_PAYMENT', cursor: `c-${events[0]!.id}` },
      { previousStatus: 'PENDING_PAYMENT', status: 'CONFIRMED', vendorOrder: null },
      {
        previousStatus: 'CONFIRMED',
        status: 'PROCESSING',
        vendorOrder: { id: part!.id, status: 'PROCESSING' },
        fulfillment: { status: 'LABEL_PURCHASED' },
      },
    ]);
  });

  it('is the buyer’s alone, at the beginning and at every event', async () => {
    const { orderId, mine, told } = await sold();
    const [event] = await told('orders.orderStatusChanged', `orderStatusChanged:${orderId}`);
    for (const root of [snapshot, live(event!)]) {
      expect((await deliver(anonymous, STATUS, { id: orderId }, root)).code).toBe('UNAUTHENTICATED');
      expect((await deliver(aUser(), STATUS, { id: orderId }, root)).code).toBe('BAD_USER_INPUT');
      expect((await deliver(aVendorMember(mine.vendor.id), STATUS, { id: orderId }, root)).code).toBe('BAD_USER_INPUT');
      expect((await deliver(aUser(), STATUS, { id: ids.next('ord') }, root)).code).toBe('BAD_USER_INPUT');
      expect((await deliver(aUser({ roles: ['OPERATOR'] }), STATUS, { id: orderId }, root)).code).toBeUndefined();
    }
  });
});

describe('O33 vendorOrderFeed', () => {
  it('begins with the newest order, or with nothing, and then tells of each sale', async () => {
    const { mine, orderId, told } = await sold();
    const vendor = aVendorMember(mine.vendor.id);
    const first = await deliver(vendor, FEED, { id: mine.vendor.id }, snapshot);
    expect(first.data).toMatchObject({
      vendorOrderFeed: { kind: 'SNAPSHOT', type: null, vendorOrder: { status: 'PENDING', order: { id: orderId } } },
    });
    const newcomer = ids.next('ven');
    const empty = await deliver(aVendorMember(newcomer), FEED, { id: newcomer }, snapshot);
    expect(empty).toMatchObject({ code: undefined, data: { vendorOrderFeed: { type: null, vendorOrder: null } } });
    const [placed] = await told('orders.vendorOrderChanged', `vendorOrderFeed:${mine.vendor.id}`);
    const answer = await deliver(vendor, FEED, { id: mine.vendor.id }, live(placed!));
    expect(answer.data).toMatchObject({
      vendorOrderFeed: { kind: 'LIVE', type: 'PLACED', vendorOrder: { status: 'PENDING' } },
    });
  });

  it('never shows a vendor another vendor’s event, order or line', async () => {
    const { mine, theirs, told } = await sold();
    const vendor = aVendorMember(mine.vendor.id);
    const others = await told('orders.vendorOrderChanged', `vendorOrderFeed:${theirs.vendor.id}`);
    expect((await deliver(vendor, FEED, { id: theirs.vendor.id }, snapshot)).code).toBe('FORBIDDEN');
    expect((await deliver(vendor, FEED, { id: theirs.vendor.id }, live(others[0]!))).code).toBe('FORBIDDEN');
    expect((await deliver(vendor, FEED, { id: mine.vendor.id }, live(others[0]!))).code).toBe('EVENT_SKIPPED');
    expect((await deliver(anonymous, FEED, { id: mine.vendor.id }, snapshot)).code).toBe('UNAUTHENTICATED');
    const [own] = await told('orders.vendorOrderChanged', `vendorOrderFeed:${mine.vendor.id}`);
    const answer = JSON.stringify(await deliver(vendor, FEED, { id: mine.vendor.id }, live(own!)));
    expect(answer).toContain(mine.id);
    expect(answer).not.toContain(theirs.id);
    expect(answer).not.toContain(others[0]!.key);
  });

  it('leaves out orders in other statuses than asked for', async () => {
    const { mine, told } = await sold();
    const vendor = aVendorMember(mine.vendor.id);
    const [placed] = await told('orders.vendorOrderChanged', `vendorOrderFeed:${mine.vendor.id}`);
    const variables = { id: mine.vendor.id, statuses: ['SHIPPED'] };
    expect((await deliver(vendor, FEED, variables, live(placed!))).code).toBe('EVENT_SKIPPED');
    expect((await deliver(vendor, FEED, variables, snapshot)).data).toMatchObject({
      vendorOrderFeed: { vendorOrder: null },
    });
    const wanted = await deliver(vendor, FEED, { ...variables, statuses: ['PENDING'] }, live(placed!));
    expect(wanted.data).toMatchObject({ vendorOrderFeed: { type: 'PLACED' } });
  });
});

describe('cartChanged', () => {
  it('shows the cart as it is now, to its owner', async () => {
    const offer = onSale(h, anOffer());
    const shop = shopping(h);
    const { cart } = await shop.add([{ offerId: offer.id, quantity: 1 }]);
    await shop.add([{ offerId: offer.id, quantity: 2 }]);
    const [event] = (await h.events('orders.cartChanged')).filter((each) => each.key === cart!.id);
    for (const [root, kind] of [
      [snapshot, 'SNAPSHOT'],
      [live(event!), 'LIVE'],
    ] as const) {
      const { data, shows } = await deliver(shop.buyer, CART, { id: cart!.id }, root);
      expect(shows).toEqual(
        kind === 'SNAPSHOT' ? { name: 'orders.cartChanged', key: cart!.id, sequence: 2 } : undefined,
      );
      expect(data).toEqual({ cartChanged: { kind, cart: { id: cart!.id, version: 2, lines: [{ quantity: 3 }] } } });
      expect((await deliver(aUser(), CART, { id: cart!.id }, root)).code).toBe('BAD_USER_INPUT');
    }
  });
});
