import {
  accept,
  betweenCrashPoints,
  type Money,
  reject,
  type Rejection,
  type Result,
} from '@marketgraph/platform/core';
import { constraintOf, hashOf, IDEMPOTENCY_HOURS, inTransaction, sqlStateOf } from '@marketgraph/platform/postgres';
import type { Address } from '../domain/address.ts';
import { acceptPrices, type Cart, missDeals, orderedContent, promotionsIn, wantedUnits } from '../domain/cart.ts';
import { canBeAbandoned, type Failure, failureOf, firstState, isEnded } from '../domain/checkout.ts';
import { checkoutRefusals } from '../domain/checkout-admission.ts';
import { missedDeals, refusalsFor } from '../domain/deal-shortage.ts';
import type { Quotes } from '../domain/offer-quote.ts';
import { draftOrder, takesEffect } from '../domain/order-draft.ts';
import { type AppliedPromotion, type PricedCart, priceCart } from '../domain/pricing.ts';
import {
  type CheckoutRecord,
  findCheckoutByKey,
  insertCheckout,
  latestCheckoutOfCart,
  readCheckout,
  retireCheckoutKey,
} from '../store/checkouts.ts';
import { takeUses } from '../store/promotion-uses.ts';
import { CheckoutStalledError, driveCheckout, STALL_AFTER_MS } from './advance-checkout.ts';
import { answerWithin } from './answer-within.ts';
import { type OpenPromotions, openPromotions } from './cart-promotions.ts';
import { abandonCheckout, changeCart, tellCartChanged } from './change-cart.ts';
import { clearCart } from './clear-cart.ts';
import { loadCart, mayUse } from './load-cart.ts';
import { showPriceWithoutDeals } from './miss-deals.ts';
import { newPaymentOf } from './perform-request.ts';
import type { Cause, Services } from './services.ts';

export interface StartCheckout {
  cartId: string;
  buyerId: string;
  idempotencyKey: string;
  /** The total the buyer was shown, when the client wants it checked. */
  expectedTotal?: Money | null;
  cause: Cause;
}

/** Where the checkout stands when the client is answered. */
export interface CheckoutAnswer {
  record?: CheckoutRecord;
  clientSecret?: string | null;
  rejections: readonly Rejection[];
}

/** Two checkouts that race for one cart or one key: the loser looks again, and finds the winner's. */
const MAX_TRIES = 4;

/** The question whether to begin costs inventory one look at a counter. */
const ADMISSION_TIMEOUT_MS = 2_000;

const NOT_IN_TIME: Rejection = {
  code: 'SERVICE_UNAVAILABLE',
  message: 'The checkout could not be started in time; ask again with the same key.',
};

const RESTARTED: Failure = { code: 'CART_CHANGED', message: 'The checkout was started again with other contents.' };

/** What comes before the saga has its own share of the time; a start that is late there as well is answered all the same. */
const ADMITTED_WITHIN_MS = 300;

/**
 * Answers in time whatever takes long: reading, the other services, or the
 * saga. What was begun goes on, and who asks again with the same key waits
 * for it instead of beginning it a second time, which is what a crowd would do.
 */
export async function startCheckout(services: Services, command: StartCheckout): Promise<CheckoutAnswer> {
  const inputHash = hashOf({ cartId: command.cartId, expectedTotal: command.expectedTotal ?? null });
  const key = `${command.buyerId} ${command.idempotencyKey} ${inputHash}`;
  const work = services.starting(key, () => start(services, { ...command, inputHash }));
  const outcome = await answerWithin(services, work, 'admitting a checkout', { extraMs: ADMITTED_WITHIN_MS });
  if (outcome.done) return outcome.value;
  if (outcome.error) throw outcome.error;
  return refused(NOT_IN_TIME);
}

