import { BasisPoints, DateTime } from '@marketgraph/platform/graphql';
import { Field, ID, InputType, Int } from 'type-graphql';
import { PromotionKind } from './promotion.type.ts';
import { MoneyInput } from './shared.type.ts';

@InputType({ description: 'A promotion to create, or all the terms of one to change: what is absent is taken away.' })
export class PromotionInput {
  @Field(() => ID, { nullable: true, description: 'The promotion to change. Absent: a new one.' })
  id?: string | null;

  @Field(() => ID, {
    nullable: true,
    description: 'Whose lines it reduces. Absent: the whole cart, for operators; on a change the owner stays.',
  })
  vendorId?: string | null;

  @Field(() => String, {
    description:
      '3 to 40 letters A to Z and digits with single hyphens between them; unique, also against codes that look alike. Stays as it is.',
  })
  code!: string;

  @Field(() => String, { description: '1 to 100 characters, for people.' })
  name!: string;

  @Field(() => PromotionKind, { description: 'What it takes off.' })
  kind!: PromotionKind;

  @Field(() => BasisPoints, { nullable: true, description: 'For PERCENTAGE: 1 to 10,000.' })
  basisPoints?: number | null;

  @Field(() => MoneyInput, { nullable: true, description: 'For FIXED_AMOUNT; only carts in its currency.' })
  amount?: MoneyInput | null;

  @Field(() => Int, { nullable: true, description: 'For BUY_X_GET_Y: units to be paid, 1 to 100.' })
  buyQuantity?: number | null;

  @Field(() => Int, { nullable: true, description: 'For BUY_X_GET_Y: units given for them, 1 to 100.' })
  getQuantity?: number | null;

  @Field(() => MoneyInput, {
    nullable: true,
    description: 'What the goods it concerns cost at least, before discounts; only carts in its currency.',
  })
  minimumSubtotal?: MoneyInput | null;

  @Field(() => [ID], { nullable: true, description: 'Only goods of these categories and those below; at most 50.' })
  categoryIds?: string[] | null;

  @Field(() => [ID], { nullable: true, description: 'Only these products; at most 50.' })
  productIds?: string[] | null;

  @Field(() => [ID], { nullable: true, description: 'Only these offers, of the vendor when it has one; at most 50.' })
  offerIds?: string[] | null;

  @Field(() => DateTime, { nullable: true, description: 'From this instant on; at once when absent.' })
  startsAt?: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'Before this instant; for good when absent.' })
  endsAt?: Date | null;

  @Field(() => Int, {
    nullable: true,
    description:
      'Orders that may use it, 1 to 1,000,000; any number when absent. A limit may be another later, but not begin or end.',
  })
  usageLimit?: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Orders of one buyer that may use it, 1 to 1,000; any number when absent.',
  })
  usageLimitPerBuyer?: number | null;

  @Field(() => Boolean, { nullable: true, description: 'Only for Prime buyers; no when absent.' })
  primeOnly?: boolean | null;

  @Field(() => Boolean, { nullable: true, description: 'May be used beside others that say so too; no when absent.' })
  combinable?: boolean | null;

  @Field(() => Boolean, { nullable: true, description: 'Switches it off; no when absent.' })
  disabled?: boolean | null;
}
