import { DateTime } from '@marketgraph/platform/graphql';
import { Directive, Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import type { Units } from '../domain/order.ts';
import { FulfillmentLineInput } from './fulfillment.input.ts';
import { OrderLine } from './order.type.ts';
import { ReturnStatus } from './order-status.type.ts';
import { Money, Node, UserError } from './shared.type.ts';

@Directive('@key(fields: "id")')
@ObjectType({
  implements: Node,
  description: 'Units of one vendor’s part that its buyer sends back. Until it has ended the vendor is not paid.',
})
export class Return extends Node {
  @Field(() => ReturnStatus, { description: 'Where it stands.' })
  status!: ReturnStatus;

  @Field(() => String, { description: 'Why, in the buyer’s words.' })
  reason!: string;

  @Field(() => String, { nullable: true, description: 'What the vendor said to it.' })
  note!: string | null;

  @Field(() => String, { nullable: true, description: 'The carrier’s number, once it is sent.' })
  trackingNumber!: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether its units were put on the shelf again; null until it is received.',
  })
  restock!: boolean | null;

  @Field(() => Money, {
    nullable: true,
    description:
      'What goes back to the buyer: the units’ share of what was paid for their lines, and delivery when nothing of the part is kept. Null until it is received.',
  })
  refundAmount!: Money | null;

  @Field(() => DateTime, { description: 'When the buyer asked.' })
  requestedAt!: Date;

  @Field(() => DateTime, { description: 'When it moved last.' })
  updatedAt!: Date;

  /** Not fields. */
  vendorOrderId!: string;
  units!: Units[];
}

@ObjectType({ description: 'Units of a line in a return.' })
export class ReturnLine {
  @Field(() => OrderLine, { description: 'The line.' })
  line!: OrderLine;

  @Field(() => Int, { description: 'Units that come back.' })
  quantity!: number;
}

@ObjectType({ description: 'Outcome of a change of a return.' })
export class ReturnPayload {
  @Field(() => Return, { nullable: true, description: 'The return as it is now; null when there is none to show.' })
  return!: Return | null;

  @Field(() => [UserError], { description: 'Why nothing was changed; empty when it was.' })
  userErrors!: UserError[];
}

@InputType({ description: 'What a buyer wants to send back.' })
export class ReturnRequestInput {
  @Field(() => ID, { description: 'One’s own order.' })
  orderId!: string;

  @Field(() => [FulfillmentLineInput], {
    description: 'Units that have arrived, all of one vendor; each line once.',
  })
  lines!: FulfillmentLineInput[];

  @Field(() => String, { description: 'Why, for the vendor; at most 500 characters.' })
  reason!: string;
}

@InputType({ description: 'A vendor’s answer to a request.' })
export class ReturnDecideInput {
  @Field(() => ID, { description: 'The return.' })
  id!: string;

  @Field(() => Boolean, { description: 'Whether the buyer may send it.' })
  approve!: boolean;

  @Field(() => String, { nullable: true, description: 'For the buyer; at most 1,000 characters.' })
  note?: string | null;
}

@InputType({ description: 'That a return was sent.' })
export class ReturnShipInput {
  @Field(() => ID, { description: 'One’s own return.' })
  id!: string;

  @Field(() => String, { description: 'The carrier’s number; at most 100 characters.' })
  trackingNumber!: string;
}
