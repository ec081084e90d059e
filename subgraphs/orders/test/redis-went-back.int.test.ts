import { closeRedis, connectRedis } from '@marketgraph/platform/redis';
import { silentLog as log } from '@marketgraph/platform/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anOffer, onSale, type OrdersHarness, shopping, startOrders, untilCheckout } from './orders-harness.ts';

let h: OrdersHarness;
beforeAll(async () => {
  h = await startOrders();
});
afterAll(() => h?.stop());

describe('a Redis that came back as it was before a sale', () => {
  it('R12 shows the cart again that was ordered, sells it no second time, and lets its buyer go on', async () => {
    const offer = onSale(h, anOffer());
    const shop = shopping(h);
    const cartId = await shop.cart([{ offerId: offer.id, quantity: 2 }]);
    const redis = await connectRedis(h.config.redisUrl, { log, name: 'test' });
    try {
      const before = await redis.hgetall(`{orders:cart:${cartId}}`);
      const start = await shop.start(cartId);
      h.peers.payments.authorize(start.paymentId!);
      expect((await shop.complete(cartId, start)).order?.status).toBe('CONFIRMED');
      await untilCheckout(h, start.order!.id, 'COMPLETED');

      await redis.hset(`{orders:cart:${cartId}}`, before);
      await redis.set(`orders:active-cart:${shop.buyer.userId}`, cartId);
      expect((await shop.add([{ offerId: offer.id, quantity: 1 }])).cart?.id).toBe(cartId);
      const again = await shop.start(cartId);
      expect(again.userErrors).toMatchObject([{ code: 'CONFLICT', message: 'This cart has been ordered.' }]);
      expect(h.peers.inventory.sold(offer.id)).toBe(2);

      const next = await shop.cart([{ offerId: offer.id, quantity: 1 }]);
      expect(next).not.toBe(cartId);
      expect((await shop.start(next)).order?.status).toBe('PENDING_PAYMENT');
    } finally {
      await closeRedis(redis);
    }
  });
});
