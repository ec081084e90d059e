import { anonymous, type Viewer } from '@marketgraph/platform/graphql';
import { openDatabase, sqlStateOf } from '@marketgraph/platform/postgres';
import { aUser, silentLog as log, testIds, until } from '@marketgraph/platform/testing';
import { SqlEntityManager } from '@mikro-orm/postgresql';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { fold } from '../src/domain/order.ts';
import { factsOfOrder } from '../src/store/order-history.ts';
import { lockOrder } from '../src/store/order-writes.ts';
import {
  anOffer,
  aVendorMember,
  BERLIN,
  onSale,
  operations,
  type OrdersHarness,
  shopping,
  startOrders,
} from './orders-harness.ts';

let h: OrdersHarness;
const ids = testIds();

beforeAll(async () => {
  h = await startOrders();
});

afterAll(() => h?.stop());

const ORDER = `query($id: ID!) { order(id: $id) {
  id number status paymentStatus fulfillmentStatus buyer { id } shippingAddress { line1 city } billingAddress { line1 }
  subtotal { amount } taxTotal { amount } shippingTotal { amount } total { amount currencyCode }
  lines { id title sku quantity quantityFulfilled status unitPrice { amount } taxAmount { amount } lineTotal { amount } offer { id } }
  vendorOrders { id number status version vendor { id } total { amount } lines { id } fulfillments { id status } } } }`;

interface OrderRead {
  id: string;
  number: string;
  status: string;
  fulfillmentStatus: string;
  billingAddress: { line1: string } | null;
  total: { amount: number };
  subtotal: { amount: number };
  lines: { id: string; offer: { id: string }; quantityFulfilled: number; status: string }[];
  vendorOrders: {
    id: string;
    number: string;
    status: string;
    version: number;
    vendor: { id: string };
    total: { amount: number };
    lines: { id: string }[];
  }[];
}

const read = async (viewer: Viewer, id: string) =>
  (await h.run<{ order: OrderRead | null }>(viewer, ORDER, { id })).order;

/** Bought from so many vendors, one line each with two units. */
async function bought(vendors = 2) {
  const offers = Array.from({ length: vendors }, (_, n) =>
    onSale(h, anOffer({ amount: 1_999 + 500 * n, sku: `SKU-${n}` })),
  );
  const shop = shopping(h);
  const orderId = await shop.buy(offers.map((offer) => ({ offerId: offer.id, quantity: 2 })));
  const order = (await read(shop.buyer, orderId))!;
  const sellers = offers.map((offer) => aVendorMember(offer.vendor.id));
  return { offers, shop, orderId, order, sellers, parts: order.vendorOrders };
}

const FULFILL = `mutation($input: FulfillmentInput!, $key: IdempotencyKey!) { fulfillmentCreate(input: $input, idempotencyKey: $key) {
  fulfillment { id status carrier trackingNumber trackingUrl labelUrl lines { quantity line { id } } trackingEvents { code description } }
  userErrors { code message field } } }`;
const MOVE = `mutation($input: FulfillmentStatusInput!) { fulfillmentStatusUpdate(input: $input) {
  fulfillment { id status trackingNumber shippedAt deliveredAt trackingEvents { code } } userErrors { code message } } }`;
const ACCEPT = `mutation($id: ID!, $version: Int!) { vendorOrderAccept(id: $id, expectedVersion: $version) {
  vendorOrder { id status version order { status } } userErrors { code message field } } }`;
const REJECT = `mutation($id: ID!, $version: Int!, $reason: String!) { vendorOrderReject(id: $id, reason: $reason, expectedVersion: $version) {
  vendorOrder { id status order { status } } userErrors { code } } }`;

interface Parcel {
  fulfillment: {
    id: string;
    status: string;
    trackingNumber: string | null;
    labelUrl: string | null;
    trackingEvents: { code: string }[];
  } | null;
  userErrors: { code: string; field?: string[] }[];
}

const pack = async (
  viewer: Viewer,
  vendorOrderId: string,
  lines: { lineId: string; quantity: number }[],
  more: { key?: string; input?: object } = {},
) =>
  (
    await h.run<{ fulfillmentCreate: Parcel }>(viewer, FULFILL, {
      input: { vendorOrderId, lines, ...more.input },
      key: more.key ?? ids.next('key'),
    })
  ).fulfillmentCreate;
