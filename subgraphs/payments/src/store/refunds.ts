import { LockMode } from '@mikro-orm/core';
import type { EntityManager } from '@marketgraph/platform/postgres';
import type { RefundablePayment, SettlementTerms } from '../domain/refund.ts';
import type { PaymentRow } from './payment.entity.ts';
import { RefundPartRow, RefundRow } from './refund.entity.ts';
import { SettlementRow } from './settlement.entity.ts';

/** Refunds change under the lock of their payment; the row's own lock is for those who come by it alone. */
export async function lockRefund(em: EntityManager, id: string): Promise<RefundRow | null> {
  return em.findOne(RefundRow, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true });
}

export async function findRefund(em: EntityManager, id: string): Promise<RefundRow | null> {
  return em.findOne(RefundRow, { id });
}

export async function findRefunds(em: EntityManager, ids: readonly string[]): Promise<RefundRow[]> {
  return em.find(RefundRow, { id: { $in: [...ids] } });
}

/** By the unique `gateway_reference`. */
export async function findRefundByReference(em: EntityManager, reference: string): Promise<RefundRow | null> {
  return em.findOne(RefundRow, { gatewayReference: reference });
}

/** Oldest first, because ids are; index `refund_order`. */
export async function findRefundsOf(em: EntityManager, orderIds: readonly string[]): Promise<RefundRow[]> {
  return em.find(RefundRow, { orderId: { $in: [...orderIds] } }, { orderBy: { id: 'asc' } });
}

/** Index `refund_payment`. */
export async function countRefunds(em: EntityManager, paymentId: string): Promise<number> {
  return em.count(RefundRow, { paymentId });
}

/** Index `refund_part_refund`. */
export async function partsOf(em: EntityManager, refundIds: readonly string[]): Promise<RefundPartRow[]> {
  return em.find(RefundPartRow, { refundId: { $in: [...refundIds] } }, { orderBy: { id: 'asc' } });
}

/** All settlements of a payment, locked in the order of their ids, after the payment itself. */
export async function lockSettlements(em: EntityManager, paymentId: string): Promise<SettlementRow[]> {
  return em.find(
    SettlementRow,
    { paymentId },
    { orderBy: { id: 'asc' }, lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true },
  );
}

export function toRefundable(payment: PaymentRow, settlements: readonly SettlementRow[]): RefundablePayment {
  return {
    currencyCode: payment.currency,
    captured: payment.capturedAmount,
    refunded: payment.refundedAmount,
    refunding: payment.refundingAmount,
    settlements: settlements.map(({ id, vendorOrderId, gross, refunding }) => ({
      id,
      vendorOrderId,
      gross,
      refunding,
    })),
  };
}

export function toTerms(row: SettlementRow): SettlementTerms {
  return {
    currencyCode: row.currency,
    captured: row.capturedGross,
    base: row.commissionBase,
    rate: row.commissionRate,
    fixed: row.commissionFixed,
    taxRate: row.commissionTaxRate,
    gross: row.gross,
    commission: row.commission,
    commissionTax: row.commissionTax,
    net: row.net,
  };
}
