import { DateTime } from '@marketgraph/platform/graphql';
import { Field, ID, InputType, Int } from 'type-graphql';
import { FulfillmentStatus } from './order-status.type.ts';

@InputType({ description: 'Units of a line.' })
export class FulfillmentLineInput {
  @Field(() => ID, { description: 'The order line.' })
  lineId!: string;

  @Field(() => Int, { description: 'At most what is left to send.' })
  quantity!: number;
}

@InputType({ description: 'What goes into a parcel.' })
export class FulfillmentInput {
  @Field(() => ID, { description: 'Of whose order.' })
  vendorOrderId!: string;

  @Field(() => [FulfillmentLineInput], { description: 'Each line once.' })
  lines!: FulfillmentLineInput[];

  @Field(() => String, {
    nullable: true,
    description: 'The vendor’s own carrier; without one, the label is made here.',
  })
  carrier?: string | null;

  @Field(() => String, { nullable: true, description: 'Of the vendor’s own carrier.' })
  trackingNumber?: string | null;

  @Field(() => ID, { nullable: true, description: 'Where it is sent from.' })
  warehouseId?: string | null;
}

@InputType({ description: 'The next step of a parcel.' })
export class FulfillmentStatusInput {
  @Field(() => ID, { description: 'The parcel.' })
  id!: string;

  @Field(() => FulfillmentStatus, { description: 'What it becomes.' })
  status!: FulfillmentStatus;

  @Field(() => String, { nullable: true, description: 'The carrier’s number, when it is known now.' })
  trackingNumber?: string | null;

  @Field(() => DateTime, { nullable: true, description: 'When it happened; now when absent.' })
  at?: Date | null;
}
