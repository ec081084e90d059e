import { betweenCrashPoints } from '@marketgraph/platform/core';
import type { ProviderEvent } from '../clients/provider.ts';
import { isCompanion } from '../domain/payment-news.ts';
import type { PaymentsDeps } from './payments-deps.ts';

/** `kept` is to be worked on now, `waiting` in a moment. */
export type Received = 'kept' | 'waiting' | 'duplicate' | 'ignored';

/** By then the event that says the same is handled; nobody waits for this one. */
export const COMPANION_DELAY_MS = 500;

/** Companions are kept at the same moments, so many a second, and with whatever else comes then. */
const GATHER_MS = 25;

const handledTypes: ReadonlySet<string> = new Set([
  'payment_intent.created',
  'payment_intent.requires_action',
  'payment_intent.processing',
  'payment_intent.amount_capturable_updated',
  'payment_intent.partially_funded',
  'payment_intent.payment_failed',
  'payment_intent.succeeded',
  'payment_intent.canceled',
  'charge.succeeded',
  'charge.captured',
  'charge.updated',
  'charge.failed',
  'charge.expired',
  'charge.refunded',
  'charge.dispute.created',
  'charge.dispute.updated',
  'charge.dispute.funds_withdrawn',
  'charge.dispute.funds_reinstated',
  'charge.dispute.closed',
  'charge.refund.updated',
  'refund.created',
  'refund.updated',
  'refund.failed',
  'account.updated',
]);

/**
 * Keeps what the provider signed and nothing more: the answer is quick, the
 * work comes after. An event that is not for us is kept as ignored, so that it
 * can be counted.
 */
export async function receiveWebhook(deps: PaymentsDeps, event: ProviderEvent): Promise<Received> {
  const isOurs = event.isLive === deps.provider.isLive && (event.account === null || event.type === 'account.updated');
  const status = isOurs && handledTypes.has(event.type) && event.objectReference ? 'PENDING' : 'IGNORED';
  const now = deps.clock.now();
  const isWaiting = isCompanion(event.type);
  if (isWaiting) await nextGathering(now);
  const isNew = await betweenCrashPoints('webhook.keep', () =>
    deps.keeping({
      eventId: event.id,
      type: event.type.slice(0, 100),
      objectReference: event.objectReference,
      paymentId: event.paymentId,
      createdAt: event.createdAt,
      status,
      now,
      dueAt: isWaiting ? new Date(now.getTime() + COMPANION_DELAY_MS) : now,
    }),
  );
  if (status === 'IGNORED') return 'ignored';
  if (!isNew) return 'duplicate';
  return isWaiting ? 'waiting' : 'kept';
}

function nextGathering(now: Date): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, GATHER_MS - (now.getTime() % GATHER_MS));
  });
}
