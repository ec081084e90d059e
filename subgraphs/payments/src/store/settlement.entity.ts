import { defineEntity, p } from '@mikro-orm/core';
import type { PayoutAccountStatus } from '../domain/payout-account.ts';
import type { SettlementStatus } from '../domain/settlement.ts';

const SettlementSchema = defineEntity({
  name: 'SettlementRow',
  tableName: 'settlement',
  properties: {
    id: p.text().primary(),
    paymentId: p.text(),
    orderId: p.text(),
    vendorOrderId: p.text(),
    vendorId: p.text(),
    currency: p.text(),
    gross: p.bigint('number'),
    commission: p.bigint('number'),
    commissionTax: p.bigint('number'),
    net: p.bigint('number'),
    commissionRate: p.integer(),
    commissionFixed: p.bigint('number'),
    commissionRuleId: p.text().nullable(),
    status: p.text().$type<SettlementStatus>(),
    releaseAt: p.datetime().nullable(),
    capturedGross: p.bigint('number'),
    commissionBase: p.bigint('number'),
    commissionTaxRate: p.integer(),
    refunding: p.bigint('number').default(0),
    openReturns: p.integer().default(0),
    openDisputes: p.integer().default(0),
    payoutId: p.text().nullable(),
    releasedAt: p.datetime().nullable(),
    transferAmount: p.bigint('number').default(0),
    transferReference: p.text().nullable(),
    transferred: p.bigint('number').default(0),
    reversed: p.bigint('number').default(0),
    offsetAmount: p.bigint('number').default(0),
    releaseProblem: p.text().nullable(),
    version: p.bigint('number'),
    createdAt: p.datetime(),
    updatedAt: p.datetime(),
  },
});
export class SettlementRow extends SettlementSchema.class {}
SettlementSchema.setClass(SettlementRow);

const CommissionRuleSchema = defineEntity({
  name: 'CommissionRuleRow',
  tableName: 'commission_rule',
  properties: {
    id: p.text().primary(),
    name: p.text(),
    rate: p.integer(),
    fixedAmount: p.bigint('number').nullable(),
    fixedCurrency: p.text().nullable(),
    vendorId: p.text().nullable(),
    categoryId: p.text().nullable(),
    priority: p.integer(),
    validFrom: p.datetime().nullable(),
    validUntil: p.datetime().nullable(),
    version: p.bigint('number'),
    createdAt: p.datetime(),
    updatedAt: p.datetime(),
  },
});
export class CommissionRuleRow extends CommissionRuleSchema.class {}
CommissionRuleSchema.setClass(CommissionRuleRow);

const PayoutAccountSchema = defineEntity({
  name: 'PayoutAccountRow',
  tableName: 'payout_account',
  properties: {
    id: p.text().primary(),
    vendorId: p.text(),
    providerReference: p.text().nullable(),
    status: p.text().$type<PayoutAccountStatus>(),
    requirements: p.json<string[]>(),
    tries: p.integer(),
    nextTryAt: p.datetime(),
    version: p.bigint('number'),
    createdAt: p.datetime(),
    updatedAt: p.datetime(),
  },
});
export class PayoutAccountRow extends PayoutAccountSchema.class {}
PayoutAccountSchema.setClass(PayoutAccountRow);
