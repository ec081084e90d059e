import { betweenCrashPoints } from '@marketgraph/platform/core';
import { findAccountByReference } from '../store/payout-accounts.ts';
import { isAboutDispute, isAboutRefund, isRecordedAlready } from '../domain/payment-news.ts';
import { findPayment, toRecorded } from '../store/payments.ts';
import { type DueEvent, finishEvents, postponeEvents, takeDueEvents } from '../store/webhook-inbox.ts';
import type { PaymentsDeps } from './payments-deps.ts';
import { syncPayment } from './sync-payment.ts';
import { syncDisputes } from './sync-disputes.ts';
import { syncRefunds } from './sync-refunds.ts';
import { syncPayoutAccount } from './open-payout-accounts.ts';

const BATCH = 50;
/** Objects looked at at the same time: one that the provider is slow to tell of does not hold up all others. */
const AT_ONCE = 4;
const FIRST_DELAY_MS = 500;
/** How long an event of a payment we do not know is kept in the queue: it may be ahead of our own row. */
const ABANDON_AFTER_MS = 60 * 60 * 1_000;
const MAX_DELAY_MS = 5 * 60 * 1_000;
/** What waits longer than this is found by the next look of its own. */
const LONG_MS = 2_000;

/**
 * Works off the inbox. An event only says that something changed: the payment is
 * looked up at the provider as it stands now, so any order and any number
 * of events end in the same state. Events of one object cost one look, and those that can say nothing new cost none.
 * A number: some have to be tried again in so many milliseconds.
 */
export async function processWebhooks(deps: PaymentsDeps): Promise<'idle' | 'busy' | number> {
  const due = await takeDueEvents(deps.orm.em.fork(), deps.clock.now(), BATCH);
  const byObject = Map.groupBy(due, (event) => event.objectReference);
  await finishRecorded(deps, byObject);
  const lanes = [...byObject.values()];
  let againMs = Number.POSITIVE_INFINITY;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let events = lanes.shift(); events; events = lanes.shift()) {
        againMs = Math.min(againMs, (await handleTogether(deps, events)) ?? againMs);
      }
    }),
  );
  if (due.length === BATCH) return 'busy';
  return againMs < LONG_MS ? againMs : 'idle';
}

/** Takes out what is recorded already: one write for all of them. */
async function finishRecorded(deps: PaymentsDeps, byObject: Map<string | null, DueEvent[]>): Promise<void> {
  const recorded: string[] = [];
  for (const [reference, events] of byObject) {
    const payment = events[0]?.known && toRecorded(events[0].known);
    if (!payment || !events.every(({ type }) => isRecordedAlready(type, payment))) continue;
    recorded.push(...events.map(({ eventId }) => eventId));
    byObject.delete(reference);
  }
  if (recorded.length === 0) return;
  await finishEvents(deps.orm.em.fork(), recorded, { status: 'DONE', now: deps.clock.now() });
}

/** Resolves to how long it has to wait, where it does. */
async function handleTogether(deps: PaymentsDeps, events: readonly DueEvent[]): Promise<number | undefined> {
  const [event] = events;
  if (!event) return undefined;
  const eventIds = events.map(({ eventId }) => eventId);
  const now = deps.clock.now();
  let reason: string;
  try {
    const paymentId = events.find((one) => one.paymentId)?.paymentId ?? null;
    const types = events.map(({ type }) => type);
    if (await betweenCrashPoints('webhook.handle', () => handle(deps, { ...event, paymentId, types }))) {
      await finishEvents(deps.orm.em.fork(), eventIds, { status: 'DONE', now });
      return undefined;
    }
    reason = 'not known here';
    if (now.getTime() - event.receivedAt.getTime() > ABANDON_AFTER_MS) {
      deps.log.warn({ eventIds, object: event.objectReference }, 'events of an object that is not ours');
      await finishEvents(deps.orm.em.fork(), eventIds, { status: 'ABANDONED', now, reason });
      return undefined;
    }
  } catch (error) {
    reason = error instanceof Error ? error.message : String(error);
    deps.log.warn({ err: error, eventIds }, 'webhook event failed; trying again');
  }
  const delayMs = Math.min(FIRST_DELAY_MS * 2 ** Math.min(event.attempts, 12), MAX_DELAY_MS);
  await postponeEvents(deps.orm.em.fork(), eventIds, { until: new Date(now.getTime() + delayMs), reason });
  return delayMs;
}

/** False: nothing of ours is known by this name yet. */
async function handle(deps: PaymentsDeps, event: DueEvent & { types: readonly string[] }): Promise<boolean> {
  const reference = event.objectReference!;
  if (event.type === 'account.updated') {
    const account = await findAccountByReference(deps.orm.em.fork(), reference);
    if (!account) return false;
    await syncPayoutAccount(deps, account.id);
    return true;
  }
  const known = event.known ?? (event.paymentId ? await findPayment(deps.orm.em.fork(), event.paymentId) : null);
  if (!known) return false;
  if (known.gatewayReference && known.gatewayReference !== reference) {
    await endStray(deps, known.id, reference);
    return true;
  }
  await syncPayment(deps, known.id, {
    reference,
    seen: known,
    // Somebody else may have looked meanwhile.
    isKnown: (row) =>
      row.gatewayReference === reference && event.types.every((type) => isRecordedAlready(type, toRecorded(row))),
  });
  const own = { id: known.id, intentReference: reference };
  const isDisputed = event.types.some(isAboutDispute);
  // What has been given back before a dispute is lost is not lost in it.
  if (isDisputed || event.types.some(isAboutRefund)) await syncRefunds(deps, own);
  if (isDisputed) await syncDisputes(deps, own);
  return true;
}

/** A second intent for one payment, left by a create whose answer was lost for longer than anybody looked. */
async function endStray(deps: PaymentsDeps, paymentId: string, reference: string): Promise<void> {
  const own = await deps.provider.retrieveIntent(reference);
  const { status } = own.intent;
  if (own.paymentId !== paymentId || status === 'canceled') return;
  deps.log.error({ paymentId, reference, status }, 'a second intent for one payment');
  if (status !== 'succeeded') await deps.provider.cancelIntent(reference, `stray:${reference}`);
}
