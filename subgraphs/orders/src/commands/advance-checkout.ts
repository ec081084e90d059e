import { betweenCrashPoints, crashPoint } from '@marketgraph/platform/core';
import { appendToOutbox, type EntityManager, inTransaction } from '@marketgraph/platform/postgres';
import { activeTraceparent, traced } from '@marketgraph/platform/tracing';
import {
  advance,
  type Checkout,
  type CheckoutEvent,
  type CheckoutRequest,
  failureOf,
  isEnded,
} from '../domain/checkout.ts';
import {
  type CheckoutRecord,
  lockCheckout,
  lockCheckoutAndOrder,
  postponeCheckout,
  readCheckout,
  saveCheckout,
  takeParkedReports,
} from '../store/checkouts.ts';
import { dropCartBackup } from '../store/cart-backups.ts';
import { savePayment } from '../store/order-writes.ts';
import { giveBackUses } from '../store/promotion-uses.ts';
import { type Answers, performRequest } from './perform-request.ts';
import { markOrder } from './mark-order.ts';
import type { Cause, Services } from './services.ts';

/** Whoever works on a checkout answers within this time or is taken for dead. */
export const STALL_AFTER_MS = 5_000;
/** How often an unpaid checkout asks the provider by itself, in case its news was lost. */
const LOOK_UP_EVERY_MS = 60_000;
const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 20_000;
/** The longest way has ten steps; two drivers that take turns take twice as many, and so on. */
const MAX_STEPS = 200;
const MAX_PAUSE_MS = 30;

/** What mostly changes the order as well. */
const MARKING: ReadonlySet<CheckoutEvent['type']> = new Set(['paymentReported', 'paymentSettled']);

export interface Advanced {
  record: CheckoutRecord;
  requests: CheckoutRequest[];
  /** Whether the event changed anything. */
  isMoved: boolean;
}

/**
 * One event: load, decide, save, outbox, in the caller's transaction. Undefined
 * for a checkout that is not known. The row lock makes steps follow one another;
 * an event that comes twice, or too late, finds a state that ignores it.
 * `known` is the checkout as it was at any time, where the caller has it.
 */
export async function applyCheckoutEvent(
  em: EntityManager,
  services: Services,
  {
    orderId,
    event,
    cause: given,
    known,
  }: { orderId: string; event: CheckoutEvent; cause: Cause; known?: CheckoutRecord },
): Promise<Advanced | undefined> {
  const { record, order, nextNumber } = await lockFor(em, { orderId, event, known });
  if (!record) return undefined;
  const now = services.clock.now();
  const step = advance(record.state, event);
  if (step.state === record.state) return { record, requests: step.requests, isMoved: false };

  const next: CheckoutRecord = { ...record, state: step.state };
  const cause = inTraceOf(record, given);
  for (const mark of step.marks) {
    const events = await markOrder(em, services, { record: next, mark, cause, order, nextNumber });
    await appendToOutbox(em, events, { ids: services.ids, now, trace: cause.trace });
  }
  if (record.paymentId === null && 'paymentId' in step.state && step.state.paymentId) {
    next.paymentId = step.state.paymentId;
    await savePayment(em, orderId, next.paymentId);
  }
  next.deadlineAt = deadlineOf(step.state) ?? record.deadlineAt;
  next.nextAttemptAt = nextLookAt(next, now);
  await saveCheckout(em, next, { now, ...next });
  if (step.state.status === 'FAILED') await giveBackUses(em, orderId);
  if (isLastWord(event)) await dropCartBackup(em, record.cartId);

  // The order's row is there now: news that came before it can be heard.
  let current: Advanced = { record: next, requests: step.requests, isMoved: true };
  if (step.marks.includes('PLACED') && record.hasParked) {
    for (const report of await takeParkedReports(em, orderId)) {
      const heard = await applyCheckoutEvent(em, services, {
        orderId,
        event: { type: 'paymentReported', report },
        cause,
        known: next,
      });
      current =
        heard && heard.requests.length > 0
          ? { ...heard, isMoved: true }
          : { ...current, record: heard?.record ?? current.record };
    }
  }
  return current;
}

type Locked = Awaited<ReturnType<typeof lockCheckoutAndOrder>>;

async function lockFor(
  em: EntityManager,
  { orderId, event, known }: { orderId: string; event: CheckoutEvent; known?: CheckoutRecord },
): Promise<Locked> {
  if (!MARKING.has(event.type)) return { record: await lockCheckout(em, orderId, known) };
  return lockCheckoutAndOrder(em, orderId, { known, isNumbered: event.type === 'paymentSettled' });
}

/** What a checkout tells belongs to its own trace, also when it heard the news in another one. */
function inTraceOf({ trace }: CheckoutRecord, cause: Cause): Cause {
  const idOf = (traceparent: string | undefined) => traceparent?.split('-', 2)[1];
  return trace === null || idOf(trace) === idOf(cause.trace) ? cause : { ...cause, trace };
}

/** An answer was needed and none came. The saga is as it was; the sweeper goes on. */
export class CheckoutStalledError extends Error {
  constructor(
    readonly record: CheckoutRecord,
    request: CheckoutRequest,
    options: ErrorOptions,
  ) {
    super(`Checkout ${record.orderId} got no answer to ${request.type}.`, options);
    this.name = 'CheckoutStalledError';
  }
}

