import { defineEntity, p } from '@mikro-orm/core';
import type { PaymentStatus, TransactionStatus, TransactionType } from '../domain/payment.ts';
import type { StoredPart } from './settle-plan.ts';

const PaymentSchema = defineEntity({
  name: 'PaymentRow',
  tableName: 'payment',
  properties: {
    id: p.text().primary(),
    orderId: p.text(),
    cartId: p.text(),
    buyerId: p.text(),
    description: p.text(),
    currency: p.text(),
    amount: p.bigint('number'),
    status: p.text().$type<PaymentStatus>(),
    authorizedAmount: p.bigint('number'),
    capturedAmount: p.bigint('number'),
    refundedAmount: p.bigint('number'),
    refundingAmount: p.bigint('number').default(0),
    feeAmount: p.bigint('number').nullable(),
    gatewayReference: p.text().nullable(),
    clientSecret: p.text().nullable(),
    createTries: p.integer(),
    createTriedAt: p.datetime().nullable(),
    offeredKind: p.text().default('CARD'),
    methodKind: p.text().nullable(),
    methodBrand: p.text().nullable(),
    methodLast4: p.text().nullable().fieldName('method_last4'),
    methodExpiry: p.text().nullable(),
    failureCode: p.text().nullable(),
    failureMessage: p.text().nullable(),
    settlePlan: p.json<StoredPart[]>().nullable(),
    settledAt: p.datetime().nullable(),
    orderFailedAt: p.datetime().nullable(),
    closedAt: p.datetime().nullable(),
    checks: p.integer(),
    nextCheckAt: p.datetime(),
    version: p.bigint('number'),
    createdAt: p.datetime(),
    updatedAt: p.datetime(),
  },
});
export class PaymentRow extends PaymentSchema.class {}
PaymentSchema.setClass(PaymentRow);

const TransactionSchema = defineEntity({
  name: 'TransactionRow',
  tableName: 'payment_transaction',
  properties: {
    id: p.text().primary(),
    position: p.bigint('number'),
    paymentId: p.text().nullable(),
    orderId: p.text().nullable(),
    type: p.text().$type<TransactionType>(),
    status: p.text().$type<TransactionStatus>(),
    currency: p.text(),
    amount: p.bigint('number'),
    gatewayReference: p.text(),
    failureCode: p.text().nullable(),
    at: p.datetime(),
  },
});
export class TransactionRow extends TransactionSchema.class {}
TransactionSchema.setClass(TransactionRow);

const MethodSchema = defineEntity({
  name: 'MethodRow',
  tableName: 'payment_method',
  properties: {
    id: p.text().primary(),
    userId: p.text(),
    kind: p.text(),
    brand: p.text().nullable(),
    last4: p.text().nullable().fieldName('last4'),
    expiry: p.text().nullable(),
    lastUsedAt: p.datetime(),
  },
});
export class MethodRow extends MethodSchema.class {}
MethodSchema.setClass(MethodRow);
