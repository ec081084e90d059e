import type Stripe from 'stripe';

import { newId } from './ids.ts';
import type { AnyObject } from './store/objects.ts';
import type { Scope } from './world.ts';
import { API_VERSION, PLATFORM_ACCOUNT, seconds } from './world.ts';

/** The event types that can happen here. */
export type EventType =
  | 'account.updated'
  | 'charge.captured'
  | 'charge.dispute.closed'
  | 'charge.dispute.created'
  | 'charge.dispute.funds_reinstated'
  | 'charge.dispute.funds_withdrawn'
  | 'charge.expired'
  | 'charge.failed'
  | 'charge.pending'
  | 'charge.refund.updated'
  | 'charge.refunded'
  | 'charge.succeeded'
  | 'charge.updated'
  | 'customer.created'
  | 'customer.deleted'
  | 'customer.updated'
  | 'payment_intent.amount_capturable_updated'
  | 'payment_intent.canceled'
  | 'payment_intent.created'
  | 'payment_intent.payment_failed'
  | 'payment_intent.processing'
  | 'payment_intent.requires_action'
  | 'payment_intent.succeeded'
  | 'payment_method.attached'
  | 'payment_method.detached'
  | 'payout.canceled'
  | 'payout.created'
  | 'payout.failed'
  | 'payout.paid'
  | 'payout.updated'
  | 'refund.created'
  | 'refund.failed'
  | 'refund.updated'
  | 'transfer.created'
  | 'transfer.reversed'
  | 'transfer.updated';

/**
 * Writes an event, and its delivery when there is an endpoint, in the transaction of the change it tells of.
 * The object inside is a copy of this moment and never changes again.
 */
export function emit(scope: Scope, type: EventType, object: AnyObject, previous?: Record<string, unknown>): void {
  const { world, account, nowMs, request } = scope;
  const body = {
    id: newId('evt'),
    object: 'event',
    ...(account === PLATFORM_ACCOUNT ? {} : { account }),
    api_version: API_VERSION,
    created: seconds(nowMs),
    data: { object, ...(previous && { previous_attributes: previous }) },
    livemode: false,
    pending_webhooks: 0,
    request: { id: request.id, idempotency_key: request.idempotencyKey },
    type,
    // The SDK types every event by its `type`; what is written here is the shape they have in common.
  } as unknown as Stripe.Event;
  world.objects.insert(account, 'event', body, { created: body.created });
  if (world.hasWebhook()) world.deliveries.enqueue(body.id, type, 'pending', Date.now());
}

/** Saves a changed object. Kept beside `emit`, because nearly every change is followed by an event. */
export function save(scope: Scope, object: AnyObject): void {
  scope.world.objects.save(object);
}
