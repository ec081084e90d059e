import { accept, reject, type Result } from '@marketgraph/platform/core';
import { hashOf } from '@marketgraph/platform/postgres';
import type { Address } from '../domain/address.ts';
import {
  type Addition,
  addLines,
  appliedBefore,
  type Cart,
  type QuantityChange,
  rememberKey,
  removeLines,
  selectDelivery,
  setAddresses,
  updateLines,
} from '../domain/cart.ts';
import type { Quotes } from '../domain/offer-quote.ts';
import { changeCart } from './change-cart.ts';
import { type CartUser, loadCart, mayUse } from './load-cart.ts';
import type { Cause, Services } from './services.ts';

interface Edit {
  cartId: string;
  user: CartUser;
  cause: Cause;
}

/** More lines than a cart can hold need no answer from the catalog. */
const MAX_ADDITIONS = 500;

export async function addCartLines(
  services: Services,
  command: Omit<Edit, 'cartId'> & {
    cartId: string | null;
    lines: readonly Addition[];
    idempotencyKey?: string | null;
  },
): Promise<Result<Cart>> {
  const { cartId, user, cause, lines, idempotencyKey } = command;
  if (lines.length > MAX_ADDITIONS) {
    return reject('LIMIT_EXCEEDED', `At most ${MAX_ADDITIONS} lines at once.`, { field: ['lines'] });
  }
  const quotes = await askCatalog(services, lines, cause);
  if (!quotes.ok) return quotes;
  const inputHash = hashOf({ cartId, lines });
  return await changeCart(services, {
    cartId,
    user,
    cause,
    decide(cart) {
      const applied = idempotencyKey ? appliedBefore(cart, idempotencyKey, inputHash) : undefined;
      if (applied === 'same') return accept(cart);
      if (applied === 'other') return reject('IDEMPOTENCY_KEY_REUSED', 'This key was used for another addition.');
      const added = addLines(cart, lines, { quotes: quotes.value, nextLineId: () => services.ids.next('cln') });
      return added.ok && idempotencyKey ? accept(rememberKey(added.value, idempotencyKey, inputHash)) : added;
    },
  });
}

export async function updateCartLines(
  services: Services,
  command: Edit & { lines: readonly QuantityChange[]; expectedVersion?: number | null },
): Promise<Result<Cart>> {
  const { cartId, user, cause, lines, expectedVersion } = command;
  if (lines.length > MAX_ADDITIONS) {
    return reject('LIMIT_EXCEEDED', `At most ${MAX_ADDITIONS} lines at once.`, { field: ['lines'] });
  }
  const cart = await loadCart(services, cartId);
  if (!cart || !mayUse(cart, user)) return reject('NOT_FOUND', 'There is no such cart.', { field: ['cartId'] });
  const changed = cart.lines.filter((line) => lines.some((change) => change.lineId === line.id));
  const quotes = await askCatalog(services, changed, cause);
  if (!quotes.ok) return quotes;
  return await changeCart(services, {
    cartId,
    user,
    cause,
    decide: (current) => updateLines(current, lines, { quotes: quotes.value, expectedVersion }),
  });
}

export async function removeCartLines(
  services: Services,
  { lineIds, ...edit }: Edit & { lineIds: readonly string[] },
): Promise<Result<Cart>> {
  return await changeCart(services, { ...edit, decide: (cart) => removeLines(cart, lineIds) });
}

export async function setCartAddresses(
  services: Services,
  { shipping, billing, ...edit }: Edit & { shipping?: Address | null; billing?: Address | null },
): Promise<Result<Cart>> {
  return await changeCart(services, { ...edit, decide: (cart) => setAddresses(cart, { shipping, billing }) });
}

export async function selectCartDelivery(
  services: Services,
  { vendorId, deliveryOptionId, ...edit }: Edit & { vendorId: string; deliveryOptionId: string },
): Promise<Result<Cart>> {
  return await changeCart(services, { ...edit, decide: (cart) => selectDelivery(cart, vendorId, deliveryOptionId) });
}

/** Without the catalog there is no price, and without a price there is no line. */
async function askCatalog(
  { catalog, log }: Services,
  lines: readonly { offerId: string }[],
  { trace }: Cause,
): Promise<Result<Quotes>> {
  try {
    const offerIds = lines.map((line) => line.offerId);
    return accept(await catalog.quotes(offerIds, { traceparent: trace }));
  } catch (error) {
    log.warn({ err: error }, 'catalog did not answer');
    return reject('SERVICE_UNAVAILABLE', 'Prices cannot be read at the moment; try again.');
  }
}
