import { testIds, until } from '@marketgraph/platform/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anOffer, onSale, operations, type OrdersHarness, shopping, startOrders } from './orders-harness.ts';

let h: OrdersHarness;
const ids = testIds();

beforeAll(async () => {
  // Serves only; the workers are processes of their own.
  h = await startOrders({ background: false });
});

afterAll(() => h?.stop());

describe('O16 an order of 500 lines', () => {
  it('is one saga, one reservation and one payment, and adds up to the unit', async () => {
    const vendors = Array.from({ length: 5 }, () => ids.next('ven'));
    const offers = Array.from({ length: 500 }, (_, n) =>
      onSale(h, anOffer({ amount: 101 + 7 * n, vendorId: vendors[n % 5]! })),
    );
    const shop = shopping(h);
    const cartId = await shop.cart(offers.map(({ id }, n) => ({ offerId: id, quantity: 1 + (n % 3) })));
    h.peers.calls.length = 0;
    const started = await shop.start(cartId);
    expect(started.userErrors).toEqual([]);
    const orderId = started.order!.id;
    h.peers.payments.authorize(started.paymentId!);
    const completed = await shop.complete(cartId, started);
    expect(completed.order).toMatchObject({ status: 'CONFIRMED' });

    const LINES = `query($id: ID!) { order(id: $id) { total { amount } vendorOrders { total { amount } } lines { quantity } } }`;
    const { order } = await h.run<{
      order: {
        total: { amount: number };
        vendorOrders: { total: { amount: number } }[];
        lines: { quantity: number }[];
      };
    }>(shop.buyer, LINES, { id: orderId });
    expect(order.lines).toHaveLength(500);
    expect(order.lines.reduce((units, line) => units + line.quantity, 0)).toBe(
      offers.reduce((units, offer) => units + h.peers.inventory.sold(offer.id), 0),
    );
    expect(order.vendorOrders.reduce((total, part) => total + part.total.amount, 0)).toBe(order.total.amount);
    expect(h.peers.payments.of(orderId).captured).toEqual([order.total.amount]);
    // Each service is asked once for all lines, and not once for each.
    const asked = Map.groupBy(h.peers.calls, (name) => name);
    expect([asked.get('OrdersReserve')?.length, asked.get('OrdersPaymentCreate')?.length]).toEqual([1, 1]);
    expect(h.peers.calls.length).toBeLessThan(15);
    expect(await h.rows('select 1 from checkout where order_id = ?', [orderId])).toHaveLength(1);
  });
});

interface StartedCheckout {
  order: { id: string } | null;
  paymentId: string | null;
  userErrors: { code: string }[];
}

describe('O22 a burst of 1,000 checkouts', () => {
  const BUYERS = 1_000;
  /** Clients that ask at the same time. */
  const AT_ONCE = 50;

  it('is accepted whole and worked off to the last, across a restart of the worker', { timeout: 240_000 }, async () => {
    const offer = onSale(h, anOffer(), BUYERS);
    const orderIds: string[] = [];
    const queue = Array.from({ length: BUYERS }, (_, n) => n);
    const buyOne = async (n: number) => {
      const shop = shopping(h);
      const cartId = await shop.cart([{ offerId: offer.id, quantity: 1 }]);
      const key = ids.next('key');
      // Whoever is told that there was not time enough asks again with the same key, as told.
      const checkoutStart = await until(
        async () => {
          const answer = await h.run<{ checkoutStart: StartedCheckout }>(shop.buyer, operations.start, { cartId, key });
          const [refusal] = answer.checkoutStart.userErrors;
          expect([undefined, 'SERVICE_UNAVAILABLE']).toContain(refusal?.code);
          return refusal ? null : answer.checkoutStart;
        },
        { timeoutMs: 60_000, what: 'the checkout is started' },
      );
      const orderId = checkoutStart.order!.id;
      orderIds.push(orderId);
      // Nobody says that it is paid: the news alone has to bring each order to its end. Every tenth card is declined.
      const isGood = n % 10 !== 0;
      if (isGood) h.peers.payments.authorize(checkoutStart.paymentId!);
      else h.peers.payments.decline(checkoutStart.paymentId!);
      await h.publish('payments', {
        name: 'payments.paymentStatusChanged',
        key: checkoutStart.paymentId!,
        payload: {
          paymentId: checkoutStart.paymentId,
          orderId,
          previousStatus: 'REQUIRES_PAYMENT_METHOD',
          status: isGood ? 'AUTHORIZED' : 'FAILED',
          failureCode: isGood ? null : 'card_declined',
          failureMessage: isGood ? null : 'Declined.',
        },
      });
    };
    const worker = await h.another();
    await worker.start();
    const work = Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (let n = queue.pop(); n !== undefined; n = queue.pop()) await buyOne(n);
      }),
    );
    await until(() => orderIds.length > BUYERS / 2, { timeoutMs: 120_000 });
    await worker.stop();
    const next = await h.another();
    await next.start();
    await work;

    const states = () =>
      h.rows<{ status: string; n: string }>(
        `select o.status, count(*) as n from orders o
          where o.id = any(array(select jsonb_array_elements_text(?::jsonb))) group by o.status`,
        [JSON.stringify(orderIds)],
      );
    await until(
      async () => {
        h.clock.advance(1_000);
        return (await states()).every((row) => row.status === 'CONFIRMED' || row.status === 'FAILED');
      },
      { timeoutMs: 120_000, intervalMs: 200 },
    );
    expect(new Set(orderIds).size).toBe(BUYERS);
    const ended = Object.fromEntries((await states()).map((row) => [row.status, Number(row.n)]));
    expect(ended).toEqual({ CONFIRMED: BUYERS * 0.9, FAILED: BUYERS / 10 });
    expect(h.peers.inventory.sold(offer.id)).toBe(BUYERS * 0.9);
    expect(h.peers.inventory.free.get(offer.id)).toBe(BUYERS / 10);
    const captured = orderIds.flatMap((id) => h.peers.payments.of(id).captured);
    expect(captured).toHaveLength(BUYERS * 0.9);
  });
});
