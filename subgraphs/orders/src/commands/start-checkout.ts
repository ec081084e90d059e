import assert from 'node:assert';
import { accept, betweenCrashPoints, type Rejection, type Result } from '@marketgraph/platform/core';
import {
  constraintOf,
  hashOf,
  IDEMPOTENCY_HOURS,
  type IdempotentAnswer,
  type IdempotentCall,
  inTransaction,
  onceByKey,
  sqlStateOf,
} from '@marketgraph/platform/postgres';
import type { Address } from '../domain/address.ts';
import { type Cart, orderedContent } from '../domain/cart.ts';
import { canBeAbandoned, failureOf, firstState, isEnded } from '../domain/checkout.ts';
import { draftOrder } from '../domain/order-draft.ts';
import type { PricedCart } from '../domain/pricing.ts';
import {
  type CheckoutRecord,
  insertCheckout,
  readBeforeStart,
  readCheckout,
  retireCheckoutKey,
} from '../store/checkouts.ts';
import { takeUses } from '../store/promotion-uses.ts';
import { type AdmitCheckout, admitCheckout, RESTARTED } from './admit-checkout.ts';
import { CheckoutStalledError, driveCheckout, STALL_AFTER_MS } from './advance-checkout.ts';
import { answerWithin } from './answer-within.ts';
import { abandonCheckout, tellCartChanged } from './change-cart.ts';
import { loadCart } from './load-cart.ts';
import { showPriceWithoutDeals } from './miss-deals.ts';
import { newPaymentOf } from './perform-request.ts';
import type { Cause, Services } from './services.ts';

export interface StartCheckout extends AdmitCheckout {
  idempotencyKey: string;
}

/** Where the checkout stands when the client is answered. */
export interface CheckoutAnswer {
  record?: CheckoutRecord;
  clientSecret?: string | null;
  rejections: readonly Rejection[];
}

/** Two checkouts that race for one cart or one key: the loser looks again, and finds the winner's. */
const MAX_TRIES = 4;

const KEY_REUSED: Rejection = {
  code: 'IDEMPOTENCY_KEY_REUSED',
  message: 'This key was used for another checkout.',
};

const NOT_IN_TIME: Rejection = {
  code: 'SERVICE_UNAVAILABLE',
  message: 'The checkout could not be started in time; ask again with the same key.',
};

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
    const { known, joined, latest } = await readBeforeStart(services.orm.em.fork(), {
      principal: command.buyerId,
      key: command.idempotencyKey,
      cartId: command.cartId,
      joining: joining(command),
    });
    if (known && isForgotten(known, services.clock.now())) {
      await retireCheckoutKey(services.orm.em.fork(), known.orderId);
      continue;
    }
    if (known && known.inputHash !== inputHash) return refused(KEY_REUSED);
    if (known) return await continueCheckout(services, await withMark(services, known, command.cause), command.cause);
    if (joined) return await continueJoined(services, joined, command.cause);

    const admitted = await admitCheckout(services, command, latest);
    if (!admitted.ok) return { rejections: admitted.rejection };
    if ('running' in admitted.value) {
      const { orderId } = admitted.value.running;
      const join = await inTransaction(services.orm, (em) => onceByKey(em, joining(command), async () => orderId));
      return await continueJoined(services, join, command.cause);
    }

    const inserted = await insert(services, command, { ...admitted.value, inputHash });
    if (!inserted) continue;
    if (!inserted.ok) return refused(inserted.rejection);
    const record = inserted.value;
    if (!(await writeMark(services, admitted.value.cart, record.orderId)) && !(await hasMark(services, record))) {
      // Somebody changed the cart between our reading it and now: what was priced is not what is in it.
      await abandonCheckout(services, { orderId: record.orderId, failure: RESTARTED, cause: command.cause });
      return refused({ code: 'CART_CHANGED', message: 'The cart was changed meanwhile; look at it again.' });
    }
    return await continueCheckout(services, record, command.cause);
  }
  return refused({ code: 'CONFLICT', message: 'Another checkout of this cart is under way; try again.' });
}

/** An edit of a cart gives up the checkout whose mark it has. False when the cart is not as it was read any more. */
async function writeMark(services: Services, cart: Cart, orderId: string): Promise<boolean> {
  const marked: Cart = { ...cart, checkoutOrderId: orderId, version: cart.version + 1 };
  if (!(await services.carts.replace(marked, cart.version))) return false;
  await tellCartChanged(services, marked);
  return true;
}

/** Another copy of the same call was faster. */
async function hasMark(services: Services, { orderId, cartId }: CheckoutRecord): Promise<boolean> {
  return (await loadCart(services, cartId))?.checkoutOrderId === orderId;
}

/** Who began it died before the cart had its mark, or Redis came back without it: made up for, while nothing is paid. */
async function withMark(services: Services, record: CheckoutRecord, cause: Cause): Promise<CheckoutRecord> {
  const { orderId, cartId, state, contentHash } = record;
  if (failureOf(state) || !canBeAbandoned(state)) return record;
  const cart = await loadCart(services, cartId);
  if (!cart || cart.status !== 'OPEN' || cart.checkoutOrderId === orderId) return record;
  const isSame = contentHash === hashOf(orderedContent(cart));
  if (isSame && ((await writeMark(services, cart, orderId)) || (await hasMark(services, record)))) return record;
  await abandonCheckout(services, { orderId, failure: RESTARTED, cause });
  return (await readCheckout(services.orm.em.fork(), orderId)) ?? record;
}

/** A key that came upon a checkout another key had begun stands for that one from then on. */
function joining({ buyerId, idempotencyKey, cartId, expectedTotal = null }: StartCheckout): IdempotentCall {
  const input = { cartId, expectedTotal };
  return { principal: buyerId, operation: 'checkoutStart', key: idempotencyKey, input };
}

async function continueJoined(
  services: Services,
  join: IdempotentAnswer<string>,
  cause: Cause,
): Promise<CheckoutAnswer> {
  if (join.kind === 'reused') return refused(KEY_REUSED);
  const record = await readCheckout(services.orm.em.fork(), join.answer);
  assert(record, 'a checkout is never deleted');
  return await continueCheckout(services, await withMark(services, record, cause), cause);
}

function isForgotten({ createdAt }: CheckoutRecord, now: Date): boolean {
  return now.getTime() - createdAt.getTime() > IDEMPOTENCY_HOURS * 3_600_000;
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
    trace: command.cause.trace ?? null,
  };
  try {
    const record = await betweenCrashPoints('checkout.insert', () =>
      inTransaction(orm, async (em) => {
        // First, so that who loses the race for the cart finds the winner, and not its uses.
        await insertCheckout(em, checkout);
        if ((await takeUses(em, checkout.draft)) !== undefined) throw new UsedUpError();
        return { ...checkout, paymentId: null, attempts: 0 };
      }),
    );
    return accept(record);
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
    const work = driveCheckout(services, { orderId, event: { type: 'resumed' }, cause, record, trace: record.trace });
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
