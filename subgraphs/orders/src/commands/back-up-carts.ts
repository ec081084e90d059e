import { CART_TTL_S } from '../domain/cart.ts';
import { backUpCart, dropCartBackupsBefore } from '../store/cart-backups.ts';
import type { Services } from './services.ts';

/** A cart left alone this long is copied to PostgreSQL. */
export const BACK_UP_AFTER_MS = 30 * 60_000;
const BATCH = 100;

/** Copies carts nobody touched lately, and forgets copies whose cart is over. */
export async function backUpCarts(services: Services): Promise<'idle' | 'busy'> {
  const { carts, orm, clock } = services;
  const now = clock.now().getTime();
  const touches = await carts.untouchedSince(new Date(now - BACK_UP_AFTER_MS), BATCH);
  for (const touch of touches) {
    const cart = await carts.read(touch.cartId);
    if (cart?.status === 'OPEN') await backUpCart(orm, cart);
    // Only what was copied is taken off: a cart written meanwhile stays listed.
    await carts.forgetTouch(touch);
  }
  if (touches.length < BATCH) {
    await dropCartBackupsBefore(orm.em.fork(), new Date(now - CART_TTL_S * 1_000));
    return 'idle';
  }
  return 'busy';
}
