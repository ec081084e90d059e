import { emit } from './events.ts';
import { idOf } from './http/route.ts';
import { payoutFailureOf } from './payments/bank-accounts.ts';
import { cancelIntent } from './payments/cancel.ts';
import { settleCharge } from './payments/charge.ts';
import { settleProcessing } from './payments/confirm.ts';
import { openDispute } from './payments/dispute.ts';
import type { Decline } from './payments/cards.ts';
import { type Behaviour, behaviourOf } from './payments/payment-methods.ts';
import { destinationOf, settlePayout } from './payments/payout.ts';
import { failRefund, settleRefund } from './payments/refund.ts';
import type { LaterStep } from './store/later.ts';
import type { ObjectType, ObjectTypes } from './store/objects.ts';
import type { Scope, World } from './world.ts';
import { scopeOf } from './world.ts';

/** Does what has come due, each in its own transaction. Each step looks at the state again: it may have moved on. */
export function runLaterSteps(world: World): number {
  const steps = world.later.due(world.nowMs());
  for (const step of steps) {
    world.db.transaction(() => {
      runStep(world, step);
      world.later.done(step);
    });
  }
  return steps.length;
}

function runStep(world: World, { what, object: id }: LaterStep): void {
  switch (what) {
    case 'expire_authorization':
      return on(world, 'payment_intent', id, (scope, intent) => {
        if (intent.status === 'requires_capture') cancelIntent(scope, intent, 'expired');
      });
    case 'settle_charge':
      return on(world, 'charge', id, (scope, charge) => {
        if (charge.balance_transaction !== null) return;
        emit(scope, 'charge.updated', settleCharge(scope, charge), { balance_transaction: null });
      });
    case 'settle_payment':
      return on(world, 'payment_intent', id, (scope, intent) => {
        if (intent.status !== 'processing') return;
        const charge = world.objects.find(scope.account, 'charge', idOf(intent.latest_charge)!)!;
        const behaviour = behaviourOf(scope, charge.payment_method!);
        settleProcessing(scope, intent, lateRefusalOf(behaviour));
      });
    case 'settle_payout':
      return on(world, 'payout', id, (scope, payout) => {
        const bank = destinationOf(payout);
        settlePayout(scope, payout, bank === null ? undefined : payoutFailureOf(scope, bank));
      });
    case 'settle_refund':
      return on(world, 'refund', id, settleRefund);
    case 'fail_refund':
      return on(world, 'refund', id, failRefund);
    case 'open_dispute':
      return on(world, 'charge', id, (scope, charge) => void openDispute(scope, charge));
  }
}

function lateRefusalOf(behaviour: Behaviour): Decline | undefined {
  if (behaviour.kind === 'us_bank_account') return behaviour.bankRefusal;
  return behaviour.kind === 'redirect' ? behaviour.refusal : undefined;
}

function on<T extends ObjectType>(
  world: World,
  type: T,
  id: string,
  work: (scope: Scope, object: ObjectTypes[T]) => void,
): void {
  const found = world.objects.findAnywhere(type, id);
  if (found) work(scopeOf(world, found.account), found.body);
}
