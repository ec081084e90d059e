import { anonymous, type Viewer } from '@marketgraph/platform/graphql';
import { aUser, testIds, until } from '@marketgraph/platform/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fold } from '../src/domain/order.ts';
import { factsOfOrder } from '../src/store/order-history.ts';
import { lockOrder } from '../src/store/order-writes.ts';
import { anOffer, onSale, type OrdersHarness, shopping, startOrders } from './orders-harness.ts';
import { REJECT, soldOrders } from './sold-orders.ts';

let h: OrdersHarness;
let sold: ReturnType<typeof soldOrders>;
const ids = testIds();

beforeAll(async () => {
  h = await startOrders();
  sold = soldOrders(h);
});

beforeEach(() => {
  h.peers.away.clear();
  h.peers.payments.refuseRefund = undefined;
  h.peers.onCall = () => undefined;
});

/** Calls that a crashed process never saw the end of; a sweeper that is stopped waits for them. */
const neverAnswered: (() => void)[] = [];

afterAll(async () => {
  for (const end of neverAnswered) end();
  await h?.stop();
});

const CANCEL = `mutation($input: OrderCancelInput!, $key: IdempotencyKey!) { orderCancel(input: $input, idempotencyKey: $key) {
  order { id status paymentStatus vendorOrders { id status } lines { status } } userErrors { code field } } }`;

interface Canceled {
  order: { id: string; status: string; paymentStatus: string; vendorOrders: { id: string; status: string }[] } | null;
  userErrors: { code: string }[];
}

async function cancel(
  viewer: Viewer,
  input: { orderId: string; vendorOrderId?: string; reason?: string },
  key?: string,
) {
  const variables = { input: { reason: 'changed my mind', ...input }, key: key ?? ids.next('key') };
  return (await h.run<{ orderCancel: Canceled }>(viewer, CANCEL, variables)).orderCancel;
}

const operator = aUser({ roles: ['OPERATOR'] });

const giveBacks = (orderId: string) =>
  h.rows<{ status: string; vendor_order_id: string }>('select * from give_back where order_id = ?', [orderId]);

/** All sagas of the order have ended. The test's clock goes on, for those that wait to try again. */
async function settled(orderId: string): Promise<string[]> {
  const rows = await until(async () => {
    const all = await giveBacks(orderId);
    if (all.length > 0 && all.every((row) => ['DONE', 'FAILED'].includes(row.status))) return all;
    h.clock.advance(1_000);
    return undefined;
  });
  return rows.map((row) => row.status);
}

const refundsOf = (orderId: string) =>
  [...h.peers.payments.refunds.values()].filter((refund) => refund.orderId === orderId);

