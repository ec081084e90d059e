import { betweenCrashPoints, money } from '@marketgraph/platform/core';
import type { NewEvent } from '@marketgraph/platform/messaging';
import { appendToOutbox, type EntityManager, inTransaction } from '@marketgraph/platform/postgres';
import type { ProviderRefund } from '../clients/provider-money.ts';
import { bookRefund, bookReturnedRefund, type RefundSource } from '../domain/ledger.ts';
import { afterRefund, statusAfterRefund } from '../domain/refund.ts';
import { paymentMoved } from '../events/out.ts';
import { book } from '../store/ledger.ts';
import { addOperation, lockOperation, operationId, reversingOf } from '../store/operations.ts';
import type { PaymentRow } from '../store/payment.entity.ts';
import { lockPayment, toPayment } from '../store/payments.ts';
import type { RefundPartRow, RefundRow } from '../store/refund.entity.ts';
import { findRefund, lockRefund, lockSettlements, partsOf, toTerms } from '../store/refunds.ts';
import type { SettlementRow } from '../store/settlement.entity.ts';
import { addTransactions } from '../store/transactions.ts';
import { endDisputes } from './end-disputes.ts';
import type { PaymentsDeps } from './payments-deps.ts';
import { tellRefund } from './tell-refund.ts';
import { tellSettlement } from './tell-settlement.ts';

export type SeenRefund = Pick<ProviderRefund, 'status' | 'failureCode'> & { reference: string | null };

/** What one change works on: everything is locked, payment first, then settlements, then the refund. */
interface Change {
  em: EntityManager;
  payment: PaymentRow;
  refund: RefundRow;
  parts: RefundPartRow[];
  settlements: SettlementRow[];
  now: Date;
}

/**
 * Everything that the provider's word on a refund means to us, in one
 * transaction: payment, settlements, ledger, transactions, events. The same
 * word again changes nothing, and an older one than is recorded neither: a
 * refund goes from PENDING to SUCCEEDED to FAILED and never back.
 */
export async function recordRefund(deps: PaymentsDeps, refundId: string, seen: SeenRefund): Promise<void> {
  const known = await findRefund(deps.orm.em.fork(), refundId);
  if (!known || (known.status === seen.status && known.gatewayReference === seen.reference)) return;
  await betweenCrashPoints('refund.record', () =>
    inTransaction(deps.orm, async (em) => {
      const payment = await lockPayment(em, known.paymentId);
      if (!payment) throw new Error(`Payment ${known.paymentId} is gone.`);
      const settlements = await lockSettlements(em, payment.id);
      const refund = (await lockRefund(em, refundId))!;
      const change: Change = {
        em,
        payment,
        refund,
        parts: await partsOf(em, [refundId]),
        settlements,
        now: deps.clock.now(),
      };
      const recorded = await apply(deps, change, seen);
      // A lost dispute may have waited for this refund.
      const ended = payment.status === 'DISPUTED' ? await endDisputes(deps, em, { payment, settlements }) : [];
      const events = [...recorded, ...ended];
      await em.flush();
      await appendToOutbox(em, events, { ids: deps.ids, now: change.now });
    }),
  );
}

/** The same within the transaction of whoever holds the locks and has promised the refund there. */
export async function applyRefund(
  deps: PaymentsDeps,
  em: EntityManager,
  refunded: Pick<Change, 'payment' | 'refund' | 'settlements'>,
  seen: SeenRefund,
): Promise<NewEvent[]> {
  const parts = await partsOf(em, [refunded.refund.id]);
  return apply(deps, { em, ...refunded, parts, now: deps.clock.now() }, seen);
}

async function apply(deps: PaymentsDeps, change: Change, seen: SeenRefund): Promise<NewEvent[]> {
  const { em, refund, parts, now } = change;
  const isNews =
    (refund.status === 'PENDING' && seen.status !== 'PENDING') ||
    (refund.status === 'SUCCEEDED' && seen.status === 'FAILED');
  refund.gatewayReference ??= seen.reference;
  if (!isNews) return [];
  const effects =
    seen.status === 'SUCCEEDED'
      ? await succeed(deps, change)
      : refund.status === 'PENDING'
        ? withdraw(change)
        : await comeBack(deps, change);
  refund.status = seen.status;
  refund.failureCode = seen.status === 'FAILED' ? (seen.failureCode ?? 'refund_failed') : null;
  refund.version += 1;
  refund.updatedAt = now;
  const operation = await lockOperation(em, operationId('REFUND', refund.id));
  if (operation) {
    operation.status = seen.status;
    operation.gatewayReference = refund.gatewayReference ?? null;
    operation.updatedAt = now;
  }
  if (refund.disputeId) return [tellRefund(refund, parts), ...effects];
  const transaction = {
    type: 'REFUND' as const,
    status: seen.status,
    amount: money(refund.amount, refund.currency),
    gatewayReference: refund.gatewayReference ?? refund.id,
    failureCode: refund.failureCode,
  };
  await addTransactions(em, change.payment, [transaction], { ids: deps.ids, now });
  return [tellRefund(refund, parts), ...effects];
}

