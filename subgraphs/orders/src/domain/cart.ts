import { accept, type Money, reject, type Rejection, type Result } from '@marketgraph/platform/core';
import { type Address, badAddressPart } from './address.ts';
import { isDeliveryOption } from './delivery.ts';
import { isOnSale, type OfferQuote, type Quotes, unitPriceOf } from './offer-quote.ts';

export interface CartLine {
  id: string;
  offerId: string;
  vendorId: string;
  quantity: number;
  /** The catalog's price when the buyer last saw and accepted this line. */
  unitPrice: Money;
  /** The deal that price was of. */
  dealId?: string;
  /** A deal that had no slots left for this line: what is seen is the offer's own price, until the line is changed. */
  missedDealId?: string;
}

export interface Cart {
  id: string;
  /** Of a guest's cart; who knows it may use the cart. */
  token: string | null;
  buyerId: string | null;
  /** For whom is bought, at whose prices; absent: for the buyer alone. */
  organizationId?: string | null;
  /** MERGING while its lines go over to a user's cart; CLOSED after they did, or after it became an order. */
  status: 'OPEN' | 'MERGING' | 'CLOSED';
  /** The order a checkout of this cart is working on, or has made. */
  checkoutOrderId: string | null;
  lines: CartLine[];
  shippingAddress: Address | null;
  billingAddress: Address | null;
  /** Chosen delivery option by vendor. */
  delivery: Record<string, string>;
  /** Which codes were put in; what they take off is computed. Absent from carts that were written before there were any. */
  promotions?: { promotionId: string; code: string }[];
  /** Idempotency keys of the latest additions. */
  appliedKeys: { key: string; inputHash: string }[];
  /** Of a guest's cart: whose cart took its lines, or is about to. */
  merge?: { intoCartId: string; buyerId: string };
  /** Guests' carts whose lines are in this one: none is added twice. */
  mergedCartIds?: string[];
  version: number;
  createdAt: string;
  updatedAt: string;
}

export const MAX_CART_LINES = 500;
export const MAX_LINE_QUANTITY = 9_999;
/** Keeps every sum of 500 lines and their taxes far below 2^53. */
export const MAX_LINE_TOTAL = 1_000_000_000_000;
/** More codes than this at once is a search for one that works. */
export const MAX_CART_PROMOTIONS = 5;
/** More retries of one addition than this are not retries. */
const KEPT_KEYS = 32;

export const CART_DAYS = 7;
export const CART_TTL_S = CART_DAYS * 86_400;

export function newCart(facts: { id: string; token: string | null; buyerId: string | null; now: Date }): Cart {
  const at = facts.now.toISOString();
  return {
    id: facts.id,
    token: facts.token,
    buyerId: facts.buyerId,
    status: 'OPEN',
    checkoutOrderId: null,
    lines: [],
    shippingAddress: null,
    billingAddress: null,
    delivery: {},
    appliedKeys: [],
    version: 0,
    createdAt: at,
    updatedAt: at,
  };
}

export function expiresAt(cart: Cart): Date {
  return new Date(Date.parse(cart.updatedAt) + CART_TTL_S * 1_000);
}

/** What a line is judged by. */
export interface LineFacts {
  quotes: Quotes;
  /** Of offers that may be sold out, the units there are. */
  left?: ReadonlyMap<string, number>;
}

export interface Addition {
  offerId: string;
  quantity: number;
}

/** Puts units into the cart; an offer that is in it already gets more units on its line. */
export function addLines(
  cart: Cart,
  additions: readonly Addition[],
  { quotes, left, nextLineId }: LineFacts & { nextLineId: () => string },
): Result<Cart> {
  if (additions.length === 0) return reject('INVALID', 'Name at least one line.', { field: ['lines'] });
  let lines = cart.lines;
  for (const [index, { offerId, quantity }] of additions.entries()) {
    const field = ['lines', String(index)];
    const bad = badQuantity(quantity, [...field, 'quantity']);
    if (bad) return { ok: false, rejection: bad };
    const quote = quotes.get(offerId);
    if (!quote) return reject('NOT_FOUND', 'There is no such offer.', { field: [...field, 'offerId'] });
    const current = lines.find((line) => line.offerId === offerId);
    const total = (current?.quantity ?? 0) + quantity;
    const next: CartLine = {
      id: current?.id ?? nextLineId(),
      offerId,
      vendorId: quote.vendorId,
      quantity: total,
      ...unitPriceOf(quote, { quantity: total }),
    };
    const refused =
      refusalOf(next, quote, { field, currencyCode: lines[0]?.unitPrice.currencyCode }) ??
      shortageOf(next, left, field);
    if (refused) return { ok: false, rejection: refused };
    lines = current ? lines.map((line) => (line === current ? next : line)) : [...lines, next];
  }
  if (lines.length > MAX_CART_LINES) {
    return reject('LIMIT_EXCEEDED', `A cart holds at most ${MAX_CART_LINES} lines.`, { field: ['lines'] });
  }
  return accept({ ...cart, lines });
}

