import { accept, reject, type Result } from '@marketgraph/platform/core';
import { hashOf } from '@marketgraph/platform/postgres';
import type { Address } from '../domain/address.ts';
import {
  type Addition,
  addLines,
  appliedBefore,
  buyFor,
  type Cart,
  type QuantityChange,
  pricedFor,
  rememberKey,
  removeLines,
  selectDelivery,
  setAddresses,
  updateLines,
} from '../domain/cart.ts';
import type { Quotes } from '../domain/offer-quote.ts';
import { changeCart } from './change-cart.ts';
import { type CartUser, loadActiveCart, loadCart, mayUse } from './load-cart.ts';
import type { Cause, Services } from './services.ts';

interface Edit {
  cartId: string;
  user: CartUser;
  cause: Cause;
}

/** Of so many offers inventory is asked; what is beyond them is refused by the checkout. */
const MAX_DOUBTED = 100;
/** A cart is not kept waiting for a courtesy. */
const DOUBT_TIMEOUT_MS = 2_000;

/** More lines than a cart can hold need no answer from the catalog. */
const MAX_ADDITIONS = 500;

const NOT_THEIRS = reject('FORBIDDEN', 'You do not buy for this organization.', { field: ['organizationId'] });
/** The prices that were asked for are those of another buyer. */
const ANOTHER_BUYER = reject('CONFLICT', 'The cart is bought for somebody else meanwhile; try again.', {
  field: ['cartId'],
});

export async function addCartLines(
  services: Services,
  command: Omit<Edit, 'cartId'> & {
    cartId: string | null;
    /** For whom the cart is bought from now on; absent: as it was. */
    organizationId?: string | null;
    lines: readonly Addition[];
    idempotencyKey?: string | null;
  },
): Promise<Result<Cart>> {
  const { cartId, user, cause, lines, idempotencyKey } = command;
  const wanted = command.organizationId ?? undefined;
  if (wanted !== undefined && !user.organizationIds?.includes(wanted)) return NOT_THEIRS;
  if (lines.length > MAX_ADDITIONS) {
    return reject('LIMIT_EXCEEDED', `At most ${MAX_ADDITIONS} lines at once.`, { field: ['lines'] });
  }
  const held = await heldCart(services, cartId, user);
  const before = held?.organizationId ?? null;
  const organizationId = wanted ?? before;
  const asked = organizationId === before ? lines : [...lines, ...(held?.lines ?? [])];
  const pricedAs = organizationId !== null && user.organizationIds?.includes(organizationId) ? organizationId : null;
  const quotes = await askCatalog(services, asked, { cause, organizationId: pricedAs });
  if (!quotes.ok) return quotes;
  const left = await askInventory(services, lines, { quotes: quotes.value, cause });
  const inputHash = hashOf({ cartId, lines, ...(wanted === undefined ? {} : { organizationId: wanted }) });
  return await changeCart(services, {
    cartId,
    hadNone: held === undefined,
    user,
    cause,
    decide(cart) {
      const applied = idempotencyKey ? appliedBefore(cart, idempotencyKey, inputHash) : undefined;
      if (applied === 'same') return accept(cart);
      if (applied === 'other') return reject('IDEMPOTENCY_KEY_REUSED', 'This key was used for another addition.');
      if ((cart.organizationId ?? null) !== before) return ANOTHER_BUYER;
      const theirs = buyFor(cart, organizationId, quotes.value);
      const facts = { quotes: quotes.value, left, nextLineId: () => services.ids.next('cln') };
      const added = addLines(theirs, lines, facts);
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
  const organizationId = pricedFor(cart, user.organizationIds);
  const quotes = await askCatalog(services, changed, { cause, organizationId });
  if (!quotes.ok) return quotes;
  const left = await askInventory(services, changed, { quotes: quotes.value, cause });
  return await changeCart(services, {
    cartId,
    user,
    cause,
    decide: (current) =>
      (current.organizationId ?? null) === (cart.organizationId ?? null)
        ? updateLines(current, lines, { quotes: quotes.value, left, expectedVersion })
        : ANOTHER_BUYER,
  });
}

/** What the buyer is shown next are the prices of whom is bought for: they are the ones that were seen. */
export async function setCartOrganization(
  services: Services,
  { organizationId, ...edit }: Edit & { organizationId: string | null },
): Promise<Result<Cart>> {
  const { cartId, user, cause } = edit;
  if (organizationId !== null && !user.organizationIds?.includes(organizationId)) return NOT_THEIRS;
  const cart = await loadCart(services, cartId);
  if (!cart || !mayUse(cart, user)) return reject('NOT_FOUND', 'There is no such cart.', { field: ['cartId'] });
  const quotes = await askCatalog(services, cart.lines, { cause, organizationId });
  if (!quotes.ok) return quotes;
  return await changeCart(services, {
    ...edit,
    decide: (current) => accept(buyFor(current, organizationId, quotes.value)),
  });
}

/** The cart as it is now, to be priced; undefined when a new one will be opened, or there is none. */
async function heldCart(services: Services, cartId: string | null, user: CartUser): Promise<Cart | undefined> {
  if (cartId !== null) return await loadCart(services, cartId);
  return user.userId === null ? undefined : await loadActiveCart(services, user.userId);
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
  { cause: { trace }, organizationId }: { cause: Cause; organizationId: string | null },
): Promise<Result<Quotes>> {
  try {
    const offerIds = lines.map((line) => line.offerId);
    return accept(await catalog.quotes(offerIds, { traceparent: trace, organizationId }));
  } catch (error) {
    log.warn({ err: error }, 'catalog did not answer');
    return reject('SERVICE_UNAVAILABLE', 'Prices cannot be read at the moment; try again.');
  }
}

/**
 * What there is of offers that the catalog heard were sold out; undefined when nobody doubts, or inventory does not say.
 * Then they go in, and the checkout tells.
 */
async function askInventory(
  { inventory, log }: Services,
  lines: readonly { offerId: string }[],
  { quotes, cause: { trace } }: { quotes: Quotes; cause: Cause },
): Promise<ReadonlyMap<string, number> | undefined> {
  const doubted = new Set(lines.map(({ offerId }) => offerId).filter((id) => quotes.get(id)?.isSoldOut));
  if (doubted.size === 0) return undefined;
  try {
    const call = { traceparent: trace, timeoutMs: DOUBT_TIMEOUT_MS };
    return await inventory.available([...doubted].slice(0, MAX_DOUBTED), call);
  } catch (error) {
    log.warn({ err: error }, 'inventory did not say what is left');
    return undefined;
  }
}