async function start(services: Services, command: StartCheckout & { inputHash: string }): Promise<CheckoutAnswer> {
  const { inputHash } = command;
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    const known = await findCheckoutByKey(services.orm.em.fork(), command.buyerId, command.idempotencyKey);
    if (known && isForgotten(known, services.clock.now())) {
      await retireCheckoutKey(services.orm.em.fork(), known.orderId);
      continue;
    }
    if (known && known.inputHash !== inputHash) {
      return refused({ code: 'IDEMPOTENCY_KEY_REUSED', message: 'This key was used for another checkout.' });
    }
    if (known) return await continueCheckout(services, known, command.cause);

    const admitted = await admit(services, command);
    if (!admitted.ok) return { rejections: admitted.rejection };
    if ('running' in admitted.value) return await continueCheckout(services, admitted.value.running, command.cause);

    const inserted = await insert(services, command, { ...admitted.value, inputHash });
    if (!inserted) continue;
    if (!inserted.ok) return refused(inserted.rejection);
    const record = inserted.value;
    const { cart } = admitted.value;
    const marked: Cart = { ...cart, checkoutOrderId: record.orderId, version: cart.version + 1 };
    if (!(await services.carts.replace(marked, cart.version))) {
      // Somebody changed the cart between our reading it and now: what was priced is not what is in it.
      await abandonCheckout(services, { orderId: record.orderId, failure: RESTARTED, cause: command.cause });
      return refused({ code: 'CART_CHANGED', message: 'The cart was changed meanwhile; look at it again.' });
    }
    await tellCartChanged(services, marked);
    return await continueCheckout(services, record, command.cause);
  }
  return refused({ code: 'CONFLICT', message: 'Another checkout of this cart is under way; try again.' });
}

function isForgotten({ createdAt }: CheckoutRecord, now: Date): boolean {
  return now.getTime() - createdAt.getTime() > IDEMPOTENCY_HOURS * 3_600_000;
}

type Admission = { running: CheckoutRecord } | { cart: Cart; priced: PricedCart };

/** Whether this cart can be bought now, and whether its checkout is running already. */
async function admit(services: Services, command: StartCheckout): Promise<Result<Admission, Rejection[]>> {
  const { cartId, buyerId, expectedTotal, cause } = command;
  const stored = await loadCart(services, cartId);
  if (!stored || !mayUse(stored, { userId: buyerId })) {
    return refusal({ code: 'NOT_FOUND', message: 'There is no such cart.', field: ['cartId'] });
  }
  const ordered = { code: 'CONFLICT', message: 'This cart has been ordered.', field: ['cartId'] };
  if (stored.status === 'CLOSED') return refusal(ordered);

  const previous = await latestCheckoutOfCart(services.orm.em.fork(), cartId);
  if (previous?.state.status === 'COMPLETED') {
    // Open all the same: Redis came back as it was before the sale. Closed again, it makes room for another.
    await clearCart(services, { cartId, orderId: previous.orderId });
    return refusal(ordered);
  }
  if (previous && !isEnded(previous.state)) {
    if (isSameCheckout(previous, stored, expectedTotal)) return { ok: true, value: { running: previous } };
    const failure = await giveWay(services, previous, cause);
    if (failure) return refusal(failure);
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

  let quotes: Quotes;
  let promotions: OpenPromotions | undefined;
  try {
    const call = { traceparent: cause.trace };
    const offerIds = stored.lines.map((line) => line.offerId);
    [quotes, [promotions]] = await Promise.all([
      services.catalog.quotes(offerIds, { ...call, withCategories: true }),
      hasCodes ? openPromotions(services, [stored], call) : [undefined],
    ]);
  } catch (error) {
    services.log.warn({ err: error, cartId }, 'prices could not be read');
    return refusal({ code: 'SERVICE_UNAVAILABLE', message: 'Prices cannot be read at the moment; try again.' });
  }
  const price = (cart: Cart) => priceCart(cart, { quotes, taxes: services.taxes, promotions });
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
    const decide = (current: Cart) => ({ ok: true as const, value: acceptPrices(missDeals(current, missed), quotes) });
    await changeCart(services, { cartId, user: { userId: buyerId }, cause, decide });
  }
  return { ok: false, rejection: rejections };
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
  { orderId, state }: CheckoutRecord,
  cause: Cause,
): Promise<Rejection | undefined> {
  if (canBeAbandoned(state)) await abandonCheckout(services, { orderId, failure: RESTARTED, cause });
  const work = driveCheckout(services, { orderId, event: { type: 'resumed' }, cause });
  const outcome = await answerWithin(services, work, 'giving way to a new checkout');
  if (outcome.done && outcome.value.record.state.status === 'FAILED') return undefined;
  return { code: 'CONFLICT', message: 'An earlier checkout of this cart is not over yet; try again.' };
}

