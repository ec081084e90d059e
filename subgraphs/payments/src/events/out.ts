import type { Money } from '@marketgraph/platform/core';
import type { NewEvent } from '@marketgraph/platform/messaging';
import {
  type PaymentStatusChanged,
  type PayoutChanged,
  payoutChanged,
  type RefundChanged,
  refundChanged,
  paymentStatusChanged,
  type SettlementChanged,
  settlementChanged,
} from '@marketgraph/schema/events/payments';
import type { Payment, PaymentStatus } from '../domain/payment.ts';
import type { SettlementStatus } from '../domain/settlement.ts';

export function paymentMoved(
  payment: Payment,
  fact: { orderId: string; cartId: string; buyerId: string; previousStatus: PaymentStatus | null; version: number },
): NewEvent<PaymentStatusChanged> {
  const { orderId, cartId, buyerId, previousStatus, version } = fact;
  return {
    name: paymentStatusChanged.name,
    version: paymentStatusChanged.version,
    key: payment.id,
    sequence: version,
    topics: [`paymentStatusChanged:${payment.id}`],
    payload: {
      paymentId: payment.id,
      orderId,
      cartId,
      buyerId,
      previousStatus,
      status: payment.status,
      amount: payment.amount,
      capturedAmount: payment.captured,
      failureCode: payment.failure?.code ?? null,
      failureMessage: payment.failure?.message ?? null,
    },
  };
}

export function settlementMoved(settlement: {
  id: string;
  vendorOrderId: string;
  orderId: string;
  vendorId: string;
  status: SettlementStatus;
  gross: Money;
  commission: Money;
  net: Money;
  releaseAt: Date | null;
  version: number;
}): NewEvent<SettlementChanged> {
  const { id, version, releaseAt, vendorOrderId, orderId, vendorId, status, gross, commission, net } = settlement;
  return {
    name: settlementChanged.name,
    version: settlementChanged.version,
    key: id,
    sequence: version,
    topics: [`payoutFeed:${vendorId}`],
    payload: {
      settlementId: id,
      vendorOrderId,
      orderId,
      vendorId,
      status,
      gross,
      commission,
      net,
      releaseAt: releaseAt?.toISOString() ?? null,
    },
  };
}

export function refundMoved(version: number, refund: RefundChanged): NewEvent<RefundChanged> {
  return {
    name: refundChanged.name,
    version: refundChanged.version,
    key: refund.refundId,
    sequence: version,
    topics: [],
    payload: refund,
  };
}

export function payoutMoved(version: number, payout: PayoutChanged): NewEvent<PayoutChanged> {
  return {
    name: payoutChanged.name,
    version: payoutChanged.version,
    key: payout.payoutId,
    sequence: version,
    topics: [`payoutFeed:${payout.vendorId}`],
    payload: payout,
  };
}
