import { accept, type Money, reject, type Rejection, type Result } from '@marketgraph/platform/core';
import { hashOf } from '@marketgraph/platform/postgres';
import {
  acceptPrices,
  type Cart,
  missDeals,
  orderedContent,
  pricedFor,
  promotionsIn,
  wantedUnits,
} from '../domain/cart.ts';
import { canBeAbandoned, type Failure, failureOf, isEnded } from '../domain/checkout.ts';
import { checkoutRefusals } from '../domain/checkout-admission.ts';
import { missedDeals, refusalsFor } from '../domain/deal-shortage.ts';
import type { Quotes } from '../domain/offer-quote.ts';
import { takesEffect } from '../domain/order-draft.ts';
import { type AppliedPromotion, type PricedCart, priceCart, type PricingFacts } from '../domain/pricing.ts';
import { dropCartBackup } from '../store/cart-backups.ts';
import { type CheckoutRecord, heldUnpaidS } from '../store/checkouts.ts';
import { driveCheckout } from './advance-checkout.ts';
import { answerWithin } from './answer-within.ts';
import { openPromotions } from './cart-promotions.ts';
import { abandonCheckout, changeCart } from './change-cart.ts';
import { clearCart } from './clear-cart.ts';
import { loadCart, mayUse } from './load-cart.ts';
import type { Cause, Services } from './services.ts';

export interface AdmitCheckout {
  cartId: string;
  buyerId: string;
  /** Those the buyer may buy for. */
  organizationIds?: readonly string[];
  /** The total the buyer was shown, when the client wants it checked. */
  expectedTotal?: Money | null;
  cause: Cause;
}

/** The question whether to begin costs inventory one look at a counter. */
const ADMISSION_TIMEOUT_MS = 2_000;

/** In a day, as many times as long as one reservation lives: who holds goods again and again without buying has to stop. */
const MAX_UNPAID_HOLDS = 8;
const A_DAY_MS = 86_400_000;

export const RESTARTED: Failure = {
  code: 'CART_CHANGED',
  message: 'The checkout was started again with other contents.',
};

export type Admission = { running: CheckoutRecord } | { cart: Cart; priced: PricedCart };

/** Whether this cart can be bought now, and whether its checkout is running already; `previous` is the cart's latest. */
export async function admitCheckout(
  services: Services,
  command: AdmitCheckout,
  previous: CheckoutRecord | undefined,
): Promise<Result<Admission, Rejection[]>> {
  const { cartId, buyerId, organizationIds, expectedTotal, cause } = command;
  const stored = await loadCart(services, cartId);
  if (!stored || !mayUse(stored, { userId: buyerId })) {
    return refusal({ code: 'NOT_FOUND', message: 'There is no such cart.', field: ['cartId'] });
  }
  const ordered = { code: 'CONFLICT', message: 'This cart has been ordered.', field: ['cartId'] };
  if (stored.status === 'CLOSED') return refusal(ordered);

  const organizationId = pricedFor(stored, organizationIds);
  if ((stored.organizationId ?? null) !== organizationId) {
    const message = 'You do not buy for this organization any more; say for whom the cart is.';
    return refusal({ code: 'FORBIDDEN', message, field: ['cartId'] });
  }
  if (previous?.state.status === 'COMPLETED') {
    // Open all the same: Redis came back as it was before the sale. Closed again, it makes room for another.
    await clearCart(services, { cartId, orderId: previous.orderId });
    await dropCartBackup(services.orm.em.fork(), cartId);
    return refusal(ordered);
  }
  if (previous && !isEnded(previous.state)) {
    if (isSameCheckout(previous, stored, expectedTotal)) return { ok: true, value: { running: previous } };
    // A start that is refused for its total gives nothing up: whoever pays in another window goes on.
    if (expectedTotal) {
      const prices = await readPrices(services, stored, { organizationId, cause });
      if (!prices.ok) return prices;
      const wrong = checkoutRefusals(stored, priceCart(stored, prices.value), expectedTotal);
      if (wrong.length > 0) return { ok: false, rejection: wrong };
    }
    const failure = await giveWay(services, previous, cause);
    if (failure) return refusal(failure);
  }
  // A cart's first checkout, which is nearly every one, is not counted.
  if (previous && (await hoards(services, buyerId))) {
    const message = 'Goods were held for you again and again today and not bought; try again tomorrow.';
    return refusal({ code: 'RESERVATION_LIMIT', message });
  }

  // Whoever cannot have it is told before anything is priced or written: in a crowd most cannot. Which of the codes
  // in a cart are used, and so wanted, is only known with the prices.
  const hasCodes = promotionsIn(stored).length > 0;
  let had: Had = { cart: stored, missed: new Map() };
  if (!hasCodes) {
    const early = await withoutMissedDeals(services, stored, { cause });
    if (!early.ok) return early;
    had = early.value;
  }

  const prices = await readPrices(services, stored, { organizationId, cause });
  if (!prices.ok) return prices;
  const price = (cart: Cart) => priceCart(cart, prices.value);
  let priced = price(had.cart);
  if (hasCodes && checkoutRefusals(stored, priced, expectedTotal).length === 0) {
    const late = await withoutMissedDeals(services, stored, { promotions: priced.promotions, cause });
    if (!late.ok) return late;
    had = late.value;
    priced = price(had.cart);
  }
  const { cart, missed } = had;
  const rejections = checkoutRefusals(cart, priced, expectedTotal);
  if (rejections.length === 0) return { ok: true, value: { cart, priced } };
  if (rejections.some((rejection) => rejection.code === 'PRICE_CHANGED')) {
    // The answer shows the new prices: next time they are the ones that were seen.
    const decide = (current: Cart) => ({
      ok: true as const,
      value: acceptPrices(missDeals(current, missed), prices.value.quotes),
    });
    await changeCart(services, { cartId, user: { userId: buyerId }, cause, decide });
  }
  return { ok: false, rejection: rejections };
}