describe('P8 an order that is cancelled', () => {
  it('before it is paid: nothing is charged, the goods are free, the payment is void', async () => {
    const offer = onSale(h, anOffer(), 5);
    const shop = shopping(h);
    const cartId = await shop.cart([{ offerId: offer.id, quantity: 2 }]);
    const started = await shop.start(cartId);
    const orderId = started.order!.id;
    const answer = await cancel(shop.buyer, { orderId });
    expect(answer).toMatchObject({
      userErrors: [],
      order: { status: 'CANCELED', paymentStatus: 'VOIDED', vendorOrders: [{ status: 'CANCELED' }] },
    });
    expect(h.peers.payments.of(orderId).status).toBe('VOIDED');
    expect([h.peers.inventory.free.get(offer.id), h.peers.inventory.held(offer.id)]).toEqual([5, 0]);
    expect(await giveBacks(orderId)).toEqual([]);
    // The cart is there still, and can be bought after all.
    expect((await shop.start(cartId)).userErrors).toEqual([]);
  });

  it('after it is paid: all money and all units go back, each once, and the vendors are told', async () => {
    const { shop, orderId, parts, offers, order } = await sold.bought(2);
    const answer = await cancel(shop.buyer, { orderId });
    expect(answer).toMatchObject({
      userErrors: [],
      order: { status: 'CANCELED', vendorOrders: [{ status: 'CANCELED' }, { status: 'CANCELED' }] },
    });
    expect(await settled(orderId)).toEqual(['DONE', 'DONE']);
    const refunded = refundsOf(orderId).reduce((total, refund) => total + refund.amount.amount, 0);
    expect(refunded).toBe(order.total.amount);
    expect(offers.map((offer) => h.peers.inventory.free.get(offer.id))).toEqual([100, 100]);
    const told = await until(async () => {
      const events = (await h.events('orders.vendorOrderChanged')).filter((event) =>
        parts.some((part) => part.id === event.key),
      );
      return events.filter((event) => (event.payload as { type: string }).type === 'CANCELED').length === 2;
    });
    expect(told).toBe(true);
    const em = h.db.em.fork();
    const stored = await em.transactional((tx) => lockOrder(tx, orderId));
    expect(fold(await factsOfOrder(em, orderId))).toEqual(stored!.order);
  });

  it('in part: that vendor’s money and units go back, the other goes on', async () => {
    const { shop, orderId, parts, offers, sellers } = await sold.bought(2);
    await sold.pack(sellers[0]!, parts[0]!.id, [{ lineId: parts[0]!.lines[0]!.id, quantity: 1 }]);
    const answer = await cancel(operator, { orderId, vendorOrderId: parts[0]!.id, reason: 'fraud' });
    expect(answer.order).toMatchObject({
      status: 'PROCESSING',
      vendorOrders: [{ status: 'CANCELED' }, { status: 'PENDING' }],
    });
    expect(await settled(orderId)).toEqual(['DONE']);
    expect(refundsOf(orderId)).toMatchObject([
      { vendorOrderId: parts[0]!.id, reason: 'fraud', amount: { amount: parts[0]!.total.amount } },
    ]);
    expect(offers.map((offer) => h.peers.inventory.free.get(offer.id))).toEqual([100, 98]);
    const packed = await sold.pack(sellers[0]!, parts[0]!.id, [{ lineId: parts[0]!.lines[0]!.id, quantity: 1 }]);
    expect(packed.userErrors).toMatchObject([{ code: 'ILLEGAL_TRANSITION' }]);
    expect((await sold.read(shop.buyer, orderId))!.lines.map((line) => line.status)).toEqual(['CANCELED', 'PENDING']);
  });

  it('not after it was sent, not twice, not with a bad reason, and not by anybody else', async () => {
    const { shop, orderId, parts, sellers } = await sold.bought(1);
    for (const stranger of [aUser(), sellers[0]!, aUser({ roles: ['SUPPORT'] })]) {
      expect(await cancel(stranger, { orderId })).toMatchObject({ order: null, userErrors: [{ code: 'NOT_FOUND' }] });
    }
    const input = { orderId, reason: 'x' };
    const { errors } = await h.answer(anonymous, CANCEL, { input, key: ids.next('key') });
    expect(errors?.[0]?.extensions?.['code']).toBe('UNAUTHENTICATED');
    for (const reason of [' ', 'x'.repeat(501)]) {
      expect((await cancel(shop.buyer, { orderId, reason })).userErrors).toMatchObject([{ code: 'INVALID' }]);
    }
    const parcel = await sold.pack(sellers[0]!, parts[0]!.id, [{ lineId: parts[0]!.lines[0]!.id, quantity: 2 }]);
    await sold.move(sellers[0]!, parcel.fulfillment!.id, 'SHIPPED');
    for (const viewer of [shop.buyer, operator]) {
      expect((await cancel(viewer, { orderId })).userErrors).toMatchObject([{ code: 'ILLEGAL_TRANSITION' }]);
    }
    expect(await giveBacks(orderId)).toEqual([]);
  });

  it('R17 R18 once for one key, 20 times at once; refused with another input; two keys have one effect', async () => {
    const { shop, orderId, offers, order } = await sold.bought(1);
    const key = ids.next('key');
    const answers = await Promise.all(Array.from({ length: 20 }, () => cancel(shop.buyer, { orderId }, key)));
    expect(answers.flatMap((answer) => answer.userErrors)).toEqual([]);
    expect(new Set(answers.map((answer) => answer.order!.status))).toEqual(new Set(['CANCELED']));
    expect((await cancel(shop.buyer, { orderId, reason: 'other' }, key)).userErrors).toMatchObject([
      { code: 'IDEMPOTENCY_KEY_REUSED' },
    ]);
    expect((await cancel(shop.buyer, { orderId })).userErrors).toMatchObject([{ code: 'ILLEGAL_TRANSITION' }]);
    expect(await settled(orderId)).toEqual(['DONE']);
    expect(refundsOf(orderId).map((refund) => refund.amount.amount)).toEqual([order.total.amount]);
    expect(h.peers.inventory.free.get(offers[0]!.id)).toBe(100);
  });

  it('while it is being paid: charged and given back, or never charged, and never between', async () => {
    for (let round = 0; round < 10; round += 1) {
      const offer = onSale(h, anOffer(), 5);
      const shop = shopping(h);
      const cartId = await shop.cart([{ offerId: offer.id, quantity: 2 }]);
      const started = await shop.start(cartId);
      const orderId = started.order!.id;
      h.peers.payments.authorize(started.paymentId!);
      const [, answer] = await Promise.all([shop.complete(cartId, started), cancel(shop.buyer, { orderId })]);
      expect(answer.userErrors).toEqual([]);
      const payment = h.peers.payments.of(orderId);
      if (payment.captured.length > 0) {
        expect(await settled(orderId)).toEqual(['DONE']);
        expect(refundsOf(orderId).map((refund) => refund.amount.amount)).toEqual(payment.captured);
      } else {
        await until(() => payment.status === 'VOIDED');
      }
      await until(() => h.peers.inventory.free.get(offer.id) === 5);
      await until(async () => (await sold.read(shop.buyer, orderId))!.status === 'CANCELED');
    }
  });

  it('follows its money: PARTIALLY_REFUNDED and REFUNDED as payments tells', async () => {
    const { shop, orderId } = await sold.bought(1);
    const tell = (status: string, previousStatus: string) =>
      h.publish('payments', {
        name: 'payments.paymentStatusChanged',
        key: 'pay',
        payload: { paymentId: 'pay', orderId, status, previousStatus },
      });
    const paymentStatus = async () =>
      (await h.rows<{ payment_status: string }>('select payment_status from orders where id = ?', [orderId]))[0]!
        .payment_status;
    await tell('PARTIALLY_REFUNDED', 'CAPTURED');
    await until(async () => (await paymentStatus()) === 'PARTIALLY_REFUNDED');
    await tell('REFUNDED', 'PARTIALLY_REFUNDED');
    await until(async () => (await paymentStatus()) === 'REFUNDED');
    expect((await sold.read(shop.buyer, orderId))!.status).toBe('CONFIRMED');
  });
});

