import { BasisPoints, DateTime } from '@marketgraph/platform/graphql';
import { Directive, Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { UsedPromotion } from '../store/promotions.ts';
import { Money, Node, PageInfo, UserError } from './shared.type.ts';
import { toVendor, Vendor } from './vendor.type.ts';

export enum PromotionKind {
  PERCENTAGE = 'PERCENTAGE',
  FIXED_AMOUNT = 'FIXED_AMOUNT',
  FREE_SHIPPING = 'FREE_SHIPPING',
  BUY_X_GET_Y = 'BUY_X_GET_Y',
}
registerEnumType(PromotionKind, {
  name: 'PromotionKind',
  description: 'What a promotion takes off.',
  valuesConfig: {
    PERCENTAGE: { description: 'A share of the goods it concerns.' },
    FIXED_AMOUNT: { description: 'An amount off the goods it concerns, never more than they cost.' },
    FREE_SHIPPING: { description: 'The delivery of the parcels it concerns.' },
    BUY_X_GET_Y: { description: 'Of so many units the cheapest cost nothing.' },
  },
});

export enum PromotionStatus {
  SCHEDULED = 'SCHEDULED',
  ACTIVE = 'ACTIVE',
  ENDED = 'ENDED',
  DISABLED = 'DISABLED',
}
registerEnumType(PromotionStatus, {
  name: 'PromotionStatus',
  description: 'Whether a promotion can be used, by the clock and its switch.',
  valuesConfig: {
    SCHEDULED: { description: 'Its time has not come.' },
    ACTIVE: { description: 'It can be used.' },
    ENDED: { description: 'Its time is over.' },
    DISABLED: { description: 'It was switched off.' },
  },
});

@Directive('@key(fields: "id")')
@ObjectType({
  implements: Node,
  description: 'Money off for whoever knows its code. Who does not own it sees it while it is ACTIVE.',
})
export class Promotion extends Node {
  @Field(() => String, {
    description: 'What the buyer types; capitals, look-alike characters and hyphens count alike.',
  })
  code!: string;

  @Field(() => String, { description: 'For people.' })
  name!: string;

  @Field(() => Vendor, { nullable: true, description: 'Whose lines it reduces; null: those of the whole cart.' })
  vendor!: Vendor | null;

  @Field(() => PromotionKind, { description: 'What it takes off.' })
  kind!: PromotionKind;

  @Field(() => BasisPoints, { nullable: true, description: 'Of PERCENTAGE: the share, 10,000 is all of it.' })
  basisPoints!: number | null;

  @Field(() => Money, { nullable: true, description: 'Of FIXED_AMOUNT: how much.' })
  amount!: Money | null;

  @Field(() => Int, { nullable: true, description: 'Of BUY_X_GET_Y: units to be paid.' })
  buyQuantity!: number | null;

  @Field(() => Int, { nullable: true, description: 'Of BUY_X_GET_Y: units given for them, the cheapest first.' })
  getQuantity!: number | null;

  @Field(() => Money, { nullable: true, description: 'What the goods it concerns cost at least, before discounts.' })
  minimumSubtotal!: Money | null;

  @Field(() => [ID], { description: 'Only goods of these categories and those below; at most 50.' })
  categoryIds!: string[];

  @Field(() => [ID], { description: 'Only these products; at most 50.' })
  productIds!: string[];

  @Field(() => [ID], { description: 'Only these offers; at most 50.' })
  offerIds!: string[];

  @Field(() => Boolean, { description: 'Only for Prime buyers.' })
  primeOnly!: boolean;

  @Field(() => Boolean, { description: 'May be used beside others that say so too.' })
  combinable!: boolean;

  @Field(() => DateTime, { nullable: true, description: 'From this instant on.' })
  startsAt!: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'Before this instant.' })
  endsAt!: Date | null;

  @Field(() => Int, { description: 'Grows with every change; give it as `expectedVersion`.' })
  version!: number;

  /** Not a field: what the field resolvers work from. */
  state!: UsedPromotion;
}

@ObjectType({ description: 'A promotion in a list.' })
export class PromotionEdge {
  @Field(() => String, { description: 'Where it stands in the list.' })
  cursor!: string;

  @Field(() => Promotion, { description: 'The promotion.' })
  node!: Promotion;
}

@ObjectType({ description: 'A page of promotions, newest first.' })
export class PromotionConnection {
  @Field(() => [PromotionEdge], { description: 'The promotions.' })
  edges!: PromotionEdge[];

  @Field(() => PageInfo, { description: 'Where the page stands.' })
  pageInfo!: PageInfo;
}

@ObjectType({ description: 'What became of a change of a promotion.' })
export class PromotionPayload {
  @Field(() => Promotion, { nullable: true, description: 'The promotion after the change; null when it was refused.' })
  promotion!: Promotion | null;

  @Field(() => [UserError], { description: 'Why nothing was changed; empty when it was.' })
  userErrors!: UserError[];
}

export function toPromotion(state: UsedPromotion): Promotion {
  const { id, code, name, vendorId, rule, conditions, startsAt, endsAt, version } = state;
  const { minimumSubtotal, categoryIds, productIds, offerIds, isPrimeOnly, isCombinable } = conditions;
  return Object.assign(new Promotion(), {
    __typename: 'Promotion',
    id,
    code,
    name,
    vendor: vendorId ? toVendor(vendorId) : null,
    kind: rule.kind,
    basisPoints: rule.kind === 'PERCENTAGE' ? rule.basisPoints : null,
    amount: rule.kind === 'FIXED_AMOUNT' ? rule.amount : null,
    buyQuantity: rule.kind === 'BUY_X_GET_Y' ? rule.buy : null,
    getQuantity: rule.kind === 'BUY_X_GET_Y' ? rule.get : null,
    minimumSubtotal,
    categoryIds,
    productIds,
    offerIds,
    primeOnly: isPrimeOnly,
    combinable: isCombinable,
    startsAt,
    endsAt,
    version,
    state,
  });
}
