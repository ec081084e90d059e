import { anonymous } from '@marketgraph/platform/graphql';
import { testIds, until } from '@marketgraph/platform/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OrdersHarness, startOrders } from './orders-harness.ts';
import { ACCEPT, MOVE, REJECT, soldOrders } from './sold-orders.ts';

let h: OrdersHarness;
let sold: ReturnType<typeof soldOrders>;
const ids = testIds();

beforeAll(async () => {
  h = await startOrders();
  sold = soldOrders(h);
});

afterAll(() => h?.stop());

describe('a vendor’s part', () => {
  it('O17 is accepted, packed, sent and delivered by its vendor, and the order follows', async () => {
    const { shop, order, sellers, parts } = await sold.bought(2);
    const [a, b] = sellers;
    const accepted = await h.run(a!, ACCEPT, { id: parts[0]!.id, version: parts[0]!.version });
    expect(accepted).toMatchObject({
      vendorOrderAccept: { vendorOrder: { status: 'ACCEPTED', order: { status: 'PROCESSING' } }, userErrors: [] },
    });

    const [line] = parts[0]!.lines;
    const first = await sold.pack(a!, parts[0]!.id, [{ lineId: line!.id, quantity: 1 }]);
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
      const { status, fulfillmentStatus, vendorOrders } = (await sold.read(shop.buyer, order.id))!;
      return [status, fulfillmentStatus, ...vendorOrders.map((part) => part.status)];
    };
    await sold.move(a!, first.fulfillment!.id, 'SHIPPED');
    expect(await statuses()).toEqual(['PARTIALLY_SHIPPED', 'PARTIALLY_FULFILLED', 'PARTIALLY_SHIPPED', 'PENDING']);
    const second = await sold.pack(a!, parts[0]!.id, [{ lineId: line!.id, quantity: 1 }], {
      input: { carrier: 'DHL', trackingNumber: 'JJD0001' },
    });
    expect(second.fulfillment).toMatchObject({
      status: 'PENDING',
      carrier: 'DHL',
      trackingNumber: 'JJD0001',
      labelUrl: null,
    });
    await sold.move(a!, second.fulfillment!.id, 'SHIPPED');
    expect(await statuses()).toEqual(['PARTIALLY_SHIPPED', 'PARTIALLY_FULFILLED', 'SHIPPED', 'PENDING']);
    for (const { fulfillment } of [first, second]) await sold.move(a!, fulfillment!.id, 'DELIVERED');
    expect(await statuses()).toEqual(['PARTIALLY_DELIVERED', 'PARTIALLY_FULFILLED', 'DELIVERED', 'PENDING']);

    // The other vendor packs without accepting first: packing accepts.
    const theirs = await sold.pack(b!, parts[1]!.id, [{ lineId: parts[1]!.lines[0]!.id, quantity: 2 }]);
    for (const status of ['SHIPPED', 'IN_TRANSIT', 'OUT_FOR_DELIVERY', 'DELIVERED'])
      await sold.move(b!, theirs.fulfillment!.id, status);
    expect(await statuses()).toEqual(['DELIVERED', 'FULFILLED', 'DELIVERED', 'DELIVERED']);
    const again = await sold.move(b!, theirs.fulfillment!.id, 'IN_TRANSIT');
    expect(again.userErrors).toMatchObject([{ code: 'ILLEGAL_TRANSITION' }]);

    const delivered = await until(async () =>
      (await h.events('orders.vendorOrderDelivered')).find((event) => event.key === parts[1]!.id),
    );
    expect(delivered.payload).toMatchObject({
      orderId: order.id,
      buyerId: shop.buyer.userId,
      lines: [{ quantity: 2 }],
    });
    const { deliveredAt, returnWindowEndsAt } = delivered.payload as Record<string, string>;
    expect(Date.parse(returnWindowEndsAt!) - Date.parse(deliveredAt!)).toBe(30 * 86_400_000);
    // Every step was told once, in order, with rising versions.
    const steps = (await h.events('orders.orderStatusChanged')).filter((event) => event.key === order.id);
    expect(steps.map((event) => event.sequence)).toEqual(steps.map((_, index) => index + 1));
  });

  it('O19 O20 has a label of the carrier, and a way that grows with a place at each step, each told once', async () => {
    const { shop, order, sellers, parts } = await sold.bought(1);
    const packed = await sold.pack(sellers[0]!, parts[0]!.id, [{ lineId: parts[0]!.lines[0]!.id, quantity: 2 }]);
    const { id, labelUrl, trackingNumber } = packed.fulfillment!;
    expect(labelUrl).toContain(trackingNumber);
    const WAY = `query($id: ID!) { order(id: $id) { vendorOrders { fulfillments {
      trackingEvents { code location lat lon } } } } }`;
    interface Seen {
      order: { vendorOrders: { fulfillments: { trackingEvents: Record<string, unknown>[] }[] }[] };
    }
    const way = async () =>
      (await h.run<Seen>(shop.buyer, WAY, { id: order.id })).order.vendorOrders[0]!.fulfillments[0]!.trackingEvents;
    const steps = ['SHIPPED', 'IN_TRANSIT', 'OUT_FOR_DELIVERY', 'DELIVERED'];
    for (const [index, status] of steps.entries()) {
      await sold.move(sellers[0]!, id, status);
      expect((await way()).map(({ code }) => code)).toEqual(['LABEL_PURCHASED', ...steps.slice(0, index + 1)]);
    }
    const [printed, ...moved] = await way();
    expect(printed).toEqual({ code: 'LABEL_PURCHASED', location: null, lat: null, lon: null });
    expect(moved[0]).toMatchObject({ location: 'Sorting centre DE', lat: 51.2, lon: 10.4 });
    for (const { lat, lon } of moved) expect([typeof lat, typeof lon]).toEqual(['number', 'number']);
    expect(moved.at(-1)).toMatchObject({ lat: moved.at(-2)!['lat'], lon: moved.at(-2)!['lon'] });
    const told = async () =>
      (await h.events('orders.orderStatusChanged')).filter(
        (event) => event.key === order.id && (event.payload as { fulfillmentId: string | null }).fulfillmentId === id,
      ).length;
    // One for the label, one for each step.
    await until(async () => (await told()) === 5);
  });

  it('O17 is moved by nobody but its vendor', async () => {
    const { shop, sellers, parts } = await sold.bought(2);
    const parcel = await sold.pack(sellers[0]!, parts[0]!.id, [{ lineId: parts[0]!.lines[0]!.id, quantity: 2 }]);
    const others = await sold.move(sellers[1]!, parcel.fulfillment!.id, 'SHIPPED');
    expect(others).toMatchObject({ fulfillment: null, userErrors: [{ code: 'NOT_FOUND' }] });
    expect(await sold.pack(sellers[1]!, parts[0]!.id, [])).toMatchObject({
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
    const { sellers, parts } = await sold.bought(1);
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
    const { sellers, parts, order, shop } = await sold.bought(2);
    const reject = (n: number, reason = 'out of paint') =>
      h.run(sellers[n]!, REJECT, { id: parts[n]!.id, version: parts[n]!.version, reason });
    expect(await reject(0, ' ')).toMatchObject({ vendorOrderReject: { userErrors: [{ code: 'INVALID' }] } });
    expect(await reject(0)).toMatchObject({
      vendorOrderReject: { vendorOrder: { status: 'REJECTED', order: { status: 'CONFIRMED' } }, userErrors: [] },
    });
    expect(await sold.pack(sellers[0]!, parts[0]!.id, [{ lineId: parts[0]!.lines[0]!.id, quantity: 1 }])).toMatchObject(
      {
        userErrors: [{ code: 'ILLEGAL_TRANSITION' }],
      },
    );
    await reject(1);
    expect(await sold.read(shop.buyer, order.id)).toMatchObject({
      status: 'CANCELED',
      lines: [{ status: 'CANCELED' }, { status: 'CANCELED' }],
    });
  });

  it('packs one parcel for one key, in parallel too, and no unit twice', async () => {
    const { sellers, parts } = await sold.bought(1);
    const lines = [{ lineId: parts[0]!.lines[0]!.id, quantity: 1 }];
    const key = ids.next('key');
    const same = await Promise.all(
      Array.from({ length: 10 }, () => sold.pack(sellers[0]!, parts[0]!.id, lines, { key })),
    );
    expect(same.flatMap((answer) => answer.userErrors)).toEqual([]);
    expect(new Set(same.map((answer) => answer.fulfillment!.id)).size).toBe(1);
    const reused = await sold.pack(sellers[0]!, parts[0]!.id, [{ ...lines[0]!, quantity: 2 }], { key });
    expect(reused.userErrors).toMatchObject([{ code: 'IDEMPOTENCY_KEY_REUSED' }]);
    const more = await Promise.all(Array.from({ length: 5 }, () => sold.pack(sellers[0]!, parts[0]!.id, lines)));
    expect(more.filter((answer) => answer.fulfillment)).toHaveLength(1);
    expect(more.flatMap((answer) => answer.userErrors.map((error) => error.code))).toEqual(Array(4).fill('INVALID'));
  });

  it('takes no step from the future, and no bad input', async () => {
    const { sellers, parts } = await sold.bought(1);
    const parcel = await sold.pack(sellers[0]!, parts[0]!.id, [{ lineId: parts[0]!.lines[0]!.id, quantity: 1 }]);
    const at = new Date(h.clock.now().getTime() + 1_000).toISOString();
    expect((await sold.move(sellers[0]!, parcel.fulfillment!.id, 'SHIPPED', { at })).userErrors).toMatchObject([
      { code: 'INVALID' },
    ]);
    const long = await sold.move(sellers[0]!, parcel.fulfillment!.id, 'SHIPPED', { trackingNumber: 'x'.repeat(101) });
    expect(long.userErrors).toMatchObject([{ code: 'INVALID' }]);
    expect((await sold.move(sellers[0]!, ids.next('ful'), 'SHIPPED')).userErrors).toMatchObject([
      { code: 'NOT_FOUND' },
    ]);
  });
});
