import { Directive, Field, ID, InputType, ObjectType, registerEnumType } from 'type-graphql';
import { DateTime } from '@marketgraph/platform/graphql';
import type { PayoutRow } from '../store/refund.entity.ts';
import { Money, Node, PageInfo, UserError } from './shared.type.ts';

export enum PayoutStatus {
  PROCESSING = 'PROCESSING',
  PAID = 'PAID',
  FAILED = 'FAILED',
}
registerEnumType(PayoutStatus, {
  name: 'PayoutStatus',
  description: 'How far a payout has come.',
  valuesConfig: {
    PROCESSING: { description: 'Not all of it has been transferred.' },
    PAID: { description: "All of it is on the vendor's account at the provider." },
    FAILED: { description: 'Tried often enough; the rest is held until an operator releases it again.' },
  },
});

@Directive('@key(fields: "id")')
@ObjectType({
  implements: Node,
  description: 'Settlements transferred to a vendor together, less what it owed. Read by the vendor and operators.',
})
export class Payout extends Node {
  @Field(() => Money, { description: 'What is transferred.' })
  amount!: Money;

  @Field(() => PayoutStatus, { description: 'How far it has come.' })
  status!: PayoutStatus;

  @Field(() => DateTime, { nullable: true, description: "When it arrived on the vendor's account at the provider." })
  arrivalDate!: Date | null;

  @Field(() => String, { nullable: true, description: 'What keeps it from arriving.' })
  failureReason!: string | null;

  vendorId!: string;
}

@ObjectType({ description: 'A payout and where it stands.' })
export class PayoutEdge {
  @Field(() => String, { description: 'Pass as `after` to go on behind it.' })
  cursor!: string;

  @Field(() => Payout, { description: 'The payout.' })
  node!: Payout;
}

@ObjectType({ description: "A vendor's payouts, newest first." })
export class PayoutConnection {
  @Field(() => [PayoutEdge], { description: 'This page.' })
  edges!: PayoutEdge[];

  @Field(() => PageInfo, { description: 'Where it begins and ends.' })
  pageInfo!: PageInfo;
}

@InputType({ description: 'Settlements to release now.' })
export class PayoutReleaseInput {
  @Field(() => ID, { description: 'Whose.' })
  vendorId!: string;

  @Field(() => [ID], {
    nullable: true,
    description: 'Which, at most 50 of one currency; omitted: all that may be released.',
  })
  settlementIds?: string[] | null;
}

@ObjectType({ description: 'A payout after it was asked for.' })
export class PayoutPayload {
  @Field(() => Payout, { nullable: true, description: 'The payout as it is now.' })
  payout!: Payout | null;

  @Field(() => [UserError], { description: 'Why it was refused.' })
  userErrors!: UserError[];
}

export function toPayoutType(row: PayoutRow): Payout {
  return {
    id: row.id,
    amount: { amount: row.amount, currencyCode: row.currency },
    status: PayoutStatus[row.status],
    arrivalDate: row.arrivedAt ?? null,
    failureReason: row.failureReason ?? null,
    vendorId: row.vendorId,
  };
}
