import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aUser, until } from '@marketgraph/platform/testing';
import { anOffer, onSale, type OrdersHarness, shopping, startOrders, untilCheckout } from './orders-harness.ts';

let h: OrdersHarness;

beforeAll(async () => {
  h = await startOrders();
});

afterAll(() => h?.stop());

describe('a checkout', () => {
  it('O12 holds the goods, places the order PENDING_PAYMENT, takes the payment, confirms and clears the cart', async () => {
    const offer = onSale(h, anOffer());
    const shop = shopping(h);
    const cartId = await shop.cart([{ offerId: offer.id, quantity: 2 }]);
    const started = await shop.start(cartId);
    expect(started).toMatchObject({ userErrors: [], order: { status: 'PENDING_PAYMENT', number: null } });
    expect(started.paymentClientSecret).toBe(`${started.paymentId}_secret`);
    expect(h.peers.inventory.held(offer.id)).toBe(2);

    h.peers.payments.authorize(started.paymentId!);
    const completed = await shop.complete(cartId, started);
    expect(completed.userErrors).toEqual([]);
    expect(completed.order).toMatchObject({ id: started.order!.id, status: 'CONFIRMED', paymentStatus: 'PAID' });
    expect(completed.order!.number).toMatch(/^M-2026-\d{6}$/);

    // 9,800 of goods, 19 % German tax, and free delivery from 50 euros on.
    expect(h.peers.payments.captured()).toBe(9_800 + 1_862);
    expect(h.peers.inventory.sold(offer.id)).toBe(2);
    const { cart } = await h.run<{ cart: { lines: unknown[] } }>(
      shop.buyer,
      'query($id: ID!) { cart(id: $id) { lines { id } } }',
      { id: cartId },
    );
    expect(cart.lines).toEqual([]);
    await untilCheckout(h, started.order!.id, 'COMPLETED');
    const again = await shop.start(cartId);
    expect(again.userErrors).toMatchObject([{ code: 'CONFLICT' }]);
    expect(aUser().roles).toEqual(['BUYER']);
    await until(async () => (await h.events('orders.orderConfirmed')).length === 1);
  });
});
