import { accept, reject, type Rejection, type Result } from '@marketgraph/platform/core';
import { type EntityManager, inTransaction, onceByKey } from '@marketgraph/platform/postgres';
import { cancelParts } from '../domain/cancellation.ts';
import { CALLED_OFF, canBeAbandoned, failureOf } from '../domain/checkout.ts';
import { lockCheckout, postponeCheckout } from '../store/checkouts.ts';
import { cancelParcels, lockOrder } from '../store/order-writes.ts';
import { applyCheckoutEvent, driveCheckout } from './advance-checkout.ts';
import { answerWithin } from './answer-within.ts';
import { giveBackParts } from './give-back.ts';
import { recordOrderChange } from './record-order-change.ts';
import type { Cause, Services } from './services.ts';

export interface CancelOrder {
  orderId: string;
  /** Null for all parts that have not ended. */
  vendorOrderId: string | null;
  reason: string;
  principal: string;
  idempotencyKey: string;
  cause: Cause;
}

const MAX_REASON = 500;
/** A checkout that is just being paid is waited for, so often. */
const MAX_TRIES = 3;

/** Rolls back: a refused call does not use up its key. */
class RefusedError extends Error {
  constructor(readonly rejection: Rejection) {
    super(rejection.message);
  }
}

/** The money is moving: what there is to cancel is known when it has arrived. */
class BeingPaidError extends Error {}

/**
 * Calls an order off, or one vendor's part. Before the money moved the checkout
 * is given up and undoes itself; after that each part goes back by a saga of
 * its own (`give-back.ts`), begun in the transaction that cancels it.
 */
export async function cancelOrder(services: Services, command: CancelOrder): Promise<Result<null>> {
  const reason = command.reason.trim();
  if (reason === '' || reason.length > MAX_REASON) {
    return reject('INVALID', `Give a reason of at most ${MAX_REASON} characters.`, { field: ['reason'] });
  }
  const { orderId, vendorOrderId, principal, idempotencyKey: key, cause } = command;
  const call = { principal, operation: 'orderCancel', key, input: { orderId, vendorOrderId, reason } };
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    try {
      const once = await inTransaction(services.orm, (em) =>
        onceByKey(em, call, () => decide(em, services, { ...command, reason })),
      );
      services.nudgeSweeper();
      if (once.kind === 'reused')
        return reject('IDEMPOTENCY_KEY_REUSED', 'This key was used to cancel something else.');
      if (once.answer.undoes) {
        const work = driveCheckout(services, { orderId, event: { type: 'resumed' }, cause });
        await answerWithin(services, work, 'calling off a checkout');
      }
      return accept(null);
    } catch (error) {
      if (error instanceof RefusedError) return { ok: false, rejection: error.rejection };
      if (!(error instanceof BeingPaidError)) throw error;
    }
    const work = driveCheckout(services, { orderId, event: { type: 'resumed' }, cause });
    if (!(await answerWithin(services, work, 'waiting for a payment to cancel it')).done) break;
  }
  return reject('CONFLICT', 'This order is being paid; try again.');
}

async function decide(em: EntityManager, services: Services, command: CancelOrder): Promise<{ undoes: boolean }> {
  const { orderId, vendorOrderId, reason, cause } = command;
  // The saga's row before the order's, as the saga itself does.
  const checkout = await lockCheckout(em, orderId);
  const isOpen = checkout && !['COMPLETED', 'FAILED', 'CLEARING_CART'].includes(checkout.state.status);
  if (isOpen) {
    const { state } = checkout;
    if (vendorOrderId !== null) {
      throw refusal({ code: 'ILLEGAL_TRANSITION', message: 'Not paid yet: only the whole order can be cancelled.' });
    }
    // Turned back already, whatever the reason was: nothing will be charged.
    if (failureOf(state) && state.status !== 'EXPIRING') return { undoes: true };
    if (!canBeAbandoned(state)) throw new BeingPaidError();
    const failure = { code: CALLED_OFF, message: reason };
    await applyCheckoutEvent(em, services, { orderId, event: { type: 'abandoned', failure }, cause });
    await postponeCheckout(em, orderId, { nextAttemptAt: services.clock.now(), failed: false });
    return { undoes: true };
  }
  const locked = await lockOrder(em, orderId);
  if (!locked) throw refusal({ code: 'NOT_FOUND', message: 'There is no such order.', field: ['orderId'] });
  const decided = cancelParts(locked.order, { vendorOrderId, reason });
  if (!decided.ok) throw refusal(decided.rejection);
  const { facts, canceled } = decided.value;
  const vendorOrderIds = canceled.map((part) => part.id);
  const vendorEvent = { type: 'CANCELED', vendorOrderIds } as const;
  const change = { facts, vendorEvent, ...(vendorOrderId === null ? {} : { vendorOrderId }) };
  await recordOrderChange(em, services, { locked, change, cause });
  await cancelParcels(em, vendorOrderIds);
  await giveBackParts(em, services, { orderId, vendorOrderIds, reason });
  return { undoes: false };
}

function refusal(rejection: Rejection): RefusedError {
  return new RefusedError(rejection);
}
