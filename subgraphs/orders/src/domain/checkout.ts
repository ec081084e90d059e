import type { Rejection } from '@marketgraph/platform/core';

/**
 * The checkout saga, whole: what it is waiting for, what happened, what to ask
 * for next. Nothing else decides anything about a checkout.
 *
 *   RESERVING → CREATING_PAYMENT → AWAITING_PAYMENT → CONFIRMING_STOCK → SETTLING → CLEARING_CART → COMPLETED
 *                                        ↓ EXPIRING         └─ REVERTING_STOCK ┘
 *                                        └──────────────→ VOIDING ←─────┘
 *                                                            ↓
 *                                                        RELEASING → FAILED
 *
 * A request may be executed any number of times, by several processes, and its
 * answer may arrive late or twice: an answer that the state does not wait for
 * changes nothing. Money is asked for in SETTLING alone, and only CONFIRMED
 * stock leads there; every way out of a failure passes VOIDING when there is a
 * payment and RELEASING when there is a reservation.
 */
export type Checkout =
  | { status: 'RESERVING'; failure?: Failure }
  | { status: 'CREATING_PAYMENT'; reservation: HeldStock; reported?: PaymentReport; failure?: Failure }
  | { status: 'AWAITING_PAYMENT'; reservation: HeldStock; paymentId: string }
  | { status: 'EXPIRING'; reservation: HeldStock; paymentId: string; failure: Failure }
  | { status: 'CONFIRMING_STOCK'; reservation: HeldStock; paymentId: string }
  | { status: 'SETTLING'; reservation: HeldStock; paymentId: string }
  | { status: 'REVERTING_STOCK'; reservation: HeldStock; paymentId: string; failure: Failure }
  /** `reservation` only while stock is still held. */
  | { status: 'VOIDING'; reservation?: HeldStock; paymentId: string; failure: Failure }
  | { status: 'RELEASING'; reservation: HeldStock; paymentId?: string; failure: Failure }
  | { status: 'CLEARING_CART'; paymentId: string }
  | { status: 'COMPLETED'; paymentId: string }
  /** Without an order when stock was refused: nothing had been placed. */
  | { status: 'FAILED'; failure: Failure; paymentId?: string; hasOrder: boolean };

export type CheckoutStatus = Checkout['status'];

export interface HeldStock {
  id: string;
  /** RFC 3339. */
  expiresAt: string;
}

/** Why it fails, in the words the buyer will read; several when several offers are short. */
export interface Failure {
  code: string;
  message: string;
  refusals?: readonly Rejection[];
}

export interface PaymentReport {
  paymentId: string;
  status: 'PENDING' | 'AUTHORIZED' | 'CAPTURED' | 'DECLINED' | 'VOIDED';
  /** The provider's words. */
  message?: string;
}

export type CheckoutEvent =
  | { type: 'stockReserved'; reservation: HeldStock }
  | { type: 'stockRefused'; failure: Failure }
  | { type: 'paymentCreated'; paymentId: string }
  | { type: 'paymentRefused'; failure: Failure }
  | { type: 'paymentReported'; report: PaymentReport }
  | { type: 'stockConfirmed' }
  | { type: 'stockGone'; failure: Failure }
  | { type: 'paymentSettled' }
  | { type: 'captureRefused'; failure: Failure }
  | { type: 'stockReverted' }
  | { type: 'paymentVoided' }
  | { type: 'stockReleased' }
  | { type: 'cartCleared' }
  /** The buyer says the payment was made. */
  | { type: 'completionAsked' }
  /** The cart is changed, or bought anew. */
  | { type: 'abandoned'; failure: Failure }
  /** The time to pay is over. */
  | { type: 'timeUp' }
  /** Somebody takes the saga up again: after a crash, or because an answer is overdue. */
  | { type: 'resumed' };

export type CheckoutRequest =
  | { type: 'RESERVE_STOCK' }
  | { type: 'CREATE_PAYMENT' }
  | { type: 'LOOK_UP_PAYMENT'; paymentId: string }
  | { type: 'CONFIRM_STOCK'; reservationId: string }
  | { type: 'SETTLE_PAYMENT'; paymentId: string }
  | { type: 'REVERT_STOCK'; reservationId: string }
  | { type: 'VOID_PAYMENT'; paymentId: string }
  | { type: 'RELEASE_STOCK'; reservationId: string }
  | { type: 'CLEAR_CART' };

/** What happens to the order, in the transaction that saves the new state. */
export type OrderMark = 'PLACED' | 'AUTHORIZED' | 'CONFIRMED' | 'FAILED';

export interface Step {
  state: Checkout;
  requests: CheckoutRequest[];
  marks: OrderMark[];
}

export const firstState: Checkout = { status: 'RESERVING' };