export interface QuantityChange {
  lineId: string;
  quantity: number;
}

export function updateLines(
  cart: Cart,
  changes: readonly QuantityChange[],
  { quotes, left, expectedVersion }: LineFacts & { expectedVersion?: number | null },
): Result<Cart> {
  if (expectedVersion !== undefined && expectedVersion !== null && expectedVersion !== cart.version) {
    return reject('VERSION_MISMATCH', `The cart is at version ${cart.version}.`, {
      field: ['expectedVersion'],
      details: { currentVersion: cart.version },
    });
  }
  if (changes.length === 0) return reject('INVALID', 'Name at least one line.', { field: ['lines'] });
  let lines = cart.lines;
  for (const [index, { lineId, quantity }] of changes.entries()) {
    const field = ['lines', String(index)];
    const bad = badQuantity(quantity, [...field, 'quantity']);
    if (bad) return { ok: false, rejection: bad };
    const current = lines.find((line) => line.id === lineId);
    if (!current) return reject('NOT_FOUND', 'The cart has no such line.', { field: [...field, 'lineId'] });
    const quote = quotes.get(current.offerId);
    if (!quote) return reject('NOT_FOUND', 'This offer is gone.', { field });
    const { id, offerId, vendorId } = current;
    const next: CartLine = { id, offerId, vendorId, quantity, ...unitPriceOf(quote, { quantity }) };
    const others = lines.filter((line) => line !== current);
    const refused =
      refusalOf(next, quote, { field, currencyCode: others[0]?.unitPrice.currencyCode }) ??
      (quantity > current.quantity ? shortageOf(next, left, field) : undefined);
    if (refused) return { ok: false, rejection: refused };
    lines = lines.map((line) => (line === current ? next : line));
  }
  return accept({ ...cart, lines });
}

export function removeLines(cart: Cart, lineIds: readonly string[]): Result<Cart> {
  if (lineIds.length === 0) return reject('INVALID', 'Name at least one line.', { field: ['lineIds'] });
  const unknown = lineIds.findIndex((id) => !cart.lines.some((line) => line.id === id));
  if (unknown >= 0) {
    return reject('NOT_FOUND', 'The cart has no such line.', { field: ['lineIds', String(unknown)] });
  }
  const lines = cart.lines.filter((line) => !lineIds.includes(line.id));
  const vendors = new Set(lines.map((line) => line.vendorId));
  const delivery = Object.fromEntries(Object.entries(cart.delivery).filter(([vendorId]) => vendors.has(vendorId)));
  return accept({ ...cart, lines, delivery });
}

export function setAddresses(
  cart: Cart,
  { shipping, billing }: { shipping?: Address | null; billing?: Address | null },
): Result<Cart> {
  if (!shipping && !billing) return reject('INVALID', 'Give an address.', { field: ['shipping'] });
  for (const [name, address] of Object.entries({ shipping, billing })) {
    const part = address ? badAddressPart(address) : undefined;
    if (part) return reject('INVALID', `This ${part} cannot be used.`, { field: [name, part] });
  }
  return accept({
    ...cart,
    shippingAddress: shipping ?? cart.shippingAddress,
    billingAddress: billing ?? cart.billingAddress,
  });
}

export function selectDelivery(cart: Cart, vendorId: string, optionId: string): Result<Cart> {
  if (!cart.lines.some((line) => line.vendorId === vendorId)) {
    return reject('NOT_FOUND', 'Nothing in the cart is from this vendor.', { field: ['vendorId'] });
  }
  if (!isDeliveryOption(optionId)) {
    return reject('NOT_FOUND', 'There is no such delivery option.', { field: ['deliveryOptionId'] });
  }
  return accept({ ...cart, delivery: { ...cart.delivery, [vendorId]: optionId } });
}

/** The buyer has been told the catalog's prices: from now on they are the ones that were seen. */
export function acceptPrices(cart: Cart, quotes: Quotes): Cart {
  return {
    ...cart,
    lines: cart.lines.map(({ dealId, ...line }) => {
      const quote = quotes.get(line.offerId);
      return quote ? { ...line, ...unitPriceOf(quote, line) } : { ...line, ...(dealId ? { dealId } : {}) };
    }),
  };
}

/** By offer the deals whose slots were gone. Their lines are priced without them from now on. */
export function missDeals(cart: Cart, missed: ReadonlyMap<string, string>): Cart {
  const lines = cart.lines.map((line) => {
    const missedDealId = missed.get(line.offerId);
    return missedDealId ? { ...line, missedDealId } : line;
  });
  return { ...cart, lines };
}