describe('P8 a part that its vendor rejects', () => {
  it('goes back to the buyer by itself, money and units', async () => {
    const { orderId, parts, sellers, offers } = await sold.bought(2);
    await h.run(sellers[0]!, REJECT, { id: parts[0]!.id, version: parts[0]!.version, reason: 'out of paint' });
    expect(await settled(orderId)).toEqual(['DONE']);
    expect(refundsOf(orderId)).toMatchObject([
      { vendorOrderId: parts[0]!.id, reason: 'out of paint', amount: { amount: parts[0]!.total.amount } },
    ]);
    expect(offers.map((offer) => h.peers.inventory.free.get(offer.id))).toEqual([100, 98]);
  });
});

describe('O7 giving back ends whatever breaks on the way', () => {
  const faults = ['OrdersRefund', 'OrdersReceive'].flatMap((operation) =>
    (['before', 'after'] as const).flatMap((phase) =>
      (['error', 'crash'] as const).map((fault) => ({ operation, phase, fault })),
    ),
  );

  it.each(faults)('$fault $phase $operation: once, by whoever takes it up', async ({ operation, phase, fault }) => {
    const { shop, orderId, offers, order } = await sold.bought(1);
    // Another process of the service: a crashed driver does not come back.
    await h.another();
    let isBroken = false;
    h.peers.onCall = (call) => {
      if (isBroken || call.operation !== operation || call.phase !== phase) return undefined;
      isBroken = true;
      if (fault === 'error') throw new Error('The connection was reset.');
      return new Promise<void>((_, reject) => {
        neverAnswered.push(() => reject(new Error('The process is gone.')));
      });
    };
    expect((await cancel(shop.buyer, { orderId })).userErrors).toEqual([]);
    await until(() => isBroken);
    expect(await settled(orderId)).toEqual(['DONE']);
    expect(refundsOf(orderId).map((refund) => refund.amount.amount)).toEqual([order.total.amount]);
    expect(h.peers.inventory.free.get(offers[0]!.id)).toBe(100);
  });

  it('waits while payments or inventory is away, and goes on when it is back', async () => {
    for (const away of ['payments', 'inventory']) {
      const { shop, orderId, offers } = await sold.bought(1);
      h.peers.away.add(away);
      expect((await cancel(shop.buyer, { orderId })).order?.status).toBe('CANCELED');
      await until(async () => {
        h.clock.advance(1_000);
        const [row] = await h.rows<{ attempts: number }>('select attempts from give_back where order_id = ?', [
          orderId,
        ]);
        return row!.attempts >= 2;
      });
      h.peers.away.clear();
      expect(await settled(orderId)).toEqual(['DONE']);
      expect(refundsOf(orderId)).toHaveLength(1);
      expect(h.peers.inventory.free.get(offers[0]!.id)).toBe(100);
    }
  });

  it('puts the units back and says so when payments refuses the money for good; what is gone by hand is done', async () => {
    const first = await sold.bought(1);
    h.peers.payments.refuseRefund = { code: 'ILLEGAL_TRANSITION', message: 'The payment is disputed.' };
    await cancel(first.shop.buyer, { orderId: first.orderId });
    expect(await settled(first.orderId)).toEqual(['FAILED']);
    expect(h.peers.inventory.free.get(first.offers[0]!.id)).toBe(100);

    const second = await sold.bought(1);
    h.peers.payments.refuseRefund = { code: 'REFUND_EXCEEDS', message: 'Nothing is left.' };
    await cancel(second.shop.buyer, { orderId: second.orderId });
    expect(await settled(second.orderId)).toEqual(['DONE']);
  });
});
