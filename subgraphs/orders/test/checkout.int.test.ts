import { inTransaction } from '@marketgraph/platform/postgres';
import { aUser, testIds, until } from '@marketgraph/platform/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  anOffer,
  onSale,
  operations,
  type OrdersHarness,
  shopping,
  startOrders,
  untilCheckout,
} from './orders-harness.ts';
import { countStuckCheckouts } from '../src/store/checkouts.ts';
import { orderRow, startedCheckout } from './started-checkout.ts';

let h: OrdersHarness;
const ids = testIds();

beforeAll(async () => {
  h = await startOrders();
});

beforeEach(() => {
  h.peers.away.clear();
  h.peers.onCall = () => undefined;
});

afterAll(() => h?.stop());

const orderOf = (id: string) => orderRow(h, id);

const paymentNews = (orderId: string, status: string, failureMessage: string | null = null) => {
  const payment = h.peers.payments.payments.find((each) => each.orderId === orderId);
  return h.publish('payments', {
    name: 'payments.paymentStatusChanged',
    key: payment?.id ?? 'pay',
    payload: {
      paymentId: payment?.id ?? 'pay',
      orderId,
      cartId: 'crt',
      buyerId: 'usr',
      previousStatus: 'REQUIRES_PAYMENT_METHOD',
      status,
      amount: { amount: 1, currencyCode: 'EUR' },
      capturedAmount: { amount: 0, currencyCode: 'EUR' },
      failureCode: failureMessage && 'card_declined',
      failureMessage,
    },
  });
};

const started = (units?: number) => startedCheckout(h, units);

