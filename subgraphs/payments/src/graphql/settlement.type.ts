import { Directive, Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import { BasisPoints, DateTime, URLScalar } from '@marketgraph/platform/graphql';
import type { CommissionRuleRow, PayoutAccountRow, SettlementRow } from '../store/settlement.entity.ts';
import { Category, Vendor, VendorOrder } from './extensions.type.ts';
import { Money, Node } from './shared.type.ts';

export enum SettlementStatus {
  HELD = 'HELD',
  RELEASABLE = 'RELEASABLE',
  RELEASED = 'RELEASED',
  REVERSED = 'REVERSED',
  OFFSET = 'OFFSET',
}
registerEnumType(SettlementStatus, {
  name: 'SettlementStatus',
  description: "Where a vendor's money for one vendor order is.",
  valuesConfig: {
    HELD: { description: 'Held until the return window ends.' },
    RELEASABLE: { description: 'The return window has ended.' },
    RELEASED: { description: 'Transferred to the vendor.' },
    REVERSED: { description: 'Went back to the buyer.' },
    OFFSET: { description: 'Set off against what the vendor owed.' },
  },
});

@Directive('@key(fields: "id")')
@ObjectType({
  implements: Node,
  description:
    "A vendor's money for one vendor order: gross = commission + commissionTax + net, by terms frozen at capture, of what has not been refunded. Read by the vendor and operators.",
})
export class VendorSettlement extends Node {
  @Field(() => VendorOrder, { description: 'What was sold.' })
  vendorOrder!: VendorOrder;

  @Field(() => Money, { description: 'What the buyer paid for this part.' })
  gross!: Money;

  @Field(() => Money, { description: "The platform's part." })
  commission!: Money;

  @Field(() => Money, { description: "Tax on the platform's part." })
  commissionTax!: Money;

  @Field(() => Money, { description: "The vendor's part." })
  net!: Money;

  @Field(() => SettlementStatus, { description: 'Where the money is.' })
  status!: SettlementStatus;

  @Field(() => DateTime, {
    nullable: true,
    description: 'When the return window ends; known once everything is delivered.',
  })
  releaseAt!: Date | null;

  @Field(() => Money, {
    description: 'What of the vendor order went back to the buyer; no longer in the other amounts.',
  })
  refunded!: Money;

  @Field(() => String, { nullable: true, description: 'Why it has not been transferred although it may be.' })
  problem!: string | null;

  payoutId!: string | null;

  vendorId!: string;
}

@ObjectType({ description: "A vendor's settlements of one currency, by what can be done with them." })
export class VendorBalance {
  @Field(() => Money, { description: 'Held until return windows end.' })
  held!: Money;

  @Field(() => Money, { description: 'May be transferred.' })
  releasable!: Money;

  @Field(() => Money, { description: 'Transferred so far, less what was taken back.' })
  paidOut!: Money;

  @Field(() => Money, { description: 'Owed to the platform after refunds; 0 when nothing is.' })
  negative!: Money;
}

export enum PayoutAccountStatus {
  PENDING = 'PENDING',
  ACTIVE = 'ACTIVE',
  RESTRICTED = 'RESTRICTED',
  REJECTED = 'REJECTED',
}
registerEnumType(PayoutAccountStatus, {
  name: 'PayoutAccountStatus',
  description: 'Whether a vendor can be paid.',
  valuesConfig: {
    PENDING: { description: 'The vendor has not told the provider all it asks.' },
    ACTIVE: { description: 'Can be paid.' },
    RESTRICTED: { description: 'Stopped by the provider until requirements are met.' },
    REJECTED: { description: 'Refused by the provider.' },
  },
});

@Directive('@key(fields: "id")')
@ObjectType({ implements: Node, description: "A vendor's account at the payment provider." })
export class PayoutAccount extends Node {
  @Field(() => PayoutAccountStatus, { description: 'Whether it can be paid to.' })
  status!: PayoutAccountStatus;

  @Field(() => [String], { description: 'What the provider still asks for, in its own words.' })
  requirements!: string[];

  @Field(() => URLScalar, {
    nullable: true,
    description:
      "The provider's page on which the vendor tells what is required; good for one visit within a few minutes. Only in the answer of `payoutAccountOnboard`.",
  })
  onboardingUrl!: string | null;

  vendorId!: string;
}

@Directive('@key(fields: "id")')
@ObjectType({
  implements: Node,
  description:
    "How the platform's part is reckoned. A vendor's own rule goes before a category's, that before one for all; then 10 %.",
})
export class CommissionRule extends Node {
  @Field(() => String, { description: 'For operators.' })
  name!: string;

  @Field(() => BasisPoints, { description: 'Share of the products sold.' })
  rate!: number;

  @Field(() => Money, { nullable: true, description: 'Added once per vendor order.' })
  fixed!: Money | null;

  @Field(() => Vendor, { nullable: true, description: 'For this vendor alone.' })
  vendor!: Vendor | null;

  @Field(() => Category, { nullable: true, description: 'For products of this category alone.' })
  category!: Category | null;

  @Field(() => Int, { description: 'The larger one wins among rules of one kind.' })
  priority!: number;

  @Field(() => DateTime, { nullable: true, description: 'Applies from this moment on.' })
  validFrom!: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'Applies until this moment.' })
  validUntil!: Date | null;
}

export function toSettlementType(row: SettlementRow): VendorSettlement {
  const amount = (value: number): Money => ({ amount: value, currencyCode: row.currency });
  return {
    id: row.id,
    vendorOrder: { id: row.vendorOrderId },
    gross: amount(row.gross),
    commission: amount(row.commission),
    commissionTax: amount(row.commissionTax),
    net: amount(row.net),
    status: SettlementStatus[row.status],
    releaseAt: row.releaseAt ?? null,
    refunded: amount(row.capturedGross - row.gross),
    problem: row.releaseProblem ?? null,
    payoutId: row.payoutId ?? null,
    vendorId: row.vendorId,
  };
}

export function toPayoutAccountType(row: PayoutAccountRow): PayoutAccount {
  return {
    id: row.id,
    status: PayoutAccountStatus[row.status],
    requirements: row.requirements,
    onboardingUrl: null,
    vendorId: row.vendorId,
  };
}

export function toRuleType(row: CommissionRuleRow): CommissionRule {
  return {
    id: row.id,
    name: row.name,
    rate: row.rate,
    fixed:
      row.fixedAmount != null && row.fixedCurrency
        ? { amount: row.fixedAmount, currencyCode: row.fixedCurrency }
        : null,
    vendor: row.vendorId ? { id: row.vendorId } : null,
    category: row.categoryId ? { id: row.categoryId } : null,
    priority: row.priority,
    validFrom: row.validFrom ?? null,
    validUntil: row.validUntil ?? null,
  };
}
