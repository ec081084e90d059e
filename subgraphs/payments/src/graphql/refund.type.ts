import { Directive, Field, ID, InputType, ObjectType } from 'type-graphql';
import { DateTime } from '@marketgraph/platform/graphql';
import type { RefundPartRow, RefundRow } from '../store/refund.entity.ts';
import { Order, VendorOrder } from './extensions.type.ts';
import { PaymentTransactionStatus } from './payment-status.enum.ts';
import { Money, MoneyInput, Node, UserError } from './shared.type.ts';

@ObjectType({ description: "One vendor order's share of a refund." })
export class RefundPart {
  @Field(() => VendorOrder, { description: 'Whose money went back.' })
  vendorOrder!: VendorOrder;

  @Field(() => Money, { description: 'How much of the refund.' })
  amount!: Money;
}

@Directive('@key(fields: "id")')
@ObjectType({
  implements: Node,
  description: 'Money that goes back to the buyer. Read by the buyer, support, operators, and the vendor it concerns.',
})
export class Refund extends Node {
  @Field(() => Money, { description: 'How much.' })
  amount!: Money;

  @Field(() => PaymentTransactionStatus, {
    description:
      'PENDING until the provider has confirmed it; one that SUCCEEDED becomes FAILED when the bank sends it back.',
  })
  status!: PaymentTransactionStatus;

  @Field(() => String, { nullable: true, description: 'Why, as whoever asked for it said.' })
  reason!: string | null;

  @Field(() => String, { nullable: true, description: "The provider's code when it failed." })
  failureCode!: string | null;

  @Field(() => Order, { nullable: true, description: 'Of which order.' })
  order!: Order | null;

  @Field(() => VendorOrder, {
    nullable: true,
    description: 'The one it was asked for; null for one of the whole order.',
  })
  vendorOrder!: VendorOrder | null;

  @Field(() => DateTime, { description: 'When it was asked for.' })
  createdAt!: Date;

  buyerId!: string;
}

@InputType({ description: 'Money to give back.' })
export class RefundCreateInput {
  @Field(() => ID, { description: 'The order that was paid.' })
  orderId!: string;

  @Field(() => ID, { nullable: true, description: "One vendor's part of it; omitted: of all of them." })
  vendorOrderId?: string | null;

  @Field(() => MoneyInput, { nullable: true, description: 'How much; omitted: all that is left.' })
  amount?: MoneyInput | null;

  @Field(() => String, { description: 'Why; 1 to 500 characters, for the buyer and the vendor.' })
  reason!: string;

  @Field(() => ID, { nullable: true, description: 'The return it is for.' })
  returnId?: string | null;
}

@Directive('@inaccessible')
@InputType({ description: "Money of one vendor's part to give back, asked for by orders." })
export class VendorOrderRefundInput {
  @Field(() => ID, { description: 'The order that was paid.' })
  orderId!: string;

  @Field(() => ID, { description: "The vendor's part of it." })
  vendorOrderId!: string;

  @Field(() => MoneyInput, { nullable: true, description: 'How much; omitted: all that is left.' })
  amount?: MoneyInput | null;

  @Field(() => String, { description: 'Why; 1 to 500 characters.' })
  reason!: string;

  @Field(() => ID, { nullable: true, description: 'The return it is for.' })
  returnId?: string | null;
}

@ObjectType({ description: 'A refund that was asked for.' })
export class RefundPayload {
  @Field(() => Refund, { nullable: true, description: 'The refund as it is now; it may still be PENDING.' })
  refund!: Refund | null;

  @Field(() => [UserError], { description: 'Why it was refused.' })
  userErrors!: UserError[];
}

export function toRefundType(row: RefundRow): Refund {
  return {
    id: row.id,
    amount: { amount: row.amount, currencyCode: row.currency },
    status: PaymentTransactionStatus[row.status],
    reason: row.reason,
    failureCode: row.failureCode ?? null,
    order: { id: row.orderId },
    vendorOrder: row.vendorOrderId ? { id: row.vendorOrderId } : null,
    createdAt: row.createdAt,
    buyerId: row.buyerId,
  };
}

export function toRefundPartType(row: RefundPartRow, currencyCode: string): RefundPart[] {
  return row.vendorOrderId
    ? [{ vendorOrder: { id: row.vendorOrderId }, amount: { amount: row.amount, currencyCode } }]
    : [];
}