describe('a checkout', () => {
  it('O12 O34 holds the goods, places the order, takes the payment, confirms, clears the cart and tells', async () => {
    const { offer, shop, cartId, start, orderId, paymentId } = await started();
    expect(start).toMatchObject({ order: { status: 'PENDING_PAYMENT', number: null } });
    expect(start.paymentClientSecret).toBe(`${paymentId}_secret`);
    expect(Date.parse(start.reservationExpiresAt!) - h.clock.now().getTime()).toBe(900_000);
    expect(h.peers.inventory.held(offer.id)).toBe(2);
    expect(h.peers.inventory.reservations.at(-1)?.shipTo).toEqual({ countryCode: 'DE', region: null });

    h.peers.payments.authorize(paymentId);
    const completed = await shop.complete(cartId, start);
    expect(completed.userErrors).toEqual([]);
    expect(completed.order).toMatchObject({ id: orderId, status: 'CONFIRMED', paymentStatus: 'PAID' });
    expect(completed.order!.number).toMatch(/^M-2026-\d{6}$/);

    // 9,800 of goods, 19 % German tax, and free delivery from 50 euros on.
    expect(h.peers.payments.of(orderId)).toMatchObject({ status: 'CAPTURED', captured: [9_800 + 1_862] });
    expect(h.peers.inventory.sold(offer.id)).toBe(2);
    await untilCheckout(h, orderId, 'COMPLETED');
    const cart = await h.run(shop.buyer, 'query($id: ID!) { cart(id: $id) { lines { id } } }', { id: cartId });
    expect(cart).toEqual({ cart: { lines: [] } });

    const mine = async (name: string) =>
      (await h.events(name)).filter((event) => JSON.stringify(event.payload).includes(orderId));
    await until(async () => (await mine('orders.vendorOrderChanged')).length === 1);
    expect(
      (await mine('orders.orderStatusChanged')).map(({ payload, sequence }) => ({ sequence, ...(payload as object) })),
    ).toMatchObject([
      { sequence: 1, previousStatus: null, status: 'PENDING_PAYMENT', buyerId: shop.buyer.userId },
      { sequence: 2, previousStatus: 'PENDING_PAYMENT', status: 'CONFIRMED' },
    ]);
    expect(await mine('orders.orderConfirmed')).toMatchObject([
      {
        payload: {
          paymentId,
          vendorOrders: [{ vendorId: offer.vendor.id, lines: [{ offerId: offer.id, quantity: 2 }] }],
        },
      },
    ]);
    expect(await mine('orders.vendorOrderChanged')).toMatchObject([
      {
        topics: [`vendorOrderFeed:${offer.vendor.id}`],
        payload: { type: 'PLACED', previousStatus: null, status: 'PENDING' },
      },
    ]);
  });

  it('settles with payments before any vendor hears of the order', async () => {
    const { shop, cartId, start, orderId } = await started();
    let heardEarly = false;
    h.peers.onCall = async ({ operation, phase }) => {
      if (operation !== 'OrdersPaymentSettle' || phase !== 'before') return;
      const told = await h.rows(
        `select 1 from outbox where name = 'orders.vendorOrderChanged' and payload->>'orderId' = ?`,
        [orderId],
      );
      heardEarly = told.length > 0;
    };
    h.peers.payments.authorize(start.paymentId!);
    expect((await shop.complete(cartId, start)).order?.status).toBe('CONFIRMED');
    expect(heardEarly).toBe(false);
  });

  it('O9 is refused with the offer and what is left when there is not enough, and leaves no order', async () => {
    const [plenty, scarce] = [onSale(h, anOffer()), onSale(h, anOffer(), 3)];
    const shop = shopping(h);
    const cartId = await shop.cart([
      { offerId: plenty.id, quantity: 1 },
      { offerId: scarce.id, quantity: 4 },
    ]);
    const start = await shop.start(cartId);
    expect(start).toMatchObject({ order: null, paymentId: null, reservationId: null });
    expect(start.userErrors).toMatchObject([
      {
        __typename: 'InsufficientStockError',
        code: 'INSUFFICIENT_STOCK',
        offer: { id: scarce.id },
        requested: 4,
        available: 3,
      },
    ]);
    expect(h.peers.inventory.held(plenty.id)).toBe(0);
    // The cart is still the buyer's, and with fewer units it can be bought.
    const line = (await shop.add([{ offerId: plenty.id, quantity: 1 }])).cart!.lines[1]!;
    await h.run(shop.buyer, operations.update, { input: { cartId, lines: [{ lineId: line.id, quantity: 3 }] } });
    expect((await shop.start(cartId)).userErrors).toEqual([]);
  });

  it('O9 fails with the provider’s words when the card is declined: nothing charged, stock back, cart kept', async () => {
    const { offer, shop, cartId, start, orderId, paymentId } = await started();
    h.peers.payments.decline(paymentId, 'Your card has insufficient funds.');
    const completed = await shop.complete(cartId, start);
    expect(completed.order).toMatchObject({ status: 'FAILED', paymentStatus: 'FAILED' });
    expect(completed.userErrors).toMatchObject([
      { code: 'PAYMENT_DECLINED', message: 'Your card has insufficient funds.' },
    ]);
    expect(h.peers.inventory.free.get(offer.id)).toBe(100);
    expect(h.peers.payments.of(orderId)).toMatchObject({ status: 'VOIDED', captured: [] });
    await until(async () => (await h.events('orders.orderFailed')).some((event) => event.key === orderId));
    const again = await shop.start(cartId);
    expect(again.userErrors).toEqual([]);
    expect(again.order!.id).not.toBe(orderId);
  });

  it('O9 takes the stock back when the capture is refused', async () => {
    const { offer, shop, cartId, start, orderId } = await started();
    h.peers.payments.authorize(start.paymentId!);
    h.peers.payments.of(orderId).refuseCapture = 'The authorisation has expired.';
    const completed = await shop.complete(cartId, start);
    expect(completed).toMatchObject({
      order: { status: 'FAILED' },
      userErrors: [{ message: 'The authorisation has expired.' }],
    });
    expect(h.peers.inventory.sold(offer.id)).toBe(0);
    expect(h.peers.inventory.free.get(offer.id)).toBe(100);
    expect(h.peers.payments.of(orderId).captured).toEqual([]);
  });

  it('fails when the payment cannot even be opened, and gives the goods back', async () => {
    const offer = onSale(h, anOffer());
    const shop = shopping(h);
    const cartId = await shop.cart([{ offerId: offer.id, quantity: 1 }]);
    h.peers.payments.refuseCreation = 'This amount is too small.';
    try {
      const start = await shop.start(cartId);
      expect(start).toMatchObject({ paymentId: null, order: { status: 'FAILED' } });
      expect(start.userErrors).toMatchObject([{ code: 'INVALID', message: 'This amount is too small.' }]);
      expect(h.peers.inventory.free.get(offer.id)).toBe(100);
    } finally {
      h.peers.payments.refuseCreation = undefined;
    }
  });

  it('O10 answers in time with PENDING_PAYMENT when payments hangs, and confirms later', async () => {
    const quick = await startOrders({ stores: h.stores, answerWithinMs: 200 });
    try {
      const offer = onSale(quick, anOffer());
      const shop = shopping(quick);
      const cartId = await shop.cart([{ offerId: offer.id, quantity: 1 }]);
      const start = await shop.start(cartId);
      quick.peers.payments.authorize(start.paymentId!);
      const hanging = Promise.withResolvers<void>();
      quick.peers.onCall = ({ subgraph }) => (subgraph === 'payments' ? hanging.promise : undefined);
      // It hangs until it is told to go on: that there is an answer before is what is promised.
      const completed = await shop.complete(cartId, start);
      expect(completed).toMatchObject({ order: { status: 'PENDING_PAYMENT' }, userErrors: [] });

      quick.peers.onCall = () => undefined;
      hanging.resolve();
      await until(async () =>
        (await quick.events('orders.orderConfirmed')).some((event) => event.key === start.order!.id),
      );
      expect(quick.peers.payments.of(start.order!.id).captured).toHaveLength(1);
    } finally {
      await quick.stop();
    }
  });

  it('answers in time when what comes before the saga hangs; who asks again with the key waits for the same start', async () => {
    const quick = await startOrders({ stores: h.stores, answerWithinMs: 200 });
    const hanging = Promise.withResolvers<void>();
    try {
      const offer = onSale(quick, anOffer());
      const shop = shopping(quick);
      const cartId = await shop.cart([{ offerId: offer.id, quantity: 1 }]);
      // The cart itself is not asked for: its prices come from where it hangs.
      const query = `mutation($cartId: ID!, $key: IdempotencyKey!) {
        checkoutStart(cartId: $cartId, idempotencyKey: $key) { order { status } userErrors { code } } }`;
      const key = ids.next('key');
      const ask = async () => {
        const { checkoutStart } = await quick.run<{
          checkoutStart: { order: { status: string } | null; userErrors: { code: string }[] };
        }>(shop.buyer, query, { cartId, key });
        return checkoutStart;
      };
      quick.peers.onCall = ({ subgraph }) => (subgraph === 'catalog' ? hanging.promise : undefined);
      const askedBefore = quick.peers.calls.length;
      for (let times = 0; times < 3; times += 1) {
        expect(await ask()).toEqual({ order: null, userErrors: [{ code: 'SERVICE_UNAVAILABLE' }] });
      }
      const asked = quick.peers.calls.slice(askedBefore);
      // However often the client came, the prices are asked for once.
      expect(asked).toEqual([...new Set(asked)]);
      hanging.resolve();
      const started = await until(async () => {
        const answer = await ask();
        return answer.order && answer;
      });
      expect(started).toEqual({ order: { status: 'PENDING_PAYMENT' }, userErrors: [] });
      expect(quick.peers.inventory.held(offer.id)).toBe(1);
    } finally {
      hanging.resolve();
      await quick.stop();
    }
  });

  it('O11 is CONFIRMED by the payment’s event alone, and stays one order when it comes again', async () => {
    const { offer, orderId, paymentId } = await started();
    h.peers.payments.authorize(paymentId);
    await paymentNews(orderId, 'AUTHORIZED');
    await until(async () => (await orderOf(orderId))?.status === 'CONFIRMED', { timeoutMs: 5_000 });
    await paymentNews(orderId, 'AUTHORIZED');
    await paymentNews(orderId, 'CAPTURED');
    await untilCheckout(h, orderId, 'COMPLETED');
    expect(h.peers.payments.of(orderId).captured).toHaveLength(1);
    expect(h.peers.inventory.sold(offer.id)).toBe(2);
    expect(await h.rows('select 1 from orders where id = ?', [orderId])).toHaveLength(1);
  });

  it('O11 keeps news that come before the order, and applies them to it', async () => {
    const offer = onSale(h, anOffer());
    const shop = shopping(h);
    const cartId = await shop.cart([{ offerId: offer.id, quantity: 1 }]);
    const stateOf = async (orderId: string) =>
      JSON.stringify(await h.rows('select state from checkout where order_id = ?', [orderId]));
    // Payments tells of the payment while its own answer is still on the way, and the card is fast.
    h.peers.onCall = async ({ operation, phase }) => {
      const latest = h.peers.payments.payments.at(-1);
      if (operation !== 'OrdersPaymentCreate' || phase !== 'after' || !latest) return;
      h.peers.payments.authorize(latest.id);
      await paymentNews(latest.orderId, 'AUTHORIZED');
      await until(async () => (await stateOf(latest.orderId)).includes('"reported"'));
    };
    const start = await shop.start(cartId);
    expect(start.userErrors).toEqual([]);
    await until(async () => (await orderOf(start.order!.id))?.status === 'CONFIRMED');

    // And of an order nobody here knows yet.
    const unknown = ids.next('ord');
    await paymentNews(unknown, 'AUTHORIZED');
    await until(async () => (await h.rows('select 1 from parked_payment where order_id = ?', [unknown])).length === 1);
  });

  it('fails by the event of a declined payment', async () => {
    const { offer, orderId, paymentId } = await started();
    h.peers.payments.decline(paymentId);
    await paymentNews(orderId, 'FAILED', 'Your card was declined.');
    await until(async () => (await orderOf(orderId))?.status === 'FAILED');
    expect((await orderOf(orderId))?.failure).toMatchObject({ code: 'PAYMENT_DECLINED' });
    expect(h.peers.inventory.free.get(offer.id)).toBe(100);
  });

  it('R07 gives up an unpaid order when its time is over, and never charges one that is paid too late', async () => {
    const { offer, orderId, paymentId } = await started();
    h.clock.advance(900_001);
    await until(async () => (await orderOf(orderId))?.status === 'FAILED');
    expect(await orderOf(orderId)).toMatchObject({
      payment_status: 'VOIDED',
      failure: { code: 'RESERVATION_EXPIRED' },
    });
    expect(h.peers.inventory.free.get(offer.id)).toBe(100);
    h.peers.payments.authorize(paymentId);
    await paymentNews(orderId, 'AUTHORIZED');
    await until(async () => (await h.rows('select 1 from inbox where consumer = ?', ['orders'])).length > 0);
    expect(h.peers.payments.of(orderId)).toMatchObject({ status: 'VOIDED', captured: [] });
  });

  it('R07 is undone when inventory says that the goods are gone', async () => {
    const { offer, orderId, paymentId, start } = await started();
    h.peers.payments.authorize(paymentId);
    h.peers.inventory.reservations.find((each) => each.id === start.reservationId)!.status = 'EXPIRED';
    await h.publish('inventory', {
      name: 'inventory.reservationEnded',
      key: start.reservationId!,
      payload: { reservationId: start.reservationId, cartId: start.cart!.id, status: 'EXPIRED' },
    });
    await until(async () => (await orderOf(orderId))?.status === 'FAILED');
    expect(h.peers.payments.of(orderId)).toMatchObject({ status: 'VOIDED', captured: [] });
    expect(h.peers.inventory.sold(offer.id)).toBe(0);
  });

  it('asks the provider by itself when all news of a payment were lost', async () => {
    const { orderId, paymentId } = await started();
    h.peers.payments.authorize(paymentId);
    h.clock.advance(61_000);
    await until(async () => (await orderOf(orderId))?.status === 'CONFIRMED');
    expect(h.peers.payments.of(orderId).captured).toHaveLength(1);
  });

  it('says that the payment is still to be made', async () => {
    const { shop, cartId, start } = await started();
    const completed = await shop.complete(cartId, start);
    expect(completed).toMatchObject({
      order: { status: 'PENDING_PAYMENT' },
      userErrors: [{ code: 'PAYMENT_ACTION_REQUIRED' }],
    });
  });

  it('is started once by one key, in parallel too, and by another key for the same cart joins it', async () => {
    const offer = onSale(h, anOffer());
    const shop = shopping(h);
    const cartId = await shop.cart([{ offerId: offer.id, quantity: 1 }]);
    const key = ids.next('key');
    const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => shop.start(cartId, n < 6 ? { key } : {})));
    expect(answers.flatMap((answer) => answer.userErrors)).toEqual([]);
    expect(new Set(answers.map((answer) => answer.order!.id)).size).toBe(1);
    expect(new Set(answers.map((answer) => answer.paymentClientSecret)).size).toBe(1);
    expect(h.peers.inventory.held(offer.id)).toBe(1);
    const reused = await shop.start(cartId, { key, total: { amount: 1, currencyCode: 'EUR' } });
    expect(reused.userErrors).toMatchObject([{ code: 'IDEMPOTENCY_KEY_REUSED' }]);
    // Another buyer's key of the same name is another key.
    const other = shopping(h);
    const theirs = await other.start(await other.cart([{ offerId: offer.id, quantity: 1 }]), { key });
    expect(theirs.userErrors).toEqual([]);
    expect(theirs.order!.id).not.toBe(answers[0]!.order!.id);
  });

  it('is completed once by 20 parallel completions', async () => {
    const { shop, cartId, start, orderId, paymentId } = await started();
    h.peers.payments.authorize(paymentId);
    const key = ids.next('key');
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => shop.complete(cartId, start, n < 10 ? { key } : {})),
    );
    expect(answers.flatMap((answer) => answer.userErrors)).toEqual([]);
    expect(new Set(answers.map((answer) => answer.order!.number)).size).toBe(1);
    expect(h.peers.payments.of(orderId).captured).toHaveLength(1);
    const events = await h.rows(`select 1 from outbox where name = 'orders.orderConfirmed' and key = ?`, [orderId]);
    expect(events).toHaveLength(1);
    const other = await shop.complete(cartId, start, { key, input: { purchaseOrderNumber: 'PO-2' } });
    expect(other.userErrors).toMatchObject([{ code: 'IDEMPOTENCY_KEY_REUSED' }]);
  });

  it('refuses another total, another currency, another payment and another buyer’s checkout', async () => {
    const { shop, cartId, start, paymentId } = await started();
    const { amount } = start.order!.total;
    const total = (expectedTotal: unknown) => shop.complete(cartId, start, { input: { expectedTotal } });
    expect((await total({ amount: amount + 1, currencyCode: 'EUR' })).userErrors).toMatchObject([
      { code: 'CART_CHANGED' },
    ]);
    expect((await total({ amount, currencyCode: 'USD' })).userErrors).toMatchObject([{ code: 'INVALID' }]);
    const wrong = await shop.complete(cartId, start, { input: { paymentId: ids.next('pay') } });
    expect(wrong).toMatchObject({ order: null, userErrors: [{ code: 'NOT_FOUND' }] });
    const stranger = shopping(h, aUser());
    expect(await stranger.complete(cartId, start)).toMatchObject({ order: null, userErrors: [{ code: 'NOT_FOUND' }] });
    expect(await stranger.start(cartId)).toMatchObject({ order: null, userErrors: [{ code: 'NOT_FOUND' }] });
    expect(paymentId).toBe(start.paymentId);
  });

  it('closes the cart it has sold', async () => {
    const { offer, shop, cartId, start, orderId } = await started();
    h.peers.payments.authorize(start.paymentId!);
    await shop.complete(cartId, start);
    await untilCheckout(h, orderId, 'COMPLETED');
    expect((await shop.start(cartId)).userErrors).toMatchObject([{ code: 'CONFLICT' }]);
    expect((await shop.add([{ offerId: offer.id, quantity: 1 }], cartId)).userErrors).toMatchObject([
      { code: 'CONFLICT' },
    ]);
    const next = await shop.add([{ offerId: offer.id, quantity: 1 }]);
    expect(next.cart!.id).not.toBe(cartId);
  });

  it('is refused for a cart that is empty, has no address, or holds what is not on sale', async () => {
    const offer = onSale(h, anOffer());
    const shop = shopping(h);
    const { cart } = await shop.add([{ offerId: offer.id, quantity: 1 }]);
    expect((await shop.start(cart!.id)).userErrors).toMatchObject([{ code: 'INVALID', field: ['shippingAddress'] }]);
    expect((await shop.start(ids.next('crt'))).userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
    const cartId = await shop.cart([{ offerId: offer.id, quantity: 1 }]);
    h.peers.offers.set(offer.id, { ...offer, status: 'PAUSED' });
    expect((await shop.start(cartId)).userErrors).toMatchObject([{ code: 'VENDOR_NOT_ACTIVE' }]);
    h.peers.offers.delete(offer.id);
    expect((await shop.start(cartId)).userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
  });

  it('is refused cleanly without the catalog or inventory, and goes on with the same key', async () => {
    const offer = onSale(h, anOffer());
    const shop = shopping(h);
    const cartId = await shop.cart([{ offerId: offer.id, quantity: 1 }]);
    h.peers.away.add('catalog');
    expect((await shop.start(cartId)).userErrors).toMatchObject([{ code: 'SERVICE_UNAVAILABLE' }]);
    h.peers.away.clear();
    h.peers.away.add('inventory');
    const key = ids.next('key');
    expect((await shop.start(cartId, { key })).userErrors).toMatchObject([{ code: 'SERVICE_UNAVAILABLE' }]);
    h.peers.away.clear();
    expect((await shop.start(cartId, { key })).userErrors).toEqual([]);
    expect(h.peers.inventory.held(offer.id)).toBe(1);
  });

  it('asks who is there first', async () => {
    const { errors } = await h.answer({ kind: 'anonymous' }, operations.start, { cartId: 'crt', key: 'key-12345' });
    expect(errors?.[0]?.extensions?.['code']).toBe('UNAUTHENTICATED');
  });
});