/** What the catalog asks now for what is in a cart, and what its codes may take off. */
async function readPrices(
  services: Services,
  cart: Cart,
  { organizationId, cause }: { organizationId: string | null; cause: Cause },
): Promise<Result<PricingFacts & { quotes: Quotes }, Rejection[]>> {
  const call = { traceparent: cause.trace };
  const offerIds = cart.lines.map((line) => line.offerId);
  try {
    const [quotes, [promotions]] = await Promise.all([
      services.catalog.quotes(offerIds, { ...call, withCategories: true, organizationId }),
      promotionsIn(cart).length > 0 ? openPromotions(services, [cart], call) : [undefined],
    ]);
    return accept({ quotes, taxes: services.taxes, ...(promotions ? { promotions } : {}) });
  } catch (error) {
    services.log.warn({ err: error, cartId: cart.id }, 'prices could not be read');
    return refusal({ code: 'SERVICE_UNAVAILABLE', message: 'Prices cannot be read at the moment; try again.' });
  }
}

/** A cart as far as there is enough for it. */
interface Had {
  cart: Cart;
  /** By offer the deals whose slots are gone. */
  missed: ReadonlyMap<string, string>;
}

/** When slots of deals alone are short it can be had at the price without them, once the buyer has seen that one. */
async function withoutMissedDeals(
  services: Services,
  stored: Cart,
  wanted: { promotions?: readonly AppliedPromotion[]; cause: Cause },
): Promise<Result<Had, Rejection[]>> {
  const short = await shortages(services, stored, wanted);
  const missed = missedDeals(short, stored.lines);
  if (short.length > missed.size) return { ok: false, rejection: refusalsFor(short, stored.lines) };
  return accept({ cart: missDeals(stored, missed), missed });
}

/** The reservation judges: when inventory cannot say, the checkout goes on. */
async function shortages(
  services: Services,
  { id: cartId, lines, shippingAddress }: Cart,
  { promotions = [], cause }: { promotions?: readonly AppliedPromotion[]; cause: Cause },
): Promise<Rejection[]> {
  // Refused in any case, and should claim nothing.
  if (lines.length === 0 || !shippingAddress) return [];
  const uses = promotions.filter((promotion) => promotion.isLimited && takesEffect(promotion));
  const wanted = {
    cartId,
    lines: [...wantedUnits(lines), ...uses.map(({ promotionId }) => ({ offerId: promotionId, quantity: 1 }))],
  };
  try {
    return await services.inventory.shortages(wanted, { traceparent: cause.trace, timeoutMs: ADMISSION_TIMEOUT_MS });
  } catch (error) {
    services.log.warn({ err: error, cartId }, 'inventory did not say whether there is enough');
    return [];
  }
}

async function hoards({ orm, clock, settings }: Services, buyerId: string): Promise<boolean> {
  const since = new Date(clock.now().getTime() - A_DAY_MS);
  const atMostS = settings.reservationTtlS;
  return (await heldUnpaidS(orm.em.fork(), { principal: buyerId, since, atMostS })) >= MAX_UNPAID_HOLDS * atMostS;
}

function isSameCheckout(running: CheckoutRecord, cart: Cart, expectedTotal?: Money | null): boolean {
  return (
    !failureOf(running.state) &&
    running.contentHash === hashOf(orderedContent(cart)) &&
    (!expectedTotal || hashOf(expectedTotal) === hashOf(running.draft.total))
  );
}

/** An older checkout of the cart must have given everything back before the next may take anything. */
async function giveWay(
  services: Services,
  { orderId, state, trace }: CheckoutRecord,
  cause: Cause,
): Promise<Rejection | undefined> {
  if (canBeAbandoned(state)) await abandonCheckout(services, { orderId, failure: RESTARTED, cause });
  const work = driveCheckout(services, { orderId, event: { type: 'resumed' }, cause, trace });
  const outcome = await answerWithin(services, work, 'giving way to a new checkout');
  if (outcome.done && outcome.value.record.state.status === 'FAILED') return undefined;
  return { code: 'CONFLICT', message: 'An earlier checkout of this cart is not over yet; try again.' };
}

function refusal({ code, message, field }: Rejection): { ok: false; rejection: Rejection[] } {
  const one = reject(code, message, field ? { field } : {});
  return { ok: false, rejection: [one.rejection] };
}
