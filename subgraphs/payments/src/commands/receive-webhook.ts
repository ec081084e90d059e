import { betweenCrashPoints } from '@marketgraph/platform/core';
import type { ProviderEvent } from '../clients/provider.ts';
import { keepEvent } from '../store/webhook-inbox.ts';
import type { PaymentsDeps } from './payments-deps.ts';

export type Received = 'kept' | 'duplicate' | 'ignored';

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
  const isNew = await betweenCrashPoints('webhook.keep', () =>
    keepEvent(
      deps.orm.em.fork(),
      {
        eventId: event.id,
        type: event.type.slice(0, 100),
        objectReference: event.objectReference,
        paymentId: event.paymentId,
        createdAt: event.createdAt,
      },
      { status, now: deps.clock.now() },
    ),
  );
  if (status === 'IGNORED') return 'ignored';
  return isNew ? 'kept' : 'duplicate';
}
