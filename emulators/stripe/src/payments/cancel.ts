import type Stripe from 'stripe';

import { emit, save } from '../events.ts';
import { idOf } from '../http/route.ts';
import type { Scope } from '../world.ts';
import { seconds } from '../world.ts';
import { releaseCharge } from './charge.ts';
import { assertStatus } from './intent-status.ts';

/** Ends a payment for good; money that was held goes back. */
export function cancelIntent(
  scope: Scope,
  intent: Stripe.PaymentIntent,
  reason: Stripe.PaymentIntent.CancellationReason | null,
): Stripe.PaymentIntent {
  assertStatus(intent, 'cancel');
  if (intent.status === 'requires_capture') {
    const charge = scope.world.objects.find(scope.account, 'charge', idOf(intent.latest_charge)!)!;
    releaseCharge(scope, charge);
    if (reason === 'expired') emit(scope, 'charge.expired', charge);
  }
  intent.status = 'canceled';
  intent.canceled_at = seconds(scope.nowMs);
  intent.cancellation_reason = reason;
  intent.amount_capturable = 0;
  intent.next_action = null;
  save(scope, intent);
  emit(scope, 'payment_intent.canceled', intent);
  return intent;
}
