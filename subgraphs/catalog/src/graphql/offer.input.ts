import { Field, ID, InputType, Int } from 'type-graphql';
import type { OfferCondition as OfferConditionName } from '../domain/offer.ts';
import { OfferCondition } from './offer.type.ts';
import { MoneyInput } from './shared.type.ts';

@InputType({ description: 'A vendor’s listing of a variant. The same sku again changes the listing.' })
export class OfferInput {
  @Field(() => ID, { description: 'The vendor that sells; you must act for it.' })
  vendorId!: string;

  @Field(() => ID, { description: 'What is sold: a variant of a published product, or of your own.' })
  variantId!: string;

  @Field(() => String, { description: 'Your own number for it, 1 to 64 characters, unique among your offers.' })
  sku!: string;

  @Field(() => MoneyInput, { description: 'What one costs.' })
  price!: MoneyInput;

  @Field(() => OfferCondition, {
    nullable: true,
    defaultValue: OfferCondition.NEW,
    description: 'In what state the goods are.',
  })
  condition?: OfferConditionName | null;

  @Field(() => Int, { nullable: true, defaultValue: 1, description: 'The least one can order, 1 to 9,999.' })
  minOrderQuantity?: number | null;

  @Field(() => Int, { nullable: true, defaultValue: 1, description: 'Orders are multiples of this, 1 to 9,999.' })
  orderMultiple?: number | null;

  @Field(() => Int, { nullable: true, defaultValue: 30, description: 'Days in which it can be sent back, 0 to 365.' })
  returnWindowDays?: number | null;
}
