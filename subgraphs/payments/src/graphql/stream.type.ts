import { Field, ObjectType } from 'type-graphql';
import { PaymentStatus } from './payment-status.enum.ts';
import { Payment } from './payment.type.ts';
import { Payout } from './payout.type.ts';
import { VendorSettlement } from './settlement.type.ts';
import { StreamEvent } from './shared.type.ts';

@ObjectType({ implements: StreamEvent, description: 'A payment moved.' })
export class PaymentEvent extends StreamEvent {
  @Field(() => Payment, { description: 'The payment as it is now.' })
  payment!: Payment;

  @Field(() => PaymentStatus, { nullable: true, description: 'What it was before; null at the beginning.' })
  previousStatus!: PaymentStatus | null;
}

@ObjectType({ implements: StreamEvent, description: "A vendor's money moved." })
export class PayoutEvent extends StreamEvent {
  @Field(() => VendorSettlement, {
    nullable: true,
    description: 'The settlement as it is now; at the beginning the newest one, if there is any.',
  })
  settlement!: VendorSettlement | null;

  @Field(() => Payout, { nullable: true, description: 'The payout as it is now, when that is what changed.' })
  payout!: Payout | null;
}
