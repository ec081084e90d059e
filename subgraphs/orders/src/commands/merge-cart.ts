import { accept, reject, type Result } from '@marketgraph/platform/core';
import type { Cart } from '../domain/cart.ts';
import { closeMerged, freezeForMerge, hasMerged, mergeLines, thaw } from '../domain/cart-merge.ts';
import { dropCartBackup } from '../store/cart-backups.ts';
import { changeCart, openCart, tellCartChanged } from './change-cart.ts';
import { loadCart, mayUse } from './load-cart.ts';
import type { Cause, Services } from './services.ts';

/** Each try loses to another writer of the guest's cart, and a guest has two hands. */
const MAX_TRIES = 50;

/** The user's cart is another than when the merge began: it was ordered meanwhile. */
const ANOTHER_CART = 'ANOTHER_CART';

const NO_SUCH_CART = reject('NOT_FOUND', 'There is no such cart.', { field: ['cartId'] });

/**
 * A guest signed in: the guest's cart becomes part of the user's. The two are
 * documents of different slots, so no one write can move the lines. Each step
 * is a compare-and-set instead, and each may be repeated: the guest's cart is
 * frozen with the name of its target, the target takes the lines once and
 * remembers whose they are, the guest's cart is closed. A merge that was cut
 * off is finished by whoever asks again, or by the backup loop.
 */
export async function mergeCart(
  services: Services,
  command: { cartId: string; guestCartToken: string; userId: string; cause: Cause },
): Promise<Result<Cart>> {
  const { cartId, guestCartToken, userId, cause } = command;
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    const guest = await loadCart(services, cartId);
    if (!guest || guest.buyerId !== null || !mayUse(guest, { userId: null, token: guestCartToken })) {
      return NO_SUCH_CART;
    }
    if (guest.status !== 'OPEN') {
      if (guest.merge?.buyerId !== userId) {
        return reject('CONFLICT', 'This cart became part of somebody else’s.', { field: ['cartId'] });
      }
      return await finishMerge(services, guest, cause);
    }
    const target = await openCart(services, { userId });
    const frozen = next(services, freezeForMerge(guest, { intoCartId: target.cartId, buyerId: userId }));
    if (!(await services.carts.replace(frozen, guest.version))) continue;
    return await finishMerge(services, frozen, cause);
  }
  throw new Error(`Cart ${cartId} changed too often to be merged.`);
}

/** From the frozen cart to the end; also for a merge somebody else began. */
export async function finishMerge(services: Services, frozen: Cart, cause: Cause): Promise<Result<Cart>> {
  let guest = frozen;
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    const { merge } = guest;
    if (!merge) throw new Error(`Cart ${guest.id} is not being merged.`);
    const held = await loadCart(services, merge.intoCartId);
    // Also when the target was ordered since: the lines went with it, and go nowhere a second time.
    if (held && hasMerged(held, guest.id)) return await closeGuest(services, guest, held);
    // The target's days are over, and with them what it remembered: nothing is left to give twice.
    if (guest.status === 'CLOSED') return NO_SUCH_CART;

    const into = guest;
    const merged = await changeCart(services, {
      cartId: null,
      user: { userId: merge.buyerId },
      cause,
      decide: (cart) =>
        cart.id === merge.intoCartId ? mergeLines(cart, into) : reject(ANOTHER_CART, 'It was ordered meanwhile.'),
    });
    if (merged.ok) return await closeGuest(services, guest, merged.value);
    if (merged.rejection.code !== ANOTHER_CART) {
      const open = next(services, thaw(guest));
      // Told only by who thawed it: another caller of the same merge may have come through.
      if (await services.carts.replace(open, guest.version)) return merged;
    } else {
      const target = await openCart(services, { userId: merge.buyerId });
      const again = next(services, freezeForMerge(guest, { ...merge, intoCartId: target.cartId }));
      if (await services.carts.replace(again, guest.version)) {
        guest = again;
        continue;
      }
    }
    const now = await loadCart(services, guest.id);
    if (!now || now.status === 'OPEN') return merged.rejection.code === ANOTHER_CART ? NO_SUCH_CART : merged;
    guest = now;
  }
  throw new Error(`Cart ${frozen.id} could not be merged.`);
}

async function closeGuest(services: Services, guest: Cart, target: Cart): Promise<Result<Cart>> {
  if (guest.status === 'MERGING') {
    const closed = next(services, closeMerged(guest));
    // When this write loses, another caller of the same merge has closed it.
    if (await services.carts.replace(closed, guest.version)) await tellCartChanged(services, closed);
    await dropCartBackup(services.orm.em.fork(), guest.id);
  }
  return accept(target);
}

function next({ clock }: Pick<Services, 'clock'>, cart: Cart): Cart {
  return { ...cart, version: cart.version + 1, updatedAt: clock.now().toISOString() };
}
