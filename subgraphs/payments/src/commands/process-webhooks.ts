import { betweenCrashPoints } from '@marketgraph/platform/core';
import { findAccountByReference } from '../store/payout-accounts.ts';
import { findPayment, findPaymentByReference } from '../store/payments.ts';
import { type DueEvent, finishEvents, postponeEvents, takeDueEvents } from '../store/webhook-inbox.ts';
import type { PaymentsDeps } from './payments-deps.ts';
import { syncPayment } from './sync-payment.ts';
import { syncRefunds } from './sync-refunds.ts';
import { syncPayoutAccount } from './open-payout-accounts.ts';

const BATCH = 50;
/** How long an event of a payment we do not know is kept in the queue: it may be ahead of our own row. */
const ABANDON_AFTER_MS = 60 * 60 * 1_000;
const MAX_DELAY_MS = 5 * 60 * 1_000;

/**
 * Works off the inbox. An event only says that something changed: the payment is
 * looked up at the provider as it stands now, so any order and any number
 * of events end in the same state. Events of one object cost one look.
 */
export async function processWebhooks(deps: PaymentsDeps): Promise<'idle' | 'busy'> {
  const due = await takeDueEvents(deps.orm.em.fork(), deps.clock.now(), BATCH);
  const byObject = Map.groupBy(due, (event) => event.objectReference);
  for (const events of byObject.values()) await handleTogether(deps, events);
  return due.length === BATCH ? 'busy' : 'idle';
}

async function handleTogether(deps: PaymentsDeps, events: readonly DueEvent[]): Promise<void> {
  const [event] = events;
  if (!event) return;
  const eventIds = events.map(({ eventId }) => eventId);
  const now = deps.clock.now();
  let reason: string;
  try {
    const paymentId = events.find((one) => one.paymentId)?.paymentId ?? null;
    const isAboutRefund = events.some(({ type }) => type.includes('refund'));
    if (await betweenCrashPoints('webhook.handle', () => handle(deps, { ...event, paymentId, isAboutRefund }))) {
      await finishEvents(deps.orm.em.fork(), eventIds, { status: 'DONE', now });
      return;
    }
    reason = 'not known here';
    if (now.getTime() - event.receivedAt.getTime() > ABANDON_AFTER_MS) {
      deps.log.warn({ eventIds, object: event.objectReference }, 'events of an object that is not ours');
      await finishEvents(deps.orm.em.fork(), eventIds, { status: 'ABANDONED', now, reason });
      return;
    }
  } catch (error) {
    reason = error instanceof Error ? error.message : String(error);
    deps.log.warn({ err: error, eventIds }, 'webhook event failed; trying again');
  }
  const delayMs = Math.min(500 * 2 ** Math.min(event.attempts, 12), MAX_DELAY_MS);
  await postponeEvents(deps.orm.em.fork(), eventIds, { until: new Date(now.getTime() + delayMs), reason });
}

/** False: nothing of ours is known by this name yet. */
async function handle(deps: PaymentsDeps, event: DueEvent & { isAboutRefund: boolean }): Promise<boolean> {
  const reference = event.objectReference!;
  const em = deps.orm.em.fork();
  if (event.type === 'account.updated') {
    const account = await findAccountByReference(em, reference);
    if (!account) return false;
    await syncPayoutAccount(deps, account.id);
    return true;
  }
  const known =
    (await findPaymentByReference(em, reference)) ?? (event.paymentId ? await findPayment(em, event.paymentId) : null);
  if (!known) return false;
  if (known.gatewayReference && known.gatewayReference !== reference) {
    await endStray(deps, known.id, reference);
    return true;
  }
  await syncPayment(deps, known.id, reference);
  if (event.isAboutRefund) await syncRefunds(deps, { id: known.id, intentReference: reference });
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
