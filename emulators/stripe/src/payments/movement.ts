import type Stripe from 'stripe';

import type { MovementKind } from '../store/movements.ts';
import type { Scope } from '../world.ts';

interface Moved {
  kind: MovementKind;
  /** The object that moved it: a charge, a refund, a transfer. */
  object: string;
  amount: number;
  currency: string;
  intent?: string | null;
  transferGroup?: string | null;
}

/** Writes a line of the emulator's own record, apart from the objects the API shows. */
export function record(scope: Scope, { kind, object, amount, currency, intent, transferGroup }: Moved): void {
  const { world, account, nowMs, request } = scope;
  world.movements.append({
    at_ms: nowMs,
    kind,
    account,
    payment_intent: intent ?? null,
    transfer_group: transferGroup ?? null,
    object,
    amount,
    currency,
    request: request.id,
    idempotency_key: request.idempotencyKey,
  });
}

/** The same, for a movement of a charge. */
export function recordCharge(scope: Scope, kind: MovementKind, charge: Stripe.Charge, amount: number): void {
  record(scope, {
    kind,
    object: charge.id,
    amount,
    currency: charge.currency,
    intent: charge.payment_intent as string | null,
    transferGroup: charge.transfer_group,
  });
}