/**
 * Drives a checkout as far as it goes: event, requests, their answers, until it
 * waits for the buyer or has ended. Client, payment event and sweeper all come
 * through here, in this process one after the other; two processes at once do
 * the same idempotent things. `record` is what the caller has just read of it.
 */
export function driveCheckout(services: Services, start: Drive): Promise<Driven> {
  const { event, cause, trace } = start;
  // One checkout is one trace, whoever goes on with it: this request is only linked with it.
  const span = { service: 'orders', parent: trace ?? undefined, link: activeTraceparent() };
  return traced(`orders checkout ${event.type}`, span, (own = cause.trace) => {
    const inTrace = { ...start, cause: { ...cause, trace: own } };
    return services.driving(start.orderId, (waited) =>
      drive(services, waited ? { ...inTrace, record: undefined } : inTrace),
    );
  });
}

export interface Drive {
  orderId: string;
  event: CheckoutEvent;
  cause: Cause;
  record?: CheckoutRecord;
  /** W3C traceparent of the request that began the checkout. */
  trace?: string | null;
}

export interface Driven {
  record: CheckoutRecord;
  answers: Answers;
}

async function drive(services: Services, start: Drive): Promise<Driven> {
  const answers: Answers = {};
  const { orderId, cause } = start;
  let event = start.event;
  let known = start.record;
  for (let steps = 0; steps < MAX_STEPS; steps += 1) {
    const advanced = isQuestion(event)
      ? await questionCheckout(services, { orderId, event, known: steps === 0 ? known : undefined })
      : await inTransaction(services.orm, (em) => applyCheckoutEvent(em, services, { orderId, event, cause, known }), {
          mayBeLost: isLastWord(event),
        });
    if (!advanced) throw new Error(`There is no checkout ${orderId}.`);
    const { record, requests, isMoved } = advanced;
    known = record;
    if (isMoved) services.reached.remember(orderId, record.state);
    if (isMoved && isEnded(record.state)) services.counts.checkouts.of(outcomeOf(record.state)).inc();
    crashPoint(`checkout.saved.${record.state.status}`);
    const [request] = requests;
    if (!request && isAtRest(record.state)) return { record, answers };
    if (!request) {
      // Another driver was faster with this step and is at the next one. Its answer is worth waiting for.
      await pause(Math.random() * MAX_PAUSE_MS);
      event = { type: 'resumed' };
      continue;
    }
    const asked = performance.now();
    try {
      event = await betweenCrashPoints(`checkout.${request.type}`, () =>
        performRequest(services, { record, request, answers, cause }),
      );
    } catch (error) {
      await retryLater(services, record);
      throw new CheckoutStalledError(record, request, { cause: error });
    } finally {
      const seconds = (performance.now() - asked) / 1_000;
      services.counts.stepSeconds.of(request.type.toLowerCase()).observe(seconds);
    }
  }
  throw new Error(`Checkout ${orderId} goes in circles.`);
}

/** Codes of failures are a few known ones. */
function outcomeOf(state: Checkout): string {
  return state.status === 'COMPLETED' ? 'completed' : (failureOf(state)?.code ?? 'failed').toLowerCase();
}

/** Nothing comes after it, and what the buyer is told was written before: a server that loses it with its power clears an empty cart once more. */
function isLastWord({ type }: CheckoutEvent): boolean {
  return type === 'cartCleared';
}

type Question = Extract<CheckoutEvent, { type: 'resumed' | 'completionAsked' }>;

/** What asks how a checkout goes on, and changes nothing of it. */
function isQuestion(event: CheckoutEvent): event is Question {
  return event.type === 'resumed' || event.type === 'completionAsked';
}

/**
 * Nothing is decided, so nothing is locked or saved: what is asked for then may have been answered meanwhile, and the
 * answer finds a state that ignores it.
 */
async function questionCheckout(
  { orm }: Services,
  { orderId, event, known }: { orderId: string; event: Question; known?: CheckoutRecord },
): Promise<Advanced | undefined> {
  const record = known ?? (await readCheckout(orm.em.fork(), orderId));
  return record && { record, requests: advance(record.state, event).requests, isMoved: false };
}

/** Nothing happens by itself any more: it has ended, or the buyer has to pay. */
function isAtRest(state: Checkout): boolean {
  return isEnded(state) || state.status === 'AWAITING_PAYMENT';
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

async function retryLater(services: Services, record: CheckoutRecord): Promise<void> {
  const backoff = Math.min(FIRST_RETRY_MS * 2 ** record.attempts, MAX_RETRY_MS) * (0.75 + Math.random() / 2);
  const nextAttemptAt = new Date(services.clock.now().getTime() + backoff);
  await postponeCheckout(services.orm.em.fork(), record.orderId, { nextAttemptAt, failed: true });
}

/** The reservation's own end counts, once there is one. */
function deadlineOf(state: Checkout): Date | undefined {
  return 'reservation' in state && state.reservation ? new Date(state.reservation.expiresAt) : undefined;
}

function nextLookAt({ state, deadlineAt }: CheckoutRecord, now: Date): Date {
  if (isEnded(state)) return now;
  if (state.status !== 'AWAITING_PAYMENT') return new Date(now.getTime() + STALL_AFTER_MS);
  return new Date(Math.min(deadlineAt.getTime(), now.getTime() + LOOK_UP_EVERY_MS));
}
