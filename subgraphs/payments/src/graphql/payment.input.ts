import { Directive, Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { BasisPoints } from '@marketgraph/platform/graphql';
import { PaymentMethodKind } from './payment-status.enum.ts';
import { Payment } from './payment.type.ts';
import { CommissionRule } from './settlement.type.ts';
import { MoneyInput, UserError } from './shared.type.ts';

@InputType({ description: 'What the buyer is about to pay.' })
export class PaymentSessionInput {
  @Field(() => ID, { description: 'The cart that was checked out.' })
  cartId!: string;

  @Field(() => MoneyInput, { description: 'What the buyer was shown; refused when checkout asks for another amount.' })
  amount!: MoneyInput;

  @Field(() => PaymentMethodKind, {
    description:
      'How to pay: CARD, WALLET, INSTALLMENTS or UPI, as far as the provider offers it in this currency. It may be chosen anew until the buyer confirms.',
  })
  methodKind!: PaymentMethodKind;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description:
      'The buyer wants the card kept by the provider for the next purchase; `paymentMethodDetach` ends that. Ask before you set it.',
  })
  saveMethod!: boolean;
}

@InputType({ description: 'What to take of an authorised payment.' })
export class PaymentCaptureInput {
  @Field(() => ID, { description: 'The payment.' })
  paymentId!: string;

  @Field(() => MoneyInput, { nullable: true, description: 'How much; omitted: all of it. The rest is released.' })
  amount?: MoneyInput | null;
}

@InputType({ description: 'A rule to add, or to replace when it has an id.' })
export class CommissionRuleInput {
  @Field(() => ID, { nullable: true, description: 'The rule to replace.' })
  id?: string | null;

  @Field(() => String, { description: 'For operators; 1 to 200 characters.' })
  name!: string;

  @Field(() => BasisPoints, { description: 'Share of the products sold.' })
  rate!: number;

  @Field(() => MoneyInput, { nullable: true, description: 'Added once per vendor order of this currency.' })
  fixed?: MoneyInput | null;

  @Field(() => ID, { nullable: true, description: 'For this vendor alone.' })
  vendorId?: string | null;

  @Field(() => ID, { nullable: true, description: 'For products of this category alone.' })
  categoryId?: string | null;

  @Field(() => Int, { description: 'The larger one wins among rules of one kind.' })
  priority!: number;
}

@Directive('@inaccessible')
@InputType({ description: 'A payment for an order, asked for by orders.' })
export class PaymentCreateInput {
  @Field(() => ID, { description: 'The order; it has one payment.' })
  orderId!: string;

  @Field(() => ID, { description: 'The cart it came from.' })
  cartId!: string;

  @Field(() => ID, { description: 'Who pays.' })
  buyerId!: string;

  @Field(() => MoneyInput, { description: 'What the order costs.' })
  amount!: MoneyInput;

  @Field(() => String, { description: 'For the provider and the statement.' })
  description!: string;
}

@Directive('@inaccessible')
@InputType({ description: "One vendor's part of what is captured." })
export class PaymentSettleVendorOrderInput {
  @Field(() => ID, { description: 'The vendor order.' })
  vendorOrderId!: string;

  @Field(() => ID, { description: 'The vendor.' })
  vendorId!: string;

  @Field(() => MoneyInput, { description: 'What the buyer pays for this part.' })
  gross!: MoneyInput;

  @Field(() => MoneyInput, { nullable: true, description: 'Tax in it.' })
  tax?: MoneyInput | null;

  @Field(() => MoneyInput, { nullable: true, description: 'Delivery in it.' })
  shipping?: MoneyInput | null;

  @Field(() => MoneyInput, {
    nullable: true,
    description: 'Products in it: what commission is taken of; omitted: gross.',
  })
  productTotal?: MoneyInput | null;

  @Field(() => [ID], { nullable: true, description: 'Categories of the products sold, up to the root.' })
  categoryIds?: string[] | null;
}

@Directive('@inaccessible')
@InputType({ description: 'Take the money of an order and divide it.' })
export class PaymentSettleInput {
  @Field(() => ID, { description: 'The payment.' })
  paymentId!: string;

  @Field(() => [PaymentSettleVendorOrderInput], { description: 'Together: what is captured.' })
  vendorOrders!: PaymentSettleVendorOrderInput[];
}

@ObjectType({ description: 'What the client confirms with.' })
export class PaymentSessionPayload {
  @Field(() => Payment, { nullable: true, description: 'The payment of the checkout.' })
  payment!: Payment | null;

  @Field(() => String, { nullable: true, description: "For the provider's client SDK; a secret of this buyer." })
  clientSecret!: string | null;

  @Field(() => [UserError], { description: 'Why it was refused.' })
  userErrors!: UserError[];
}

@ObjectType({ description: 'What became of a method that was to be forgotten.' })
export class PaymentMethodPayload {
  @Field(() => Boolean, { description: 'It is forgotten: here and at the provider.' })
  success!: boolean;

  @Field(() => [UserError], { description: 'Why it was refused.' })
  userErrors!: UserError[];
}

@ObjectType({ description: 'A payment after a change.' })
export class PaymentPayload {
  @Field(() => Payment, { nullable: true, description: 'The payment as it is now.' })
  payment!: Payment | null;

  @Field(() => [UserError], { description: 'Why it was refused.' })
  userErrors!: UserError[];
}

@Directive('@inaccessible')
@ObjectType({ description: 'A payment as the provider sees it now.' })
export class PaymentSyncPayload {
  @Field(() => Payment, { nullable: true, description: 'The payment as it is now.' })
  payment!: Payment | null;

  @Field(() => String, { nullable: true, description: "The provider's code of the last refusal." })
  failureCode!: string | null;

  @Field(() => String, { nullable: true, description: "The provider's words for it." })
  failureMessage!: string | null;

  @Field(() => [UserError], { description: 'Why it was refused.' })
  userErrors!: UserError[];
}

@ObjectType({ description: 'A rule after a change.' })
export class CommissionRulePayload {
  @Field(() => CommissionRule, { nullable: true, description: 'The rule as it is now.' })
  rule!: CommissionRule | null;

  @Field(() => [UserError], { description: 'Why it was refused.' })
  userErrors!: UserError[];
}
