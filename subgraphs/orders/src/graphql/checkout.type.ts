import { DateTime } from '@marketgraph/platform/graphql';
import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { Cart } from './cart.type.ts';
import { Order } from './order.type.ts';
import { MoneyInput, UserError } from './shared.type.ts';

@ObjectType({ description: 'The goods are held and the payment can be made, or why not.' })
export class CheckoutStartPayload {
  @Field(() => Cart, { nullable: true, description: 'The cart, with prices as they are now.' })
  cart!: Cart | null;

  @Field(() => Order, { nullable: true, description: 'The order, PENDING_PAYMENT: subscribe to it now.' })
  order!: Order | null;

  @Field(() => ID, { nullable: true, description: 'What holds the goods.' })
  reservationId!: string | null;

  @Field(() => DateTime, { nullable: true, description: 'Pay before this instant.' })
  reservationExpiresAt!: Date | null;

  @Field(() => ID, { nullable: true, description: 'For `checkoutComplete`.' })
  paymentId!: string | null;

  @Field(() => String, { nullable: true, description: 'With it the provider’s SDK makes the payment. Keep it secret.' })
  paymentClientSecret!: string | null;

  @Field(() => [UserError], { description: 'Why the cart cannot be bought; one per offer that is short.' })
  userErrors!: UserError[];
}

@InputType({ description: 'A payment that was made.' })
export class CheckoutCompleteInput {
  @Field(() => ID, { description: 'The cart that was bought.' })
  cartId!: string;

  @Field(() => ID, { description: 'The payment that `checkoutStart` named.' })
  paymentId!: string;

  @Field(() => MoneyInput, { description: 'The total the buyer agreed to.' })
  expectedTotal!: MoneyInput;

  @Field(() => String, { nullable: true, description: 'The buyer’s own reference; at most 100 characters.' })
  purchaseOrderNumber?: string | null;
}

@ObjectType({ description: 'Where the order stands after at most five seconds.' })
export class CheckoutCompletePayload {
  @Field(() => Order, {
    nullable: true,
    description:
      'CONFIRMED; PENDING_PAYMENT when the payment is slow, and `orderStatusChanged` tells the rest; or FAILED.',
  })
  order!: Order | null;

  @Field(() => [UserError], { description: 'Why nothing was charged.' })
  userErrors!: UserError[];
}