const move = async (viewer: Viewer, id: string, status: string, more: object = {}) =>
  (await h.run<{ fulfillmentStatusUpdate: Parcel }>(viewer, MOVE, { input: { id, status, ...more } }))
    .fulfillmentStatusUpdate;

describe('an order', () => {
  it('tells payments what each vendor’s commission depends on', async () => {
    const offer = anOffer({ amount: 2_500 });
    offer.variant.product.category = { id: 'cat_lamps', parent: { id: 'cat_home' } };
    onSale(h, offer);
    const orderId = await shopping(h).buy([{ offerId: offer.id, quantity: 1 }]);
    expect(h.peers.payments.of(orderId).settlements).toMatchObject([
      {
        vendorId: offer.vendor.id,
        gross: { amount: 2_500 + 475 + 490 },
        productTotal: { amount: 2_500 },
        categoryIds: ['cat_lamps', 'cat_home'],
      },
    ]);
  });

  it('O14 is one order with one payment and a part for each of three vendors, whose totals add up', async () => {
    const { order, parts, orderId } = await bought(3);
    expect(parts).toHaveLength(3);
    expect(parts.map((part) => part.number)).toEqual([1, 2, 3].map((n) => `${order.number}-${n}`));
    expect(parts.reduce((total, part) => total + part.total.amount, 0)).toBe(order.total.amount);
    const { captured, settlements } = h.peers.payments.of(orderId);
    expect(captured).toEqual([order.total.amount]);
    expect(settlements.map((part) => [part.vendorOrderId, part.gross.amount])).toEqual(
      parts.map((part) => [part.id, part.total.amount]),
    );
  });

  it('O15 shows the buyer all of it', async () => {
    const { shop, order, offers } = await bought(2);
    expect(order).toMatchObject({
      status: 'CONFIRMED',
      fulfillmentStatus: 'UNFULFILLED',
      buyer: { id: shop.buyer.userId },
      subtotal: { amount: 2 * 1_999 + 2 * 2_499 },
      lines: [
        {
          title: 'Product SKU-0',
          sku: 'SKU-0',
          quantity: 2,
          unitPrice: { amount: 1_999 },
          lineTotal: { amount: 3_998 },
          taxAmount: { amount: 760 },
        },
        { offer: { id: offers[1]!.id }, sku: 'SKU-1', status: 'PENDING' },
      ],
    });
    const byNumber = await h.run(shop.buyer, 'query($n: String!) { orderByNumber(number: $n) { id } }', {
      n: order.number,
    });
    expect(byNumber).toEqual({ orderByNumber: { id: order.id } });
  });

  it('O15 shows a vendor its own part: no line, no sum and no step of another’s', async () => {
    const { order, sellers, parts, offers } = await bought(2);
    const [seller, other] = sellers;
    const seen = (await read(seller!, order.id))!;
    expect(seen.lines.map((line) => line.offer.id)).toEqual([offers[0]!.id]);
    expect(seen.vendorOrders.map((part) => part.id)).toEqual([parts[0]!.id]);
    expect(seen.total.amount).toBe(parts[0]!.total.amount);
    expect(seen.subtotal.amount).toBe(3_998);
    expect(seen.billingAddress).toBeNull();

    await h.run(other!, ACCEPT, { id: parts[1]!.id, version: parts[1]!.version });
    const EVENTS = `query($id: ID!) { order(id: $id) { events(first: 100) { edges { node { type subjectId from to actorId } } } } }`;
    const history = async (viewer: Viewer) => JSON.stringify(await h.run(viewer, EVENTS, { id: order.id }));
    expect(await history(other!)).toContain('ACCEPTED');
    expect(await history(seller!)).not.toContain(parts[1]!.id);
    expect(await history(seller!)).toContain('CONFIRMED');
  });

  it('O15 does not exist for anybody else, by id or as an entity', async () => {
    const { order, parts } = await bought(1);
    const REFERENCES = `query($r: [_Any!]!) { _entities(representations: $r) {
      ... on Order { id } ... on VendorOrder { id } ... on OrderLine { id } } }`;
    const r = [
      { __typename: 'Order', id: order.id },
      { __typename: 'VendorOrder', id: parts[0]!.id },
      { __typename: 'OrderLine', id: order.lines[0]!.id },
    ];
    for (const viewer of [aUser(), aVendorMember(ids.next('ven')), anonymous]) {
      expect(await read(viewer, order.id)).toBeNull();
      expect(await h.run(viewer, 'query($id: ID!) { vendorOrder(id: $id) { id } }', { id: parts[0]!.id })).toEqual({
        vendorOrder: null,
      });
      expect(await h.run(viewer, REFERENCES, { r })).toEqual({ _entities: [null, null, null] });
    }
    const service: Viewer = { kind: 'service', service: 'payments' };
    expect(await h.run(service, REFERENCES, { r })).toEqual({ _entities: r.map(({ id }) => ({ id })) });
    expect(await h.run(aUser(), ORDER, { id: "'; drop table orders; --" })).toEqual({ order: null });
  });

  it('O15 shows a vendor nothing of an order that is not paid', async () => {
    const offer = onSale(h, anOffer());
    const shop = shopping(h);
    const start = await shop.start(await shop.cart([{ offerId: offer.id, quantity: 1 }]));
    expect(start.order?.status).toBe('PENDING_PAYMENT');
    const seller = aVendorMember(offer.vendor.id);
    expect(await read(seller, start.order!.id)).toBeNull();
    const sold = await h.run(
      seller,
      `query($r: [_Any!]!) { _entities(representations: $r) { ... on Vendor { orders { edges { node { id } } } } } }`,
      {
        r: [{ __typename: 'Vendor', id: offer.vendor.id }],
      },
    );
    expect(sold).toEqual({ _entities: [{ orders: { edges: [] } }] });
  });

  it('O15 has an index for every list it is found by', async () => {
    const indexes = await h.rows<{ indexdef: string }>(`select indexdef from pg_indexes where schemaname = 'public'`);
    const all = indexes.map((row) => row.indexdef).join('\n');
    expect(all).toContain('(buyer_id, id DESC)');
    expect(all).toContain('(vendor_id, id DESC)');
    expect(all).toContain('(status, id DESC)');
    const plan = await h.db.em.fork().transactional(async (em) => {
      // A small table is scanned because it is small; the question is which index serves.
      await em.execute('set local enable_seqscan = off');
      await em.execute('set local enable_sort = off');
      return await em.execute<Record<string, string>[]>(
        `explain select * from orders where buyer_id = 'usr' order by id desc limit 20`,
      );
    });
    expect(JSON.stringify(plan)).toContain('orders_buyer');
  });

  it('O18 keeps the address it was placed with', async () => {
    const { shop, order, offers } = await bought(1);
    const { cart } = await shop.add([{ offerId: offers[0]!.id, quantity: 1 }]);
    await h.run(shop.buyer, operations.address, {
      input: { cartId: cart!.id, shipping: { ...BERLIN, line1: 'Elsewhere 9' } },
    });
    expect(await read(shop.buyer, order.id)).toMatchObject({
      shippingAddress: { line1: 'Hauptstr. 1', city: 'Berlin' },
    });
  });

  it('keeps its title and price when the offer changes', async () => {
    const { shop, order, offers } = await bought(1);
    const variant = { ...offers[0]!.variant, title: 'Renamed', product: { id: 'prd', title: 'Renamed' } };
    h.peers.offers.set(offers[0]!.id, { ...offers[0]!, variant, price: { amount: 1, currencyCode: 'EUR' } });
    expect((await read(shop.buyer, order.id))!.lines).toMatchObject([
      { title: 'Product SKU-0', unitPrice: { amount: 1_999 } },
    ]);
  });
});

