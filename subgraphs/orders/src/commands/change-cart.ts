import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { accept, reject, type Result } from '@marketgraph/platform/core';
import { inTransaction } from '@marketgraph/platform/postgres';
import { type Cart, newCart } from '../domain/cart.ts';
import { canBeAbandoned, type Failure } from '../domain/checkout.ts';
import { cartChanged } from '../events/out.ts';
import { lockCheckout, postponeCheckout } from '../store/checkouts.ts';
import { applyCheckoutEvent } from './advance-checkout.ts';
import { type CartUser, loadActiveCart, loadCart, mayUse } from './load-cart.ts';
import type { Cause, Services } from './services.ts';

/** A writer that loses this many races in a row faces something else than races. */
const MAX_TRIES = 100;
const MAX_PAUSE_MS = 15;

const CART_EDITED: Failure = { code: 'CART_CHANGED', message: 'The cart was changed during the checkout.' };

export interface CartChange {
  /** Null for the user's open cart, or a new one. */
  cartId: string | null;
  /** The user had no open cart a moment ago, so its copies are not looked through once more. */
  hadNone?: boolean;
  user: CartUser;
  cause: Cause;
  /** Pure, and run again on the newest cart after a lost race. An equal cart back means: nothing to write. */
  decide(cart: Cart): Result<Cart>;
}

/**
 * Load, decide, write if nobody wrote meanwhile, else again. Changing a cart
 * that is in checkout gives that checkout up, as long as no money can have moved.
 * What changes nothing does not: a client that asks again for what was done keeps its checkout.
 */
export async function changeCart(services: Services, change: CartChange): Promise<Result<Cart>> {
  const target: OpenCart =
    change.cartId === null ? await openCart(services, change.user, change) : { cartId: change.cartId };
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    const isStored = tries > 1 || !target.isNew;
    const cart = (isStored ? await loadCart(services, target.cartId) : undefined) ?? target.fresh;
    if (!cart || (cart !== target.fresh && !mayUse(cart, change.user))) {
      return reject('NOT_FOUND', 'There is no such cart.', { field: ['cartId'] });
    }
    if (cart.status === 'CLOSED') return reject('CONFLICT', 'This cart has been ordered.', { field: ['cartId'] });
    if (cart.status === 'MERGING') {
      return reject('CONFLICT', 'This cart is becoming part of its user’s.', { field: ['cartId'] });
    }
    const decided = change.decide(cart);
    if (!decided.ok) return decided;
    if (isDeepStrictEqual(decided.value, cart)) return accept(cart);
    const unlocked = await giveUpCheckout(services, cart, change.cause);
    if (!unlocked.ok) return unlocked;
    const next: Cart = {
      ...decided.value,
      checkoutOrderId: null,
      version: cart.version + 1,
      updatedAt: services.clock.now().toISOString(),
    };
    if (await services.carts.replace(next, cart.version)) {
      await tellCartChanged(services, next);
      return accept(next);
    }
    await new Promise((resolve) => {
      setTimeout(resolve, Math.random() * MAX_PAUSE_MS);
    });
  }
  throw new Error(`Cart ${target.cartId} changed too often to be written.`);
}

/** A cart is no money: when the stream cannot be reached its listeners miss a beat, and the buyer is not refused. */
export async function tellCartChanged(services: Services, cart: Cart): Promise<void> {
  const { bus, ids, clock, log } = services;
  const event = cartChanged({ cartId: cart.id, version: cart.version });
  try {
    await bus.publish('orders', [{ ...event, id: ids.next('evt'), occurredAt: clock.now().toISOString() }]);
  } catch (error) {
    log.warn({ err: error, cartId: cart.id }, 'cart change not told');
  }
}

/** Ends a checkout that may still be ended, and lets the sweeper take back what it holds. */
export async function abandonCheckout(
  services: Services,
  { orderId, failure, cause }: { orderId: string; failure: Failure; cause: Cause },
): Promise<'abandoned' | 'ended' | 'too late' | 'sold'> {
  const outcome = await inTransaction(services.orm, async (em) => {
    const record = await lockCheckout(em, orderId);
    if (!record || record.state.status === 'FAILED') return 'ended';
    const { state } = record;
    if (state.status === 'COMPLETED') return 'sold';
    // Turned back already: what remains is giving back.
    if ('failure' in state && state.failure && state.status !== 'EXPIRING') return 'abandoned';
    if (!canBeAbandoned(state)) return 'too late';
    await applyCheckoutEvent(em, services, { orderId, event: { type: 'abandoned', failure }, cause });
    await postponeCheckout(em, orderId, { nextAttemptAt: services.clock.now(), failed: false });
    return 'abandoned';
  });
  services.nudgeSweeper();
  return outcome;
}

async function giveUpCheckout(services: Services, cart: Cart, cause: Cause): Promise<Result<null>> {
  if (!cart.checkoutOrderId) return accept(null);
  const outcome = await abandonCheckout(services, { orderId: cart.checkoutOrderId, failure: CART_EDITED, cause });
  if (outcome === 'sold') return reject('CONFLICT', 'This cart has been ordered.', { field: ['cartId'] });
  if (outcome === 'too late') return reject('CONFLICT', 'This cart is being paid.', { field: ['cartId'] });
  return accept(null);
}

interface OpenCart {
  cartId: string;
  /** What it is when it is not stored yet. */
  fresh?: Cart;
  /** Nobody can have stored it: its id was made just now. */
  isNew?: boolean;
}

/**
 * The user's open cart, or one to be made. Of two first additions of one user
 * both use the id that was claimed first, and the version decides who makes it.
 */
export async function openCart(
  services: Services,
  { userId }: CartUser,
  { hadNone = false }: { hadNone?: boolean } = {},
): Promise<OpenCart> {
  const { carts, ids, clock } = services;
  const now = clock.now();
  if (userId === null) {
    const cartId = ids.next('crt');
    const token = randomBytes(24).toString('base64url');
    return { cartId, fresh: newCart({ id: cartId, token, buyerId: null, now }), isNew: true };
  }
  const active = hadNone ? undefined : await loadActiveCart(services, userId);
  if (active) return { cartId: active.id };
  const held = await carts.activeOf(userId);
  if (held && (await loadCart(services, held))?.status === 'CLOSED') await carts.dropActive(userId, held);
  const proposed = ids.next('crt');
  const cartId = await carts.claimActive(userId, proposed);
  const fresh = newCart({ id: cartId, token: null, buyerId: userId, now });
  return { cartId, fresh, isNew: cartId === proposed };
}
