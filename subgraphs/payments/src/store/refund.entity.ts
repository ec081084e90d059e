import { defineEntity, p } from '@mikro-orm/core';
import type { OperationKind, OperationStatus, PayoutStatus } from '../domain/payout.ts';
import type { RefundStatus } from '../domain/refund.ts';

const RefundSchema = defineEntity({
  name: 'RefundRow',
  tableName: 'refund',
  properties: {
    id: p.text().primary(),
    paymentId: p.text(),
    orderId: p.text(),
    buyerId: p.text(),
    vendorOrderId: p.text().nullable(),
    returnId: p.text().nullable(),
    /** Not given back by us: a bank took it, in this dispute. */
    disputeId: p.text().nullable(),
    currency: p.text(),
    amount: p.bigint('number'),
    reason: p.text(),
    status: p.text().$type<RefundStatus>(),
    gatewayReference: p.text().nullable(),
    failureCode: p.text().nullable(),
    version: p.bigint('number'),
    createdAt: p.datetime(),
    updatedAt: p.datetime(),
  },
});
export class RefundRow extends RefundSchema.class {}
RefundSchema.setClass(RefundRow);

const RefundPartSchema = defineEntity({
  name: 'RefundPartRow',
  tableName: 'refund_part',
  properties: {
    id: p.text().primary(),
    refundId: p.text(),
    settlementId: p.text().nullable(),
    vendorOrderId: p.text().nullable(),
    vendorId: p.text().nullable(),
    amount: p.bigint('number'),
    reversalReference: p.text().nullable(),
  },
});
export class RefundPartRow extends RefundPartSchema.class {}
RefundPartSchema.setClass(RefundPartRow);

const PayoutSchema = defineEntity({
  name: 'PayoutRow',
  tableName: 'payout',
  properties: {
    id: p.text().primary(),
    vendorId: p.text(),
    currency: p.text(),
    amount: p.bigint('number'),
    status: p.text().$type<PayoutStatus>(),
    failureReason: p.text().nullable(),
    arrivedAt: p.datetime().nullable(),
    version: p.bigint('number'),
    createdAt: p.datetime(),
    updatedAt: p.datetime(),
  },
});
export class PayoutRow extends PayoutSchema.class {}
PayoutSchema.setClass(PayoutRow);

const OperationSchema = defineEntity({
  name: 'OperationRow',
  tableName: 'provider_operation',
  properties: {
    id: p.text().primary(),
    kind: p.text().$type<OperationKind>(),
    subjectId: p.text(),
    settlementId: p.text().nullable(),
    payoutId: p.text().nullable(),
    vendorId: p.text().nullable(),
    currency: p.text(),
    amount: p.bigint('number'),
    status: p.text().$type<OperationStatus>(),
    gatewayReference: p.text().nullable(),
    generation: p.integer(),
    tries: p.integer(),
    triedAt: p.datetime().nullable(),
    nextTryAt: p.datetime(),
    lastError: p.text().nullable(),
    createdAt: p.datetime(),
    updatedAt: p.datetime(),
  },
});
export class OperationRow extends OperationSchema.class {}
OperationSchema.setClass(OperationRow);
