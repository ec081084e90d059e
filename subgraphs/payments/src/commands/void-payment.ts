import { accept, reject, type Result } from '@marketgraph/platform/core';
import { appendToOutbox, inTransaction } from '@marketgraph/platform/postgres';
import { isCaptured } from '../domain/payment.ts';
import { paymentMoved } from '../events/out.ts';
import type { PaymentRow } from '../store/payment.entity.ts';
import { findPayment, lockPayment, toPayment } from '../store/payments.ts';
import { cancelAtProvider } from './cancel-at-provider.ts';
import { giveBackUnsold } from './give-back-unsold.ts';
import { claimKey } from './claim-key.ts';
import type { Caller, PaymentsDeps } from './payments-deps.ts';
import { recordIntent } from './record-intent.ts';
import { syncPayment } from './sync-payment.ts';

/** Gives up a payment that was not captured: nothing is held on the buyer's card afterwards. */
export async function voidPayment(deps: PaymentsDeps, caller: Caller, paymentId: string): Promise<Result<PaymentRow>> {
  const claimed = await claimKey(deps, { caller, operation: 'paymentVoid', input: { paymentId } }, async (em) => {
    const row = await findPayment(em, paymentId);
    if (!row) return reject('NOT_FOUND', 'No such payment.', { field: ['id'] });
    return isCaptured(row.status) && !mayGiveBack(caller, row) ? captured() : accept(row.id);
  });
  if (!claimed.ok) return claimed;
  const row = await releaseHold(deps, paymentId);
  if (!row) return captured();
  if (!isCaptured(row.status)) return accept(row);
  return mayGiveBack(caller, row) ? accept(await giveBackUnsold(deps, row)) : captured();
}

/** Orders calls a sale off for which the money is here already, and of which no vendor has been promised anything. */
function mayGiveBack(caller: Caller, row: PaymentRow): boolean {
  return caller.principal === 'service:orders' && !row.settledAt;
}

const captured = () =>
  reject('ILLEGAL_TRANSITION', 'The payment was captured; it can only be refunded.', { field: ['id'] });

/** The effect without a caller: also what happens to the payment of an order that failed. Harmless to repeat. */
export async function releaseHold(deps: PaymentsDeps, paymentId: string): Promise<PaymentRow | null> {
  let row = await findPayment(deps.orm.em.fork(), paymentId);
  if (!row || row.closedAt) return row;
  if (!row.gatewayReference) row = await syncPayment(deps, paymentId);
  if (!row?.gatewayReference) return closeUnknown(deps, paymentId);
  const own = await cancelAtProvider(deps, row);
  const recorded = await recordIntent(deps, { paymentId, version: row.version }, own);
  return recorded ?? syncPayment(deps, paymentId, { isKnown: ({ closedAt }) => Boolean(closedAt) });
}

/** The provider never heard of it. A create that is still under way cancels its own intent when it finds this. */
async function closeUnknown(deps: PaymentsDeps, paymentId: string): Promise<PaymentRow | null> {
  const now = deps.clock.now();
  await inTransaction(deps.orm, async (em) => {
    const row = await lockPayment(em, paymentId);
    if (!row || row.gatewayReference || row.closedAt) return;
    const previousStatus = row.status;
    row.status = 'VOIDED';
    row.closedAt = now;
    row.version += 1;
    row.updatedAt = now;
    await em.flush();
    const { orderId, cartId, buyerId, version } = row;
    const event = paymentMoved(toPayment(row), { orderId, cartId, buyerId, previousStatus, version });
    await appendToOutbox(em, [event], { ids: deps.ids, now });
  });
  return findPayment(deps.orm.em.fork(), paymentId);
}