export const TIME_UP: Failure = {
  code: 'RESERVATION_EXPIRED',
  message: 'The time to pay is over; the goods were given back.',
};
/** The buyer does not want it any more, or an operator does not: no failure of anybody's. */
export const CALLED_OFF = 'CANCELED';
const DECLINED = 'The payment was declined.';

export function isEnded(state: Checkout): state is Extract<Checkout, { status: 'COMPLETED' | 'FAILED' }> {
  return state.status === 'COMPLETED' || state.status === 'FAILED';
}

/** Whether it will fail, and why, however far the way back has come. */
export function failureOf(state: Checkout): Failure | undefined {
  return 'failure' in state ? state.failure : undefined;
}

/** True until money may move: up to then the buyer may still change the cart. */
export function canBeAbandoned(state: Checkout): boolean {
  return ['RESERVING', 'CREATING_PAYMENT', 'AWAITING_PAYMENT', 'EXPIRING'].includes(state.status);
}

/** One event. The requests are what the new state waits for; none when the event changed nothing. */
export function advance(state: Checkout, event: CheckoutEvent): Step {
  if (event.type === 'resumed') return { state, requests: waitingFor(state), marks: [] };
  if (event.type === 'stockReserved' && state.status === 'FAILED' && !state.hasOrder) {
    // Asked for twice, refused once and granted later: nobody else would give these back before their time is over.
    return { state, requests: [{ type: 'RELEASE_STOCK', reservationId: event.reservation.id }], marks: [] };
  }
  const next = react(state, event);
  if (next === state) {
    // Time up changes nothing once the money is on its way: then it is a reason to go on.
    const goOn = event.type === 'timeUp' && !isEnded(state);
    return { state, requests: goOn ? waitingFor(state) : [], marks: [] };
  }
  return { state: next, requests: nextRequests(state, next, event), marks: marksOf(state, next) };
}

/**
 * Whether a report of its payment can still change anything. What one state ignores, all that come after it ignore; of
 * a payment that is not made yet nothing is known.
 */
export function isNewsTo(state: Checkout, report: PaymentReport): boolean {
  return state.status === 'RESERVING' || advance(state, { type: 'paymentReported', report }).state !== state;
}

function react(state: Checkout, event: Exclude<CheckoutEvent, { type: 'resumed' }>): Checkout {
  switch (state.status) {
    case 'RESERVING':
      // Until inventory has answered nobody knows what is held, so even a lost cause waits for it.
      if (event.type === 'stockReserved') {
        return state.failure
          ? { status: 'RELEASING', reservation: event.reservation, failure: state.failure }
          : { status: 'CREATING_PAYMENT', reservation: event.reservation };
      }
      if (event.type === 'stockRefused') return { status: 'FAILED', failure: event.failure, hasOrder: false };
      return givingUp(state, event);

    case 'CREATING_PAYMENT': {
      if (event.type === 'paymentCreated') return withPayment(state, event.paymentId);
      if (event.type === 'paymentRefused') {
        return { status: 'RELEASING', reservation: state.reservation, failure: event.failure };
      }
      // The provider's news can be faster than the answer that tells us the payment's id.
      if (event.type === 'paymentReported' && event.report.status !== 'PENDING') {
        return { ...state, reported: event.report };
      }
      return givingUp(state, event);
    }

    case 'AWAITING_PAYMENT':
      if (event.type === 'paymentReported') return withReport(state, event.report);
      if (event.type === 'timeUp') return { ...state, status: 'EXPIRING', failure: TIME_UP };
      if (event.type === 'abandoned') return { ...state, status: 'VOIDING', failure: event.failure };
      // A new object for the same state: ask the provider now.
      return event.type === 'completionAsked' ? { ...state } : state;

    case 'EXPIRING':
      // Paid in the last second: inventory decides whether the goods are still there.
      if (event.type === 'paymentReported' && event.report.paymentId === state.paymentId) {
        const { failure, ...awaiting } = state;
        const decided = withReport({ ...awaiting, status: 'AWAITING_PAYMENT' }, event.report);
        return decided.status === 'AWAITING_PAYMENT' ? { ...state, status: 'VOIDING', failure } : decided;
      }
      return event.type === 'abandoned' ? { ...state, status: 'VOIDING', failure: event.failure } : state;

    case 'CONFIRMING_STOCK':
      if (event.type === 'stockConfirmed') return { ...state, status: 'SETTLING' };
      // Taken back although it is gone: another driver's confirmation may come late, and find units again.
      if (event.type === 'stockGone') return { ...state, status: 'REVERTING_STOCK', failure: event.failure };
      return state;

    case 'SETTLING':
      if (event.type === 'paymentSettled') return { status: 'CLEARING_CART', paymentId: state.paymentId };
      if (event.type === 'captureRefused') return { ...state, status: 'REVERTING_STOCK', failure: event.failure };
      return state;

    case 'REVERTING_STOCK':
      if (event.type !== 'stockReverted') return state;
      return { status: 'VOIDING', paymentId: state.paymentId, failure: state.failure };

    case 'VOIDING': {
      if (event.type !== 'paymentVoided') return state;
      const { reservation, paymentId, failure } = state;
      return reservation
        ? { status: 'RELEASING', reservation, paymentId, failure }
        : { status: 'FAILED', failure, paymentId, hasOrder: true };
    }

    case 'RELEASING': {
      if (event.type !== 'stockReleased') return state;
      const { failure, paymentId } = state;
      return { status: 'FAILED', failure, ...(paymentId ? { paymentId } : {}), hasOrder: true };
    }

    case 'CLEARING_CART':
      return event.type === 'cartCleared' ? { status: 'COMPLETED', paymentId: state.paymentId } : state;

    case 'COMPLETED':
    case 'FAILED':
      return state;
  }
}

