import { money } from '@marketgraph/platform/core';
import type { NewEvent } from '@marketgraph/platform/messaging';
import { refundMoved } from '../events/out.ts';
import type { RefundPartRow, RefundRow } from '../store/refund.entity.ts';

/** A refund as it is now, to be told in the transaction that changed it. */
export function tellRefund(row: RefundRow, parts: readonly RefundPartRow[]): NewEvent {
  return refundMoved(row.version, {
    refundId: row.id,
    paymentId: row.paymentId,
    orderId: row.orderId,
    buyerId: row.buyerId,
    vendorOrderId: row.vendorOrderId ?? null,
    returnId: row.returnId ?? null,
    amount: money(row.amount, row.currency),
    reason: row.reason,
    status: row.status,
    failureCode: row.failureCode ?? null,
    parts: parts.flatMap(({ vendorOrderId, vendorId, amount }) =>
      vendorOrderId && vendorId ? [{ vendorOrderId, vendorId, amount: money(amount, row.currency) }] : [],
    ),
  });
}
