import { accept, type Money, reject, type Result, withoutCardNumbers } from '@marketgraph/platform/core';
import { appendToOutbox, type EntityManager } from '@marketgraph/platform/postgres';
import { isCaptured } from '../domain/payment.ts';
import { planRefund, type RefundPart } from '../domain/refund.ts';
import { addOperation, operationId } from '../store/operations.ts';
import type { PaymentRow } from '../store/payment.entity.ts';
import { findPaymentOfOrder, lockPayment } from '../store/payments.ts';
import { RefundPartRow, RefundRow } from '../store/refund.entity.ts';
import { countRefunds, findRefund, lockSettlements, toRefundable } from '../store/refunds.ts';
import type { SettlementRow } from '../store/settlement.entity.ts';
import { claimKey } from './claim-key.ts';
import type { Caller, PaymentsDeps } from './payments-deps.ts';
import { runOperation } from './run-operation.ts';
import { tellRefund } from './tell-refund.ts';

export interface RequestRefund {
  orderId: string;
  /** Null: of the whole order. */
  vendorOrderId: string | null;
  /** Null: all that is left. */
  amount: Money | null;
  reason: string;
  returnId: string | null;
}

const MAX_REASON_LENGTH = 500;
/** Keeps every list of a payment's refunds short, here and at the provider. */
const MAX_REFUNDS = 200;

/**
 * Gives money back. First our own row, which promises the amount: from then on
 * nobody else may use it and no vendor may be paid it. Then the provider, under a key of the refund's
 * own; when it does not answer the refund stays PENDING and is finished by the
 * sweep. So the answer is a refund in any status, and asking again under the
 * same key is the same refund.
 */
export async function requestRefund(
  deps: PaymentsDeps,
  caller: Caller,
  input: RequestRefund,
  operation = 'refundCreate',
): Promise<Result<RefundRow>> {
  const reason = input.reason.trim();
  if (reason === '' || reason.length > MAX_REASON_LENGTH) {
    return reject('INVALID', `A reason has from 1 to ${MAX_REASON_LENGTH} characters.`, { field: ['reason'] });
  }
  const claimed = await claimKey(deps, { caller, operation, input }, (em) => decide(deps, em, { ...input, reason }));
  if (!claimed.ok) return claimed;
  const { id } = claimed.value;
  await runOperation(deps, operationId('REFUND', id));
  return accept((await findRefund(deps.orm.em.fork(), id))!);
}

async function decide(deps: PaymentsDeps, em: EntityManager, input: RequestRefund): Promise<Result<string>> {
  const known = await findPaymentOfOrder(em, input.orderId);
  const payment = known && (await lockPayment(em, known.id));
  if (!payment) return reject('NOT_FOUND', 'No payment of this order.', { field: ['orderId'] });
  if (!isCaptured(payment.status) || payment.status === 'DISPUTED') {
    return reject('ILLEGAL_TRANSITION', `A payment that is ${payment.status} cannot be refunded.`, {
      field: ['orderId'],
    });
  }
  if (payment.settlePlan && !payment.settledAt) {
    return reject('CONFLICT', 'The payment is being settled; try again.', { field: ['orderId'] });
  }
  if ((await countRefunds(em, payment.id)) >= MAX_REFUNDS) {
    return reject('LIMIT_EXCEEDED', `A payment has at most ${MAX_REFUNDS} refunds.`, { field: ['orderId'] });
  }
  const settlements = await lockSettlements(em, payment.id);
  const planned = planRefund(toRefundable(payment, settlements), input);
  if (!planned.ok) return planned;
  const refund = await promiseRefund(deps, em, { payment, settlements, parts: planned.value, request: input });
  addOperation(
    em,
    { kind: 'REFUND', subjectId: refund.id, currency: refund.currency, amount: refund.amount },
    refund.createdAt,
  );
  await em.flush();
  return accept(refund.id);
}

/** Under the locks of the payment and its settlements: the amount is spoken for, and told so. */
export async function promiseRefund(
  deps: PaymentsDeps,
  em: EntityManager,
  promise: {
    payment: PaymentRow;
    settlements: readonly SettlementRow[];
    parts: readonly RefundPart[];
    request: Omit<RequestRefund, 'orderId' | 'amount'>;
  },
): Promise<RefundRow> {
  const { payment, settlements, parts, request } = promise;
  const now = deps.clock.now();
  const amount = parts.reduce((total, part) => total + part.amount, 0);
  const refund = em.create(RefundRow, {
    id: deps.ids.next('rfd'),
    paymentId: payment.id,
    orderId: payment.orderId,
    buyerId: payment.buyerId,
    vendorOrderId: request.vendorOrderId,
    returnId: request.returnId,
    currency: payment.currency,
    amount,
    reason: withoutCardNumbers(request.reason),
    status: 'PENDING',
    version: 1,
    createdAt: now,
    updatedAt: now,
  });
  // The rows it points to go in first.
  await em.flush();
  const rows = parts.map((part) => {
    const settlement = settlements.find(({ id }) => id === part.settlementId);
    if (settlement) {
      settlement.refunding += part.amount;
      settlement.updatedAt = now;
    }
    return em.create(RefundPartRow, {
      id: deps.ids.next('rfp'),
      refundId: refund.id,
      settlementId: part.settlementId,
      vendorOrderId: settlement?.vendorOrderId ?? null,
      vendorId: settlement?.vendorId ?? null,
      amount: part.amount,
    });
  });
  payment.refundingAmount += amount;
  payment.version += 1;
  payment.updatedAt = now;
  await em.flush();
  await appendToOutbox(em, [tellRefund(refund, rows)], { ids: deps.ids, now });
  return refund;
}