/** A request is in flight whose effect must be known before it can be undone: remember to turn round after it. */
function givingUp<S extends { failure?: Failure }>(state: S, event: CheckoutEvent): S {
  if (state.failure) return state;
  if (event.type === 'timeUp') return { ...state, failure: TIME_UP };
  return event.type === 'abandoned' ? { ...state, failure: event.failure } : state;
}

function withPayment(state: Extract<Checkout, { status: 'CREATING_PAYMENT' }>, paymentId: string): Checkout {
  const { reservation, reported, failure } = state;
  if (failure) return { status: 'VOIDING', reservation, paymentId, failure };
  const awaiting: Checkout = { status: 'AWAITING_PAYMENT', reservation, paymentId };
  return reported ? withReport(awaiting, reported) : awaiting;
}

function withReport(state: Extract<Checkout, { status: 'AWAITING_PAYMENT' }>, report: PaymentReport): Checkout {
  if (report.paymentId !== state.paymentId) return state;
  const { reservation, paymentId } = state;
  const failure: Failure = { code: 'PAYMENT_DECLINED', message: report.message ?? DECLINED };
  switch (report.status) {
    case 'AUTHORIZED':
    case 'CAPTURED':
      return { status: 'CONFIRMING_STOCK', reservation, paymentId };
    // Voided as well, lest the same payment succeed later with another card and nothing to buy.
    case 'DECLINED':
      return { status: 'VOIDING', reservation, paymentId, failure };
    case 'VOIDED':
      return { status: 'RELEASING', reservation, paymentId, failure };
    case 'PENDING':
      return state;
  }
}

function nextRequests(before: Checkout, after: Checkout, event: CheckoutEvent): CheckoutRequest[] {
  // The same wait goes on: its request is already out. The buyer's word and the end of the time are reasons to ask again.
  if (before.status === after.status && event.type !== 'completionAsked' && event.type !== 'timeUp') return [];
  // Nothing to ask for while the buyer pays; the news comes by itself.
  if (after.status === 'AWAITING_PAYMENT' && event.type !== 'completionAsked') return [];
  return waitingFor(after);
}

/** The one thing each state needs, whoever asks for it. */
function waitingFor(state: Checkout): CheckoutRequest[] {
  switch (state.status) {
    case 'RESERVING':
      return [{ type: 'RESERVE_STOCK' }];
    case 'CREATING_PAYMENT':
      return [{ type: 'CREATE_PAYMENT' }];
    case 'AWAITING_PAYMENT':
    case 'EXPIRING':
      return [{ type: 'LOOK_UP_PAYMENT', paymentId: state.paymentId }];
    case 'CONFIRMING_STOCK':
      return [{ type: 'CONFIRM_STOCK', reservationId: state.reservation.id }];
    case 'SETTLING':
      return [{ type: 'SETTLE_PAYMENT', paymentId: state.paymentId }];
    case 'REVERTING_STOCK':
      return [{ type: 'REVERT_STOCK', reservationId: state.reservation.id }];
    case 'VOIDING':
      return [{ type: 'VOID_PAYMENT', paymentId: state.paymentId }];
    case 'RELEASING':
      return [{ type: 'RELEASE_STOCK', reservationId: state.reservation.id }];
    case 'CLEARING_CART':
      return [{ type: 'CLEAR_CART' }];
    case 'COMPLETED':
    case 'FAILED':
      return [];
  }
}

function marksOf(before: Checkout, after: Checkout): OrderMark[] {
  if (before.status === after.status) return [];
  // The order exists from the moment its goods are held, also when it is given back at once.
  const placed: OrderMark[] = before.status === 'RESERVING' && 'reservation' in after ? ['PLACED'] : [];
  if (after.status === 'CONFIRMING_STOCK') return ['AUTHORIZED'];
  if (after.status === 'CLEARING_CART') return ['CONFIRMED'];
  if (after.status === 'FAILED' && after.hasOrder) return ['FAILED'];
  return placed;
}
