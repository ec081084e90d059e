import { setTimeout as pause } from 'node:timers/promises';
import { connectRedis } from '@marketgraph/platform/redis';
import { silentLog as log, until } from '@marketgraph/platform/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { redisCarts } from '../src/store/carts.ts';
import { anOffer, checkoutStatus, onSale, type OrdersHarness, shopping, startOrders } from './orders-harness.ts';
import { orderRow, startedCheckout } from './started-checkout.ts';

let h: OrdersHarness;

/** Of each kind; `test:chaos` races a thousand times against the real services. */
const RACE_ROUNDS = 10;
const RACE_OFFSET_MS = 40;

beforeAll(async () => {
  h = await startOrders();
});

beforeEach(() => {
  h.peers.away.clear();
  h.peers.onCall = () => undefined;
});

afterAll(() => h?.stop());

const orderOf = (id: string) => orderRow(h, id);
const started = (units?: number) => startedCheckout(h, units);

describe('a checkout whose cart or prices change meanwhile', () => {
  it('R06 is refused once when a price has moved, and goes on at the price that was shown', async () => {
    const offer = onSale(h, anOffer({ amount: 1_000 }));
    const shop = shopping(h);
    const cartId = await shop.cart([{ offerId: offer.id, quantity: 1 }]);
    h.peers.offers.set(offer.id, { ...offer, price: { amount: 1_500, currencyCode: 'EUR' } });
    const first = await shop.start(cartId);
    expect(first).toMatchObject({ order: null, userErrors: [{ code: 'PRICE_CHANGED', field: ['lines', '0'] }] });
    expect(first.cart!.total.amount).toBe(1_500 + 285 + 490);
    const second = await shop.start(cartId);
    expect(second).toMatchObject({ userErrors: [], order: { total: { amount: 1_500 + 285 + 490 } } });
    // From here on the order's price counts, whatever the catalog says.
    h.peers.offers.set(offer.id, { ...offer, price: { amount: 9_000, currencyCode: 'EUR' } });
    h.peers.payments.authorize(second.paymentId!);
    await shop.complete(cartId, second);
    expect(h.peers.payments.of(second.order!.id).captured).toEqual([2_275]);
  });

  it('R05 gives itself up when the cart is edited, and what was edited can be bought', async () => {
    const { offer, shop, cartId, start, orderId, paymentId } = await started(2);
    const edited = await shop.add([{ offerId: offer.id, quantity: 1 }], cartId);
    expect(edited.userErrors).toEqual([]);
    await until(async () => (await orderOf(orderId))?.status === 'FAILED');
    expect((await orderOf(orderId))?.failure).toMatchObject({ code: 'CART_CHANGED' });
    expect(h.peers.payments.of(orderId).status).toBe('VOIDED');
    expect((await shop.complete(cartId, start)).userErrors).toMatchObject([{ code: 'CART_CHANGED' }]);
    const again = await shop.start(cartId);
    expect(again).toMatchObject({ userErrors: [], order: { status: 'PENDING_PAYMENT' } });
    expect(again.paymentId).not.toBe(paymentId);
    expect(h.peers.inventory.held(offer.id)).toBe(3);
  });

  it.each(['quantity', 'line removed', 'price'] as const)(
    'R05 R06 charges what the order says when, while it is paid, another changes: %s',
    async (what) => {
      for (let round = 0; round < RACE_ROUNDS; round += 1) {
        const { offer, shop, cartId, start, orderId, paymentId } = await started(2);
        h.peers.payments.authorize(paymentId);
        const edit = async () => {
          const lineId = start.cart!.lines[0]!.id;
          if (what === 'quantity') return shop.add([{ offerId: offer.id, quantity: 1 }], cartId);
          if (what === 'line removed') return shop.remove(cartId, [lineId]);
          h.peers.offers.set(offer.id, { ...offer, price: { amount: 9_999, currencyCode: 'EUR' } });
          return undefined;
        };
        const after = Math.random() * RACE_OFFSET_MS;
        const [completed, edited] = await Promise.all([
          pause(Math.random() < 0.5 ? 0 : after).then(() => shop.complete(cartId, start)),
          pause(Math.random() < 0.5 ? 0 : after).then(edit),
        ]);
        await until(async () => ['COMPLETED', 'FAILED'].includes((await checkoutStatus(h, orderId)) ?? ''));
        const { captured } = h.peers.payments.of(orderId);
        const order = await orderOf(orderId);
        if (order!.status === 'CONFIRMED') {
          const [{ total }] = (await h.rows<{ total: string }>(
            'select sum(total) as total from vendor_order where order_id = ?',
            [orderId],
          )) as [{ total: string }];
          expect(captured).toEqual([Number(total)]);
          expect(captured).toEqual([start.order!.total.amount]);
          expect(h.peers.inventory.sold(offer.id)).toBe(2);
          if (edited) expect(edited.userErrors).toMatchObject([{ code: 'CONFLICT' }]);
        } else {
          // What the catalog asks now is nothing to an order that was placed at another price.
          expect(what).not.toBe('price');
          expect(captured).toEqual([]);
          expect(h.peers.inventory.sold(offer.id)).toBe(0);
          expect(edited!.userErrors).toEqual([]);
          expect(completed.order?.status).not.toBe('CONFIRMED');
        }
      }
    },
  );

  it('R05 is not given up by a start that is refused for its total, and is by one at the total that is true now', async () => {
    const { offer, shop, cartId, start, orderId, paymentId } = await started(2);
    const { total } = start.order!;
    const wrong = await shop.start(cartId, { total: { ...total, amount: total.amount + 1 } });
    expect(wrong).toMatchObject({ order: null, paymentId: null, userErrors: [{ code: 'CART_CHANGED' }] });
    expect(await checkoutStatus(h, orderId)).toBe('AWAITING_PAYMENT');
    expect((await shop.start(cartId, { total })).order!.id).toBe(orderId);

    // Dearer since: the old total buys nothing new, and whoever pays it now still gets it.
    h.peers.offers.set(offer.id, { ...offer, price: { amount: offer.price.amount + 100, currencyCode: 'EUR' } });
    const cart = await h.run<{ cart: { total: typeof total } }>(
      shop.buyer,
      'query($cartId: ID!) { cart(id: $cartId) { total { amount currencyCode } } }',
      { cartId },
    );
    expect(cart.cart.total.amount).toBeGreaterThan(total.amount);
    const dearer = await shop.start(cartId, { total: cart.cart.total });
    expect(dearer).toMatchObject({ userErrors: [], order: { status: 'PENDING_PAYMENT', total: cart.cart.total } });
    expect(h.peers.payments.payments.find((payment) => payment.id === paymentId)?.status).toBe('VOIDED');
    expect(h.peers.inventory.held(offer.id)).toBe(2);
  });

  it('R05 R08 of which the cart does not know, since who began it died, is known to it when its buyer asks again', async () => {
    const redis = await connectRedis(h.config.redisUrl, { log, name: 'test' });
    const carts = redisCarts(redis);
    const forget = async (cartId: string) => {
      const cart = (await carts.read(cartId))!;
      expect(await carts.replace({ ...cart, checkoutOrderId: null, version: cart.version + 1 }, cart.version)).toBe(
        true,
      );
    };
    try {
      for (const meanwhile of ['nothing', 'an edit'] as const) {
        const offer = onSale(h, anOffer());
        const shop = shopping(h);
        const cartId = await shop.cart([{ offerId: offer.id, quantity: 2 }]);
        const key = `began-and-died-${meanwhile.length}-${cartId}`;
        const { id: orderId } = (await shop.start(cartId, { key })).order!;
        await forget(cartId);
        if (meanwhile === 'an edit') await shop.add([{ offerId: offer.id, quantity: 1 }], cartId);
        expect(await checkoutStatus(h, orderId)).toBe('AWAITING_PAYMENT');

        const again = await shop.start(cartId, { key });
        if (meanwhile === 'nothing') {
          expect(again).toMatchObject({ userErrors: [], order: { id: orderId } });
          expect((await shop.add([{ offerId: offer.id, quantity: 1 }], cartId)).userErrors).toEqual([]);
        } else {
          expect(again.userErrors).toMatchObject([{ code: 'CART_CHANGED' }]);
        }
        await until(async () => (await checkoutStatus(h, orderId)) === 'FAILED');
        expect(h.peers.inventory.held(offer.id)).toBe(0);
      }
    } finally {
      redis.disconnect();
    }
  });

  it('leaves a bad edit without effect on the checkout', async () => {
    const { offer, shop, cartId, orderId } = await started();
    const bad = await shop.add([{ offerId: offer.id, quantity: 0 }], cartId);
    expect(bad.userErrors).toMatchObject([{ code: 'INVALID' }]);
    expect(await checkoutStatus(h, orderId)).toBe('AWAITING_PAYMENT');
  });
});