describe('X7 a stuck checkout', () => {
  /** What this transaction did was only to look. */
  class NotKept extends Error {}

  it('is one that nobody moves and nobody has to pay first', async () => {
    const shop = shopping(h);
    const cartId = await shop.cart([{ offerId: onSale(h, anOffer()).id, quantity: 1 }]);
    expect((await shop.start(cartId)).userErrors).toEqual([]);
    const counted: number[] = [];
    const looking = inTransaction(h.db, async (em) => {
      const countWhen = async (set: string) => {
        await em.execute(`update checkout set ${set} where cart_id = ?`, [cartId]);
        counted.push(await countStuckCheckouts(em, 120));
      };
      await em.execute('update checkout set updated_at = now(), deadline_at = now()');
      await countWhen("updated_at = now() - interval '1 hour', deadline_at = now() + interval '5 minutes'");
      await countWhen("deadline_at = now() - interval '121 seconds'");
      await countWhen("status = 'SETTLING', updated_at = now() - interval '119 seconds'");
      await countWhen("updated_at = now() - interval '121 seconds'");
      await countWhen("status = 'COMPLETED'");
      throw new NotKept();
    });
    await expect(looking).rejects.toThrow(NotKept);
    expect(counted).toEqual([0, 1, 0, 1, 0]);
  });
});