describe('a vendor’s part', () => {
  it('O17 is accepted, packed, sent and delivered by its vendor, and the order follows', async () => {
    const { shop, order, sellers, parts } = await bought(2);
    const [a, b] = sellers;
    const accepted = await h.run(a!, ACCEPT, { id: parts[0]!.id, version: parts[0]!.version });
    expect(accepted).toMatchObject({
      vendorOrderAccept: { vendorOrder: { status: 'ACCEPTED', order: { status: 'PROCESSING' } }, userErrors: [] },
    });

    const [line] = parts[0]!.lines;
    const first = await pack(a!, parts[0]!.id, [{ lineId: line!.id, quantity: 1 }]);
    expect(first).toMatchObject({
      userErrors: [],
      fulfillment: {
        status: 'LABEL_PURCHASED',
        carrier: 'LOCAL_POST',
        lines: [{ quantity: 1, line: { id: line!.id } }],
        trackingEvents: [{ code: 'LABEL_PURCHASED' }],
      },
    });
    expect(first.fulfillment!.trackingNumber).toMatch(/^LP\w{12}DE$/);
    expect(first.fulfillment!.labelUrl).toContain(first.fulfillment!.trackingNumber);

    const statuses = async () => {
      const { status, fulfillmentStatus, vendorOrders } = (await read(shop.buyer, order.id))!;
      return [status, fulfillmentStatus, ...vendorOrders.map((part) => part.status)];
    };
    await move(a!, first.fulfillment!.id, 'SHIPPED');
    expect(await statuses()).toEqual(['PARTIALLY_SHIPPED', 'PARTIALLY_FULFILLED', 'PARTIALLY_SHIPPED', 'PENDING']);
    const second = await pack(a!, parts[0]!.id, [{ lineId: line!.id, quantity: 1 }], {
      input: { carrier: 'DHL', trackingNumber: 'JJD0001' },
    });
    expect(second.fulfillment).toMatchObject({
      status: 'PENDING',
      carrier: 'DHL',
      trackingNumber: 'JJD0001',
      labelUrl: null,
    });
    await move(a!, second.fulfillment!.id, 'SHIPPED');
    expect(await statuses()).toEqual(['PARTIALLY_SHIPPED', 'PARTIALLY_FULFILLED', 'SHIPPED', 'PENDING']);
    for (const { fulfillment } of [first, second]) await move(a!, fulfillment!.id, 'DELIVERED');
    expect(await statuses()).toEqual(['PARTIALLY_DELIVERED', 'PARTIALLY_FULFILLED', 'DELIVERED', 'PENDING']);

    // The other vendor packs without accepting first: packing accepts.
    const theirs = await pack(b!, parts[1]!.id, [{ lineId: parts[1]!.lines[0]!.id, quantity: 2 }]);
    for (const status of ['SHIPPED', 'IN_TRANSIT', 'OUT_FOR_DELIVERY', 'DELIVERED'])
      await move(b!, theirs.fulfillment!.id, status);
    expect(await statuses()).toEqual(['DELIVERED', 'FULFILLED', 'DELIVERED', 'DELIVERED']);
    const again = await move(b!, theirs.fulfillment!.id, 'IN_TRANSIT');
    expect(again.userErrors).toMatchObject([{ code: 'ILLEGAL_TRANSITION' }]);

    const delivered = await until(async () =>
      (await h.events('orders.vendorOrderDelivered')).find((event) => event.key === parts[1]!.id),
    );
    expect(delivered.payload).toMatchObject({
      orderId: order.id,
      buyerId: shop.buyer.userId,
      deliveredAt: h.clock.now().toISOString(),
      returnWindowEndsAt: new Date(h.clock.now().getTime() + 30 * 86_400_000).toISOString(),
      lines: [{ quantity: 2 }],
    });
    // Every step was told once, in order, with rising versions.
    const steps = (await h.events('orders.orderStatusChanged')).filter((event) => event.key === order.id);
    expect(steps.map((event) => event.sequence)).toEqual(steps.map((_, index) => index + 1));
  });

  it('O17 is moved by nobody but its vendor', async () => {
    const { shop, sellers, parts } = await bought(2);
    const parcel = await pack(sellers[0]!, parts[0]!.id, [{ lineId: parts[0]!.lines[0]!.id, quantity: 2 }]);
    const others = await move(sellers[1]!, parcel.fulfillment!.id, 'SHIPPED');
    expect(others).toMatchObject({ fulfillment: null, userErrors: [{ code: 'NOT_FOUND' }] });
    expect(await pack(sellers[1]!, parts[0]!.id, [])).toMatchObject({
      fulfillment: null,
      userErrors: [{ code: 'NOT_FOUND' }],
    });
    expect(await h.run(sellers[1]!, ACCEPT, { id: parts[0]!.id, version: 2 })).toMatchObject({
      vendorOrderAccept: { vendorOrder: null, userErrors: [{ code: 'NOT_FOUND' }] },
    });
    const input = { id: parcel.fulfillment!.id, status: 'SHIPPED' };
    const buyers = await h.answer(shop.buyer, MOVE, { input });
    expect(buyers.errors?.[0]?.extensions?.['code']).toBe('FORBIDDEN');
    const nobodys = await h.answer(anonymous, MOVE, { input });
    expect(nobodys.errors?.[0]?.extensions?.['code']).toBe('UNAUTHENTICATED');
  });

  it('is accepted at the version that was seen, and once', async () => {
    const { sellers, parts } = await bought(1);
    const accept = async (version: number) =>
      (
        await h.run<{ vendorOrderAccept: { userErrors: { code: string }[] } }>(sellers[0]!, ACCEPT, {
          id: parts[0]!.id,
          version,
        })
      ).vendorOrderAccept;
    expect((await accept(parts[0]!.version - 1)).userErrors).toMatchObject([{ code: 'VERSION_MISMATCH' }]);
    const answers = await Promise.all(Array.from({ length: 10 }, () => accept(parts[0]!.version)));
    expect(answers.filter((answer) => answer.userErrors.length === 0)).toHaveLength(1);
    expect(new Set(answers.flatMap((answer) => answer.userErrors.map((error) => error.code)))).toEqual(
      new Set(['VERSION_MISMATCH']),
    );
  });

  it('is rejected with a reason; the order is canceled when nobody delivers', async () => {
    const { sellers, parts, order, shop } = await bought(2);
    const reject = (n: number, reason = 'out of paint') =>
      h.run(sellers[n]!, REJECT, { id: parts[n]!.id, version: parts[n]!.version, reason });
    expect(await reject(0, ' ')).toMatchObject({ vendorOrderReject: { userErrors: [{ code: 'INVALID' }] } });
    expect(await reject(0)).toMatchObject({
      vendorOrderReject: { vendorOrder: { status: 'REJECTED', order: { status: 'CONFIRMED' } }, userErrors: [] },
    });
    expect(await pack(sellers[0]!, parts[0]!.id, [{ lineId: parts[0]!.lines[0]!.id, quantity: 1 }])).toMatchObject({
      userErrors: [{ code: 'ILLEGAL_TRANSITION' }],
    });
    await reject(1);
    expect(await read(shop.buyer, order.id)).toMatchObject({
      status: 'CANCELED',
      lines: [{ status: 'CANCELED' }, { status: 'CANCELED' }],
    });
  });

  it('packs one parcel for one key, in parallel too, and no unit twice', async () => {
    const { sellers, parts } = await bought(1);
    const lines = [{ lineId: parts[0]!.lines[0]!.id, quantity: 1 }];
    const key = ids.next('key');
    const same = await Promise.all(Array.from({ length: 10 }, () => pack(sellers[0]!, parts[0]!.id, lines, { key })));
    expect(same.flatMap((answer) => answer.userErrors)).toEqual([]);
    expect(new Set(same.map((answer) => answer.fulfillment!.id)).size).toBe(1);
    const reused = await pack(sellers[0]!, parts[0]!.id, [{ ...lines[0]!, quantity: 2 }], { key });
    expect(reused.userErrors).toMatchObject([{ code: 'IDEMPOTENCY_KEY_REUSED' }]);
    const more = await Promise.all(Array.from({ length: 5 }, () => pack(sellers[0]!, parts[0]!.id, lines)));
    expect(more.filter((answer) => answer.fulfillment)).toHaveLength(1);
    expect(more.flatMap((answer) => answer.userErrors.map((error) => error.code))).toEqual(Array(4).fill('INVALID'));
  });

  it('takes no step from the future, and no bad input', async () => {
    const { sellers, parts } = await bought(1);
    const parcel = await pack(sellers[0]!, parts[0]!.id, [{ lineId: parts[0]!.lines[0]!.id, quantity: 1 }]);
    const at = new Date(h.clock.now().getTime() + 1_000).toISOString();
    expect((await move(sellers[0]!, parcel.fulfillment!.id, 'SHIPPED', { at })).userErrors).toMatchObject([
      { code: 'INVALID' },
    ]);
    const long = await move(sellers[0]!, parcel.fulfillment!.id, 'SHIPPED', { trackingNumber: 'x'.repeat(101) });
    expect(long.userErrors).toMatchObject([{ code: 'INVALID' }]);
    expect((await move(sellers[0]!, ids.next('ful'), 'SHIPPED')).userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
  });
});

describe('history', () => {
  it('O13 O32 is what the order is: its fold equals what is stored', async () => {
    const { sellers, parts, order, shop } = await bought(2);
    const parcel = await pack(sellers[0]!, parts[0]!.id, [{ lineId: parts[0]!.lines[0]!.id, quantity: 1 }]);
    await move(sellers[0]!, parcel.fulfillment!.id, 'SHIPPED');
    await h.run(sellers[1]!, REJECT, { id: parts[1]!.id, version: parts[1]!.version, reason: 'gone' });
    const em = h.db.em.fork();
    const stored = await em.transactional((tx) => lockOrder(tx, order.id));
    expect(fold(await factsOfOrder(em, order.id))).toEqual(stored!.order);

    const EVENTS = `query($id: ID!, $after: String) { order(id: $id) { events(first: 4, after: $after) {
      edges { cursor node { id type from to at } } pageInfo { hasNextPage endCursor } } } }`;
    interface Page {
      order: {
        events: {
          edges: { node: { id: string; type: string; to: string; at: string } }[];
          pageInfo: { hasNextPage: boolean; endCursor: string };
        };
      };
    }
    const seen: { id: string; type: string; to: string; at: string }[] = [];
    for (let after: string | null = null, more = true; more;) {
      const { events }: Page['order'] = (await h.run<Page>(shop.buyer, EVENTS, { id: order.id, after })).order;
      seen.push(...events.edges.map((edge) => edge.node));
      [after, more] = [events.pageInfo.endCursor, events.pageInfo.hasNextPage];
    }
    expect(new Set(seen.map((entry) => entry.id)).size).toBe(seen.length);
    expect(seen.filter((entry) => entry.type === 'ORDER_STATUS').map((entry) => entry.to)).toEqual([
      'PENDING_PAYMENT',
      'CONFIRMED',
      'PROCESSING',
      'PARTIALLY_SHIPPED',
    ]);
    expect(seen.map((entry) => entry.at)).toEqual(seen.map((entry) => entry.at).toSorted());
    const bad = await h.answer(shop.buyer, EVENTS, { id: order.id, after: 'not-a-cursor' });
    expect(bad.errors?.[0]?.extensions?.['code']).toBe('BAD_USER_INPUT');
  });

  it('O32 cannot be changed: the database refuses', async () => {
    await bought(1);
    const app = await openDatabase({ url: h.config.databaseUrl, entities: [], log, applicationName: 'test' });
    try {
      for (const statement of [
        'update order_history set to_status = null',
        'delete from order_history',
        'truncate order_history',
        'delete from tracking_event',
      ]) {
        const refused = await app.em
          .fork()
          .execute(statement)
          .then(() => undefined, sqlStateOf);
        expect(refused, statement).toBe('42501');
      }
    } finally {
      await app.close();
    }
  });
});

const LIST = `query($r: [_Any!]!, $first: Int!) { _entities(representations: $r) { ... on User { orders(first: $first) { edges { node {
  id fulfillmentStatus lines { id offer { id } }
  vendorOrders { id lines { id } order { id } fulfillments { id lines { line { id } } trackingEvents { code } } } } } } } } }`;

describe('lists and sums', () => {
  it('O15 walks a buyer’s orders page by page, newest first, and each order once', async () => {
    const offer = onSale(h, anOffer());
    const shop = shopping(h);
    const placed: string[] = [];
    for (let n = 0; n < 5; n += 1) placed.push(await shop.buy([{ offerId: offer.id, quantity: 1 }]));
    const PAGE = `query($r: [_Any!]!, $after: String, $status: [OrderStatus!]) { _entities(representations: $r) { ... on User {
      orders(first: 2, after: $after, status: $status) { edges { node { id lines { id } } } pageInfo { hasNextPage endCursor } } } } }`;
    interface Page {
      _entities: [
        { orders: { edges: { node: { id: string } }[]; pageInfo: { hasNextPage: boolean; endCursor: string } } | null },
      ];
    }
    const r = [{ __typename: 'User', id: shop.buyer.userId }];
    const seen: string[] = [];
    for (let after: string | null = null, more = true; more;) {
      const page: Page = await h.run<Page>(shop.buyer, PAGE, { r, after });
      const { orders } = page._entities[0];
      seen.push(...orders!.edges.map((edge) => edge.node.id));
      [after, more] = [orders!.pageInfo.endCursor, orders!.pageInfo.hasNextPage];
    }
    expect(seen).toEqual(placed.toReversed());
    const none = await h.run<Page>(shop.buyer, PAGE, { r, status: ['DELIVERED', 'FAILED'] });
    expect(none._entities[0].orders!.edges).toEqual([]);
    expect((await h.run<Page>(aUser(), PAGE, { r }))._entities[0].orders).toBeNull();
    const tooMany = await h.answer(shop.buyer, PAGE.replace('first: 2', 'first: 101'), { r });
    expect(tooMany.errors?.[0]?.extensions?.['code']).toBe('BAD_USER_INPUT');
  });

  it('reads a page of orders with all their parts in a fixed number of statements', async () => {
    // What loops say all the time is not the request's.
    const ofLoops = /outbox|checkout|parked_payment|cart_backup/;
    const quiet = await startOrders({ stores: h.stores, background: false });
    const spy = vi.spyOn(SqlEntityManager.prototype, 'execute');
    try {
      const offers = [onSale(quiet, anOffer()), onSale(quiet, anOffer())];
      const shop = shopping(quiet);
      for (let n = 0; n < 4; n += 1) await shop.buy(offers.map((offer) => ({ offerId: offer.id, quantity: 1 })));
      const r = [{ __typename: 'User', id: shop.buyer.userId }];
      const statementsFor = async (first: number) => {
        spy.mockClear();
        await quiet.run(shop.buyer, LIST, { r, first });
        return spy.mock.calls.filter(([sql]) => !ofLoops.test(String(sql))).length;
      };
      const one = await statementsFor(1);
      expect(await statementsFor(4)).toBe(one);
      // Orders, parts, lines, parcels, orders by id.
      expect(one).toBeLessThanOrEqual(5);
    } finally {
      spy.mockRestore();
      await quiet.stop();
    }
  });

  it('counts sales as a recount of the rows does', async () => {
    const vendorId = ids.next('ven');
    const [lamp, shade] = [
      onSale(h, anOffer({ vendorId, amount: 3_000 })),
      onSale(h, anOffer({ vendorId, amount: 700 })),
    ];
    const other = onSale(h, anOffer({ amount: 9_000 }));
    h.clock.advance(1_000);
    const from = h.clock.now();
    h.clock.advance(1_000);
    for (const units of [1, 2, 3]) {
      await shopping(h).buy([
        { offerId: lamp.id, quantity: units },
        { offerId: shade.id, quantity: 1 },
        { offerId: other.id, quantity: 1 },
      ]);
    }
    const failed = shopping(h);
    const start = await failed.start(await failed.cart([{ offerId: lamp.id, quantity: 1 }]));
    h.peers.payments.decline(start.paymentId!);
    h.clock.advance(1_000);
    const SUMMARY =
      'grossSales { amount currencyCode } orderCount unitsSold averageOrderValue { amount } topOffers { offer { id } units revenue { amount } }';
    const range = { from: from.toISOString(), to: h.clock.now().toISOString() };
    const { _entities } = await h.run<{ _entities: [{ salesSummary: object | null }] }>(
      aVendorMember(vendorId),
      `query($r: [_Any!]!, $range: DateTimeRange!) { _entities(representations: $r) { ... on Vendor { salesSummary(range: $range) { ${SUMMARY} } } } }`,
      { r: [{ __typename: 'Vendor', id: vendorId }], range },
    );
    const [recount] = await h.rows<{ gross: string }>(
      `select sum(total) as gross from vendor_order where vendor_id = ? and confirmed_at is not null`,
      [vendorId],
    );
    const gross = Number(recount!.gross);
    expect(_entities[0].salesSummary).toEqual({
      grossSales: { amount: gross, currencyCode: 'EUR' },
      orderCount: 3,
      unitsSold: 9,
      averageOrderValue: { amount: Math.round(gross / 3) },
      topOffers: [
        { offer: { id: lamp.id }, units: 6, revenue: { amount: 18_000 } },
        { offer: { id: shade.id }, units: 3, revenue: { amount: 2_100 } },
      ],
    });

    const ALL = `query($range: DateTimeRange!) { marketplaceSummary(range: $range) { ${SUMMARY} range { from to } } }`;
    const operator = aUser({ roles: ['OPERATOR'] });
    const all = await h.run<{ marketplaceSummary: { orderCount: number; unitsSold: number } }>(operator, ALL, {
      range,
    });
    expect(all.marketplaceSummary).toMatchObject({ orderCount: 3, unitsSold: 12, range });
    const refused = await h.answer(aUser(), ALL, { range });
    expect(refused.errors?.[0]?.extensions?.['code']).toBe('FORBIDDEN');
    const backwards = await h.answer(operator, ALL, { range: { from: range.to, to: range.from } });
    expect(backwards.errors?.[0]?.extensions?.['code']).toBe('BAD_USER_INPUT');
  });
});
