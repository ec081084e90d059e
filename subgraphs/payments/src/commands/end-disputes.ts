import { money } from '@marketgraph/platform/core';
import type { NewEvent } from '@marketgraph/platform/messaging';
import type { EntityManager } from '@marketgraph/platform/postgres';
import { shareOfLoss } from '../domain/dispute.ts';
import { planRefund, statusAfterRefund } from '../domain/refund.ts';
import { paymentMoved } from '../events/out.ts';
import type { DisputeRow } from '../store/dispute.entity.ts';
import { disputesOf, isUndone } from '../store/disputes.ts';
import type { PaymentRow } from '../store/payment.entity.ts';
import { toPayment } from '../store/payments.ts';
import { toRefundable } from '../store/refunds.ts';
import type { SettlementRow } from '../store/settlement.entity.ts';
import type { PaymentsDeps } from './payments-deps.ts';
import { applyRefund } from './record-refund.ts';
import { promiseRefund } from './request-refund.ts';

interface Locked {
  payment: PaymentRow;
  settlements: SettlementRow[];
}

/**
 * Divides what was lost, as soon as that can be done, and calls the payment what it is now. Under the locks of payment and
 * settlements, by whoever changed something that a lost dispute waits for: the dispute itself, a refund, the settling.
 */
export async function endDisputes(deps: PaymentsDeps, em: EntityManager, locked: Locked): Promise<NewEvent[]> {
  const { payment } = locked;
  const previousStatus = payment.status;
  const disputes = await disputesOf(em, payment.id);
  // From here on nothing else calls it anything: it is named once, at the end.
  if (disputes.some(isUndone)) payment.status = 'DISPUTED';
  const events = canShare(payment) ? await shareLosses(deps, em, { ...locked, disputes }) : [];
  payment.status = disputes.some(isUndone)
    ? 'DISPUTED'
    : statusAfterRefund({
        amount: payment.amount,
        captured: payment.capturedAmount,
        refunded: payment.refundedAmount,
      });
  payment.version += 1;
  payment.updatedAt = deps.clock.now();
  if (payment.status === previousStatus) return events;
  const { orderId, cartId, buyerId, version } = payment;
  return [paymentMoved(toPayment(payment), { orderId, cartId, buyerId, previousStatus, version }), ...events];
}

/** Settlements that are made while the payment is disputed wait as those do that were there before. */
export async function holdNewSettlements(deps: PaymentsDeps, em: EntityManager, locked: Locked): Promise<NewEvent[]> {
  const disputes = await disputesOf(em, locked.payment.id);
  const open = disputes.filter(({ status }) => status === 'OPEN').length;
  for (const settlement of locked.settlements) holdForDispute(settlement, open, deps.clock.now());
  return endDisputes(deps, em, locked);
}

const DISPUTED = 'The buyer’s bank has the money until a dispute is decided.';

/** Hold and release both decide under the settlement's lock. What the vendor was paid already it keeps until the dispute is lost. */
export function holdForDispute(settlement: SettlementRow, more: number, now: Date): void {
  settlement.openDisputes += more;
  if (!settlement.releasedAt) settlement.releaseProblem = waitingFor(settlement);
  settlement.version += 1;
  settlement.updatedAt = now;
}

/** Why a settlement is not released whose time may have come; null when nothing keeps it. */
export function waitingFor({ openDisputes, openReturns }: SettlementRow): string | null {
  if (openDisputes > 0) return DISPUTED;
  return openReturns > 0 ? 'A return is open.' : null;
}

/** Not while a refund may still succeed, nor before it is known whose money it was. */
function canShare({ refundingAmount, settledAt, orderFailedAt }: PaymentRow): boolean {
  return refundingAmount === 0 && Boolean(settledAt ?? orderFailedAt);
}

async function shareLosses(
  deps: PaymentsDeps,
  em: EntityManager,
  { payment, settlements, disputes }: Locked & { disputes: readonly DisputeRow[] },
): Promise<NewEvent[]> {
  const now = deps.clock.now();
  const events: NewEvent[] = [];
  for (const dispute of disputes.filter(({ status, sharedAt }) => status === 'LOST' && !sharedAt)) {
    dispute.sharedAt = now;
    dispute.updatedAt = now;
    const { capturedAmount: captured, refundedAmount: refunded } = payment;
    const share = shareOfLoss({ withdrawn: dispute.withdrawn, captured, refunded });
    if (share < dispute.withdrawn) {
      const { id, withdrawn } = dispute;
      deps.log.error({ paymentId: payment.id, dispute: id, withdrawn, share }, 'refunded and charged back: our loss');
    }
    if (share === 0) continue;
    const amount = money(share, payment.currency);
    const planned = planRefund(toRefundable(payment, settlements), { vendorOrderId: null, amount });
    if (!planned.ok) throw new Error(planned.rejection.message);
    const request = { vendorOrderId: null, returnId: null, reason: 'Taken back by the buyer’s bank' };
    const refund = await promiseRefund(deps, em, { payment, settlements, parts: planned.value, request });
    refund.disputeId = dispute.id;
    const seen = { status: 'SUCCEEDED' as const, reference: dispute.gatewayReference, failureCode: null };
    events.push(...(await applyRefund(deps, em, { payment, settlements, refund }, seen)));
  }
  return events;
}