/** The units of each offer and the slots of each deal that a cart or an order wants, as inventory is asked for them. */
export function wantedUnits(
  lines: readonly { offerId: string; quantity: number; dealId?: string; missedDealId?: string }[],
): { offerId: string; quantity: number }[] {
  const units = new Map<string, number>();
  for (const { offerId, quantity, dealId, missedDealId } of lines) {
    for (const id of dealId && dealId !== missedDealId ? [offerId, dealId] : [offerId]) {
      units.set(id, (units.get(id) ?? 0) + quantity);
    }
  }
  return [...units].map(([offerId, quantity]) => ({ offerId, quantity }));
}

/** `undefined` when the key is new, else whether the same addition was made before. */
export function appliedBefore(cart: Cart, key: string, inputHash: string): 'same' | 'other' | undefined {
  const known = cart.appliedKeys.find((applied) => applied.key === key);
  return known && (known.inputHash === inputHash ? 'same' : 'other');
}

export function rememberKey(cart: Cart, key: string, inputHash: string): Cart {
  return { ...cart, appliedKeys: [...cart.appliedKeys, { key, inputHash }].slice(-KEPT_KEYS) };
}

/** At whose prices somebody sees the cart: those of its organization only for who may buy for it. */
export function pricedFor(cart: Cart, organizationIds: readonly string[] = []): string | null {
  const { organizationId } = cart;
  return organizationId && organizationIds.includes(organizationId) ? organizationId : null;
}

/** Says for whom is bought. What was seen until then is no price of theirs: `quotes` are, of as many lines as are known. */
export function buyFor(cart: Cart, organizationId: string | null, quotes: Quotes): Cart {
  return (cart.organizationId ?? null) === organizationId ? cart : acceptPrices({ ...cart, organizationId }, quotes);
}

export function promotionsIn(cart: Cart): { promotionId: string; code: string }[] {
  return cart.promotions ?? [];
}

/** Everything that decides what is bought, where it goes and what it costs; equal for carts that make the same order. */
export function orderedContent(cart: Cart): unknown {
  return {
    lines: cart.lines.map(({ offerId, quantity }) => [offerId, quantity]),
    shippingAddress: cart.shippingAddress,
    billingAddress: cart.billingAddress,
    delivery: cart.delivery,
    ...(cart.organizationId ? { organizationId: cart.organizationId } : {}),
    ...(cart.promotions?.length ? { promotions: cart.promotions.map(({ promotionId }) => promotionId) } : {}),
  };
}

function badQuantity(quantity: number, field: string[]): Rejection | undefined {
  if (Number.isInteger(quantity) && quantity >= 1 && quantity <= MAX_LINE_QUANTITY) return undefined;
  return { code: 'INVALID', message: `A quantity is from 1 to ${MAX_LINE_QUANTITY}.`, field };
}

/** Why this line may not be in the cart, in the order a shopper would ask. */
function refusalOf(
  line: CartLine,
  quote: OfferQuote,
  { field, currencyCode }: { field: string[]; currencyCode?: string },
): Rejection | undefined {
  if (!isOnSale(quote)) {
    return { code: 'VENDOR_NOT_ACTIVE', message: 'This offer is not on sale at the moment.', field };
  }
  if (currencyCode !== undefined && currencyCode !== line.unitPrice.currencyCode) {
    const message = `A cart has one currency; this one is in ${currencyCode}.`;
    return { code: 'INVALID', message, field: [...field, 'offerId'] };
  }
  const tooMany = badQuantity(line.quantity, [...field, 'quantity']);
  if (tooMany) return tooMany;
  if (line.quantity < quote.minOrderQuantity || line.quantity % quote.orderMultiple !== 0) {
    const message = `Sold from ${quote.minOrderQuantity} on, in multiples of ${quote.orderMultiple}.`;
    return { code: 'INVALID', message, field: [...field, 'quantity'] };
  }
  // By the offer's own price: a deal can be over before the line is bought.
  if (quote.price.amount * line.quantity > MAX_LINE_TOTAL) {
    return { code: 'LIMIT_EXCEEDED', message: 'This line is too expensive for one order.', field };
  }
  return undefined;
}

/** Nobody fills a cart with what cannot be had. Only the reservation decides, so what is not known to be short goes in. */
function shortageOf(
  { offerId, quantity }: CartLine,
  left: ReadonlyMap<string, number> | undefined,
  field: string[],
): Rejection | undefined {
  const available = left?.get(offerId) ?? quantity;
  if (available >= quantity) return undefined;
  return {
    code: 'INSUFFICIENT_STOCK',
    message: available === 0 ? 'This is sold out.' : `Only ${available} of this are left.`,
    field: [...field, 'quantity'],
    details: { offerId, requested: quantity, available },
  };
}