/** Undefined when another checkout was faster. */
async function insert(
  services: Services,
  command: StartCheckout,
  { cart, priced, inputHash }: { cart: Cart; priced: PricedCart; inputHash: string },
): Promise<Result<CheckoutRecord, Rejection> | undefined> {
  const { ids, clock, settings, orm } = services;
  const now = clock.now();
  const orderId = ids.next('ord');
  // Admission has seen to the address.
  const addressed = { ...cart, buyerId: command.buyerId, shippingAddress: cart.shippingAddress as Address };
  const checkout = {
    orderId,
    cartId: cart.id,
    principal: command.buyerId,
    idempotencyKey: command.idempotencyKey,
    inputHash,
    contentHash: hashOf(orderedContent(cart)),
    state: firstState,
    draft: draftOrder(addressed, priced, { orderId, nextId: (prefix) => ids.next(prefix) }),
    nextAttemptAt: new Date(now.getTime() + STALL_AFTER_MS),
    deadlineAt: new Date(now.getTime() + settings.reservationTtlS * 1_000),
    createdAt: now,
  };
  try {
    const record = await betweenCrashPoints('checkout.insert', () =>
      inTransaction(orm, async (em) => {
        // First, so that who loses the race for the cart finds the winner, and not its uses.
        await insertCheckout(em, checkout);
        if ((await takeUses(em, checkout.draft)) !== undefined) throw new UsedUpError();
        return await readCheckout(em, orderId);
      }),
    );
    return record && accept(record);
  } catch (error) {
    if (error instanceof UsedUpError) return { ok: false, rejection: USED_UP };
    const lostRace = ['checkout_key', 'checkout_open_cart'].includes(constraintOf(error) ?? '');
    if (sqlStateOf(error) === '23505' && lostRace) return undefined;
    throw error;
  }
}

/** Rolls back: a checkout that may not use its codes is not begun. */
class UsedUpError extends Error {
  override readonly name = 'UsedUpError';
}

const USED_UP: Rejection = {
  code: 'PROMOTION_NOT_APPLICABLE',
  message: 'You have used a code in this cart as often as you may; take it out.',
  field: ['promotions'],
};

/** Goes on until the buyer can pay, or it has failed, or the time to answer is over. */
async function continueCheckout(services: Services, record: CheckoutRecord, cause: Cause): Promise<CheckoutAnswer> {
  const { orderId } = record;
  let current = record;
  let clientSecret: string | null | undefined;
  if (!isEnded(record.state) && record.state.status !== 'AWAITING_PAYMENT') {
    const work = driveCheckout(services, { orderId, event: { type: 'resumed' }, cause });
    const outcome = await answerWithin(services, work, 'starting a checkout');
    if (outcome.done) {
      current = outcome.value.record;
      clientSecret = outcome.value.answers.clientSecret;
    } else {
      if (outcome.error && !(outcome.error instanceof CheckoutStalledError)) throw outcome.error;
      current = (await readCheckout(services.orm.em.fork(), orderId)) ?? record;
    }
  }
  const { state } = current;
  const failure = failureOf(state);
  if (failure) {
    await showPriceWithoutDeals(services, { record: current, cause });
    return { record: current, rejections: failure.refusals?.length ? failure.refusals : [failure] };
  }
  if (state.status === 'RESERVING' || state.status === 'CREATING_PAYMENT') {
    return { record: current, rejections: [NOT_IN_TIME] };
  }
  if (state.status === 'AWAITING_PAYMENT') clientSecret ??= await clientSecretAgain(services, current, cause);
  return { record: current, clientSecret, rejections: [] };
}

/** The secret is stored nowhere here; the same key gives the same payment and its secret. */
async function clientSecretAgain(
  services: Services,
  { orderId, draft }: CheckoutRecord,
  cause: Cause,
): Promise<string | null> {
  try {
    const call = { traceparent: cause.trace, timeoutMs: services.settings.answerWithinMs };
    const payment = await services.payments.create(newPaymentOf(draft), `${orderId}:create`, call);
    return payment.ok ? payment.value.clientSecret : null;
  } catch (error) {
    services.log.warn({ err: error, orderId }, 'no client secret');
    return null;
  }
}

function refused(rejection: Rejection): CheckoutAnswer {
  return { rejections: [rejection] };
}

function refusal({ code, message, field }: Rejection): { ok: false; rejection: Rejection[] } {
  const one = reject(code, message, field ? { field } : {});
  return { ok: false, rejection: [one.rejection] };
}
