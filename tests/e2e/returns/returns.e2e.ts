import { operatorAccess } from '@marketgraph/launcher';
import { until } from '@marketgraph/platform/testing';
import * as operations from '@marketgraph/schema/generated/operations';
import { verifyStores } from '@marketgraph/verify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newKey } from '../../story/cast.ts';
import { availableOf, fillCart, startCheckout } from '../../story/purchase.ts';
import { type Delivered, ReturningShop, UNITS } from './returning-shop.ts';

describe.each(['monolith', 'processes'] as const)('what buyers send back, %s', (shape) => {
  let shop: ReturningShop;

  beforeAll(async () => {
    shop = await ReturningShop.open(shape);
  });
  afterAll(() => shop?.close());

  const untilAvailable = (offerId: string, units: number) =>
    until(async () => (await availableOf(shop.buyer, offerId)) === units, { what: `${units} of it can be bought` });
  const sum = (amounts: { amount: { amount: number } }[]) =>
    amounts.reduce((total, { amount }) => total + amount.amount, 0);

  it('O23 I16 P8 P11 comes back in two parcels: units, money and settlement follow each, and the vendor is never paid', async () => {
    const { vendor, buyer } = shop;
    const order = await shop.delivered(3);
    const feed = vendor.person.watchText<{ vendorOrderFeed: { type: string; vendorOrder: { returns: object[] } } }>(
      'subscription($id: ID!) { vendorOrderFeed(vendorId: $id) { type vendorOrder { returns { status } } } }',
      { id: vendor.id },
    );
    await feed.find(() => true, 'the snapshot');
    await untilAvailable(order.offerId, UNITS - 3);
    const before = await shop.settlement(order, 'HELD');

    const first = await shop.takenBack(order, 2, true);
    await untilAvailable(order.offerId, UNITS - 1);
    expect(await shop.returnMovements(order.offerId)).toEqual([2]);
    await until(async () => (await shop.look(order.orderId)).paymentStatus === 'PARTIALLY_REFUNDED');
    expect(await shop.look(order.orderId)).toMatchObject({
      fulfillmentStatus: 'PARTIALLY_RETURNED',
      lines: [{ status: 'FULFILLED', quantityReturned: 2 }],
    });
    const between = await shop.settlement(order, 'HELD');
    expect(between.gross.amount).toBe(before.gross.amount - first.refund);
    const requested = await feed.find((event) => event.vendorOrderFeed.type === 'RETURN_REQUESTED', 'the request');
    expect(requested.vendorOrderFeed.vendorOrder.returns).toHaveLength(1);
    await feed.cut();

    const second = await shop.takenBack(order, 1, true);
    await untilAvailable(order.offerId, UNITS);
    expect(await shop.returnMovements(order.offerId)).toEqual([1, 2]);
    const after = await until(async () => {
      const now = await shop.look(order.orderId);
      return now.paymentStatus === 'REFUNDED' && now;
    });
    expect(after).toMatchObject({
      fulfillmentStatus: 'RETURNED',
      lines: [{ status: 'REFUNDED', quantityReturned: 3 }],
    });
    expect([sum(after.refunds), first.refund + second.refund]).toEqual([after.total.amount, after.total.amount]);
    const reversed = await shop.settlement(order, 'REVERSED');
    expect(reversed).toMatchObject({ gross: { amount: 0 }, net: { amount: 0 } });
    await shop.timeToPay(order);
    expect(await shop.transfers(reversed.id)).toEqual([]);

    const NODE = 'query($id: ID!) { node(id: $id) { id } }';
    for (const person of [buyer, vendor.person, shop.operator]) {
      expect(await shop.as(person, NODE, { id: first.id })).toEqual({ node: { id: first.id } });
    }
    expect(await shop.as(shop.other.person, NODE, { id: first.id })).toEqual({ node: null });

    const told = await until(async () => {
      const { me } = await shop.as<{ me: { notifications: { edges: { node: { title: string } }[] } } }>(
        buyer,
        '{ me { notifications(first: 50) { edges { node { title } } } } }',
        {},
      );
      const titles = me.notifications.edges.map(({ node }) => node.title);
      return titles.filter((title) => title === 'Your return is refunded').length === 2 && titles;
    });
    expect(told).toContain('Your return is approved');
  });

  it('I16 of what cannot be sold again is paid back, and nothing is put on the shelf', async () => {
    const order = await shop.delivered(3);
    const { refund } = await shop.takenBack(order, 2, false);
    await until(async () => (await shop.look(order.orderId)).paymentStatus === 'PARTIALLY_REFUNDED');
    expect((await shop.look(order.orderId)).refunds).toMatchObject([
      { status: 'SUCCEEDED', amount: { amount: refund } },
    ]);
    expect(await shop.returnMovements(order.offerId)).toEqual([]);
    expect(await availableOf(shop.buyer, order.offerId)).toBe(UNITS - 3);
  });

  it('P8 is awaited: the vendor is not paid while it is open, and is when it was called off', async () => {
    const order = await shop.delivered(1);
    const id = await shop.sentBack(order, 1);
    await until(async () => (await shop.settlement(order, 'HELD')).problem === 'A return is open.');
    await shop.timeToPay(order);
    const paid = await shop.delivered(1);
    await shop.timeToPay(paid);
    await shop.settlement(paid, 'RELEASED');
    const held = await shop.settlement(order, 'HELD');
    expect(await shop.transfers(held.id)).toEqual([]);
    const { returnCancel } = await shop.buyer.ask(operations.ReturnCancelDocument, { id });
    expect(returnCancel).toMatchObject({ return: { status: 'CANCELED' }, userErrors: [] });
    await shop.settlement(order, 'RELEASED');
    expect(await shop.transfers(held.id)).toMatchObject([{ amount: held.net.amount, amount_reversed: 0 }]);
  });

  it('P11 after the vendor was paid: what it got is taken back from it', async () => {
    const order = await shop.delivered(2);
    await shop.timeToPay(order);
    const { id, net } = await shop.settlement(order, 'RELEASED');
    await shop.takenBack(order, 2, true);
    await shop.settlement(order, 'REVERSED');
    expect(await shop.transfers(id)).toMatchObject([{ amount: net.amount, amount_reversed: net.amount }]);
    await untilAvailable(order.offerId, UNITS);
    await until(async () => (await shop.look(order.orderId)).paymentStatus === 'REFUNDED');
  });

  it('48 does not begin after the window, nor does anything else jump', async () => {
    const order = await shop.delivered(1);
    await shop.closeWindow(order);
    expect(await shop.request(order, 1)).toMatchObject({
      return: null,
      userErrors: [{ code: 'RETURN_WINDOW_CLOSED' }],
    });
    expect((await shop.look(order.orderId)).vendorOrders[0]!.returns).toEqual([]);

    // Cancelled after it was sent.
    const { orderCancel } = await shop.as<{ orderCancel: { userErrors: { code: string }[] } }>(
      shop.buyer,
      'mutation($input: OrderCancelInput!, $key: IdempotencyKey!) { orderCancel(input: $input, idempotencyKey: $key) { userErrors { code } } }',
      { input: { orderId: order.orderId, reason: 'changed my mind' }, key: newKey() },
    );
    expect(orderCancel.userErrors).toEqual([{ code: 'ILLEGAL_TRANSITION' }]);

    // Returned, and sent, before it was paid.
    const unpaid = await startCheckout(
      shop.buyer,
      await fillCart(shop.buyer, [{ offerId: order.offerId, quantity: 1 }]),
    );
    const pending = await shop.look(unpaid.orderId);
    const early: Delivered = { ...order, orderId: unpaid.orderId, lineId: pending.lines[0]!.id };
    expect((await shop.request(early, 1)).userErrors).toMatchObject([{ code: 'ILLEGAL_TRANSITION' }]);
    const { fulfillmentCreate } = await shop.vendor.person.ask(operations.FulfillmentCreateDocument, {
      input: { vendorOrderId: pending.vendorOrders[0]!.id, lines: [{ lineId: early.lineId, quantity: 1 }] },
      idempotencyKey: newKey(),
    });
    expect(fulfillmentCreate.userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);

    // Another vendor's parcel confirmed.
    const { fulfillmentStatusUpdate } = await shop.other.person.ask(operations.FulfillmentStatusUpdateDocument, {
      input: { id: order.fulfillmentId, status: 'DELIVERED' },
    });
    expect(fulfillmentStatusUpdate.userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
  });

  it('leaves stores in which every invariant holds', async () => {
    const access = operatorAccess(shop.marketplace.stores);
    await until(
      async () => {
        const broken = (await verifyStores(access)).filter(({ violations, error }) => violations > 0 || error);
        if (broken.length === 0) return true;
        throw new Error(JSON.stringify(broken.map(({ id, examples, error }) => ({ id, examples, error }))));
      },
      { timeoutMs: 30_000 },
    );
  });
});
