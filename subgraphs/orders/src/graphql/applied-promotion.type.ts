import { Field, ObjectType } from 'type-graphql';
import { sumPromotions } from '../domain/used-promotions.ts';
import { Promotion } from './entities.type.ts';
import { Money } from './shared.type.ts';

@ObjectType({ description: 'What a promotion takes off; on an order a copy made when it was placed.' })
export class AppliedPromotion {
  @Field(() => Promotion, {
    nullable: true,
    description: 'The promotion as it is now; null for who may not see it, which is when it is not active.',
  })
  promotion!: Promotion | null;

  @Field(() => String, { description: 'What was typed for it, as it is written.' })
  code!: string;

  @Field(() => String, { description: 'For people.' })
  name!: string;

  @Field(() => Money, { description: 'Off the goods. Those of all promotions add up to `discountTotal`.' })
  amount!: Money;

  @Field(() => Money, { description: 'Delivery that is not paid; `shippingTotal` is without it.' })
  shippingAmount!: Money;
}

/** Several parts of one promotion are one. */
export function toAppliedPromotions(parts: Parameters<typeof sumPromotions>[0]): AppliedPromotion[] {
  return sumPromotions(parts).map(({ promotionId, code, name, amount, shippingAmount }) => ({
    promotion: { id: promotionId },
    code,
    name,
    amount,
    shippingAmount,
  }));
}
