import { anonymous, type Viewer } from '@marketgraph/platform/graphql';
import { aUser, testIds } from '@marketgraph/platform/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
import { ACCEPT, ORDER, soldOrders } from './sold-orders.ts';

let h: OrdersHarness;
let sold: ReturnType<typeof soldOrders>;
const ids = testIds();

beforeAll(async () => {
  h = await startOrders();
  sold = soldOrders(h);
});

afterAll(() => h?.stop());

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
    const { order, parts, orderId } = await sold.bought(3);
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
    const { shop, order, offers } = await sold.bought(2);
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
    const { order, sellers, parts, offers } = await sold.bought(2);
    const [seller, other] = sellers;
    const seen = (await sold.read(seller!, order.id))!;
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
    const { order, parts } = await sold.bought(1);
    const REFERENCES = `query($r: [_Any!]!) { _entities(representations: $r) {
      ... on Order { id } ... on VendorOrder { id } ... on OrderLine { id } } }`;
    const r = [
      { __typename: 'Order', id: order.id },
      { __typename: 'VendorOrder', id: parts[0]!.id },
      { __typename: 'OrderLine', id: order.lines[0]!.id },
    ];
    for (const viewer of [aUser(), aVendorMember(ids.next('ven')), anonymous]) {
      expect(await sold.read(viewer, order.id)).toBeNull();
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
    expect(await sold.read(seller, start.order!.id)).toBeNull();
    const listed = await h.run(
      seller,
      `query($r: [_Any!]!) { _entities(representations: $r) { ... on Vendor { orders { edges { node { id } } } } } }`,
      {
        r: [{ __typename: 'Vendor', id: offer.vendor.id }],
      },
    );
    expect(listed).toEqual({ _entities: [{ orders: { edges: [] } }] });
  });

  it('O15 has an index for every list it is found by', async () => {
    const indexes = await h.rows<{ indexdef: string }>(`select indexdef from pg_indexes where schemaname = 'public'`);
    const all = indexes.map((row) => row.indexdef).join('\n');
    expect(all).toContain('(buyer_id, id DESC)');
    expect(all).toContain('(vendor_id, id DESC)');
    expect(all).toContain('(status, id DESC)');
    for (const [index, list] of [
      ['orders_buyer', `orders where buyer_id = 'usr'`],
      ['orders_status', `orders where status = 'CONFIRMED'`],
      ['vendor_order_vendor', `vendor_order where vendor_id = 'ven' and confirmed_at is not null`],
      [
        'vendor_order_vendor_status',
        `vendor_order where vendor_id = 'ven' and status = 'PENDING' and confirmed_at is not null`,
      ],
    ]) {
      const plan = await h.db.em.fork().transactional(async (em) => {
        // A small table is scanned because it is small; the question is which index serves.
        await em.execute('set local enable_seqscan = off');
        await em.execute('set local enable_sort = off');
        return await em.execute<Record<string, string>[]>(`explain select * from ${list} order by id desc limit 20`);
      });
      expect(JSON.stringify(plan)).toMatch(new RegExp(`using ${index} on`));
    }
  });

  it('O18 keeps the address it was placed with', async () => {
    const { shop, order, offers } = await sold.bought(1);
    const { cart } = await shop.add([{ offerId: offers[0]!.id, quantity: 1 }]);
    await h.run(shop.buyer, operations.address, {
      input: { cartId: cart!.id, shipping: { ...BERLIN, line1: 'Elsewhere 9' } },
    });
    expect(await sold.read(shop.buyer, order.id)).toMatchObject({
      shippingAddress: { line1: 'Hauptstr. 1', city: 'Berlin' },
    });
  });

  it('keeps its title and price when the offer changes', async () => {
    const { shop, order, offers } = await sold.bought(1);
    const variant = { ...offers[0]!.variant, title: 'Renamed', product: { id: 'prd', title: 'Renamed' } };
    h.peers.offers.set(offers[0]!.id, { ...offers[0]!, variant, price: { amount: 1, currencyCode: 'EUR' } });
    expect((await sold.read(shop.buyer, order.id))!.lines).toMatchObject([
      { title: 'Product SKU-0', unitPrice: { amount: 1_999 } },
    ]);
  });
});
