import { openDatabase, sqlStateOf } from '@marketgraph/platform/postgres';
import { aUser, silentLog as log, testIds } from '@marketgraph/platform/testing';
import { SqlEntityManager } from '@mikro-orm/postgresql';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { fold } from '../src/domain/order.ts';
import { factsOfOrder } from '../src/store/order-history.ts';
import { lockOrder } from '../src/store/order-writes.ts';
import { anOffer, aVendorMember, onSale, type OrdersHarness, shopping, startOrders } from './orders-harness.ts';
import { REJECT, soldOrders } from './sold-orders.ts';

let h: OrdersHarness;
let sold: ReturnType<typeof soldOrders>;
const ids = testIds();

beforeAll(async () => {
  h = await startOrders();
  sold = soldOrders(h);
});

afterAll(() => h?.stop());

describe('history', () => {
  it('O13 O32 is what the order is: its fold equals what is stored', async () => {
    const { sellers, parts, order, shop } = await sold.bought(2);
    const parcel = await sold.pack(sellers[0]!, parts[0]!.id, [{ lineId: parts[0]!.lines[0]!.id, quantity: 1 }]);
    await sold.move(sellers[0]!, parcel.fulfillment!.id, 'SHIPPED');
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
    await sold.bought(1);
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
    const ofLoops =
      /outbox|checkout|give_back|parked_payment|cart_backup|from order_return\s+where status|clock_timestamp/;
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
