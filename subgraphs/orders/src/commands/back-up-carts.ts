import { type Cart, CART_TTL_S } from '../domain/cart.ts';
import { backUpCart, dropCartBackupsBefore } from '../store/cart-backups.ts';
import { finishMerge } from './merge-cart.ts';
import type { Services } from './services.ts';

/** A cart left alone this long is copied to PostgreSQL. */
export const BACK_UP_AFTER_MS = 30 * 60_000;
const BATCH = 100;

/** Copies carts nobody touched lately, ends merges that were cut off, and forgets copies whose cart is over. */
export async function backUpCarts(services: Services): Promise<'idle' | 'busy'> {
  const { carts, orm, clock } = services;
  const now = clock.now().getTime();
  const touches = await carts.untouchedSince(new Date(now - BACK_UP_AFTER_MS), BATCH);
  for (const touch of touches) {
    const cart = await carts.read(touch.cartId);
    if (cart?.status === 'OPEN') await backUpCart(orm, cart);
    // Nobody asked again for a merge that was cut off.
    if (cart?.status === 'MERGING') await finishLater(services, cart);
    // Only what was copied is taken off: a cart written meanwhile stays listed.
    await carts.forgetTouch(touch);
  }
  if (touches.length < BATCH) {
    await dropCartBackupsBefore(orm.em.fork(), new Date(now - CART_TTL_S * 1_000));
    return 'idle';
  }
  return 'busy';
}

async function finishLater(services: Services, cart: Cart): Promise<void> {
  try {
    await finishMerge(services, cart, { actorId: cart.merge?.buyerId ?? null });
  } catch (error) {
    // One cart's trouble is not the others': whoever asks for this merge again finds it as it is.
    services.log.error({ err: error, cartId: cart.id }, 'a merge of carts could not be finished');
  }
}