/** The buyer has the money: whoever had it before has that much less, by the terms frozen at capture. */
async function succeed(deps: PaymentsDeps, change: Change): Promise<NewEvent[]> {
  const { em, payment, refund, parts, settlements, now } = change;
  const events: NewEvent[] = [];
  const sources: RefundSource[] = [];
  for (const part of parts) {
    const settlement = settlements.find(({ id }) => id === part.settlementId);
    const amount = money(part.amount, refund.currency);
    if (!settlement) {
      sources.push({ from: 'HELD', amount });
      continue;
    }
    const kept = afterRefund(toTerms(settlement), part.amount);
    const given = {
      net: settlement.net - kept.net,
      commission: settlement.commission - kept.commission,
      commissionTax: settlement.commissionTax - kept.commissionTax,
    };
    Object.assign(settlement, kept);
    settlement.refunding -= part.amount;
    settlement.version += 1;
    settlement.updatedAt = now;
    if (settlement.releasedAt) {
      sources.push({
        from: 'RELEASED',
        vendorId: settlement.vendorId,
        net: money(given.net, refund.currency),
        commission: money(given.commission, refund.currency),
        commissionTax: money(given.commissionTax, refund.currency),
      });
      await takeBack(em, { settlement, part, owed: given.net, now });
    } else {
      sources.push({ from: 'HELD', amount });
      if (settlement.gross === 0) settlement.status = 'REVERSED';
    }
    events.push(tellSettlement(settlement));
  }
  const total = money(refund.amount, refund.currency);
  const out = refund.disputeId ? 'CHARGEBACKS' : 'PLATFORM_CASH';
  await book(em, bookRefund(refund.id, total, sources, out), { ids: deps.ids, now, paymentId: payment.id });
  payment.refundingAmount -= refund.amount;
  payment.refundedAmount += refund.amount;
  return [...moved(change), ...events];
}

/** As much as was transferred and is not being taken back already; the rest is the vendor's debt. */
async function takeBack(
  em: EntityManager,
  { settlement, part, owed, now }: { settlement: SettlementRow; part: RefundPartRow; owed: number; now: Date },
): Promise<void> {
  const left = settlement.transferAmount - (await reversingOf(em, settlement.id));
  const amount = Math.min(owed, left);
  if (amount <= 0) return;
  const { id: settlementId, vendorId, currency } = settlement;
  addOperation(em, { kind: 'REVERSAL', subjectId: part.id, settlementId, vendorId, currency, amount }, now);
  await em.flush();
}

/** It will not happen: what was promised is free again. */
function withdraw({ payment, refund, parts, settlements, now }: Change): NewEvent[] {
  for (const part of parts) {
    const settlement = settlements.find(({ id }) => id === part.settlementId);
    if (!settlement) continue;
    settlement.refunding -= part.amount;
    settlement.updatedAt = now;
  }
  payment.refundingAmount -= refund.amount;
  payment.version += 1;
  payment.updatedAt = now;
  return [];
}

/**
 * The bank sent it back. The vendors gave their part and owe nothing more: the
 * money is held for the buyer, until it is refunded again another way.
 */
async function comeBack(deps: PaymentsDeps, change: Change): Promise<NewEvent[]> {
  const { em, payment, refund, now } = change;
  const amount = money(refund.amount, refund.currency);
  await book(em, bookReturnedRefund(refund.id, amount), { ids: deps.ids, now, paymentId: payment.id });
  payment.refundedAmount -= refund.amount;
  deps.log.error({ refundId: refund.id, paymentId: payment.id }, 'a refund came back: the buyer is owed it');
  return moved(change);
}

/** What the payment is called now; told only when that is something else. */
function moved({ payment, now }: Change): NewEvent[] {
  const previousStatus = payment.status;
  payment.version += 1;
  payment.updatedAt = now;
  if (previousStatus === 'DISPUTED') return [];
  payment.status = statusAfterRefund({
    amount: payment.amount,
    captured: payment.capturedAmount,
    refunded: payment.refundedAmount,
  });
  if (payment.status === previousStatus) return [];
  const { orderId, cartId, buyerId, version } = payment;
  return [paymentMoved(toPayment(payment), { orderId, cartId, buyerId, previousStatus, version })];
}
