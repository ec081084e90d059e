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
      await h.rows(
        `insert into cart_backup (cart_id, buyer_id, document, version, touched_at) values (?, ?, '{}', 1, now())`,
        [cartId, shop.buyer.userId],
      );
      const again = await shop.start(cartId);
      expect(again.userErrors).toMatchObject([{ code: 'CONFLICT', message: 'This cart has been ordered.' }]);
      expect(h.peers.inventory.sold(offer.id)).toBe(2);
      expect(await h.rows('select cart_id from cart_backup where cart_id = ?', [cartId])).toEqual([]);

      const next = await shop.cart([{ offerId: offer.id, quantity: 1 }]);
      expect(next).not.toBe(cartId);
      expect((await shop.start(next)).order?.status).toBe('PENDING_PAYMENT');
    } finally {
      await closeRedis(redis);
    }
  });
});
