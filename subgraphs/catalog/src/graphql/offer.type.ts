import { Directive, Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { OfferCondition as OfferConditionName, OfferState } from '../domain/offer.ts';
import { Money, Node, PageInfo, StreamEvent } from './shared.type.ts';

export enum OfferCondition {
  NEW = 'NEW',
  REFURBISHED = 'REFURBISHED',
  USED = 'USED',
}
registerEnumType(OfferCondition, {
  name: 'OfferCondition',
  description: 'In what state the goods are.',
  valuesConfig: {
    NEW: { description: 'Never used.' },
    REFURBISHED: { description: 'Used, checked and made good again.' },
    USED: { description: 'Used.' },
  },
});

export enum OfferStatus {
  ACTIVE = 'ACTIVE',
  PAUSED = 'PAUSED',
  OUT_OF_COMPLIANCE = 'OUT_OF_COMPLIANCE',
  ARCHIVED = 'ARCHIVED',
}
registerEnumType(OfferStatus, {
  name: 'OfferStatus',
  description: 'Whether an offer can be bought.',
  valuesConfig: {
    ACTIVE: { description: 'It can be bought while there is stock.' },
    PAUSED: { description: 'Not for sale at present: the offer, its vendor or its product is not active.' },
    OUT_OF_COMPLIANCE: { description: 'Taken down by the marketplace.' },
    ARCHIVED: { description: 'Gone for good.' },
  },
});

@Directive('@key(fields: "id")')
@Directive('@key(fields: "vendor { id } sku")')
@Directive('@cacheControl(maxAge: 60)')
@ObjectType({ implements: Node, description: 'The purchasable: one vendor’s listing of one variant.' })
export class Offer extends Node {
  @Field(() => String, { description: 'The vendor’s own number for it; unique per vendor.' })
  sku!: string;

  @Field(() => OfferCondition, { description: 'In what state the goods are.' })
  condition!: OfferConditionName;

  @Directive('@cacheControl(maxAge: 60)')
  @Field(() => Money, { description: 'What one costs before anything is taken off.' })
  price!: Money;

  @Field(() => Int, { description: 'The least one can order.' })
  minOrderQuantity!: number;

  @Field(() => Int, { description: 'Orders are multiples of this.' })
  orderMultiple!: number;

  @Field(() => Int, { description: 'Days after delivery in which it can be sent back.' })
  returnWindowDays!: number;

  @Field(() => Int, { description: 'Counts its changes; pass it as `expectedVersion`.' })
  version!: number;

  @Directive('@inaccessible')
  @Field(() => Boolean, {
    description:
      'Whether inventory had none left when the catalog last heard of it. For the orders service, which asks inventory then.',
  })
  soldOut!: boolean;

  state!: OfferState;
}

@ObjectType({ description: 'An offer in a list.' })
export class OfferEdge {
  @Field(() => String, { description: 'Where it stands in the list.' })
  cursor!: string;

  @Field(() => Offer, { description: 'The offer.' })
  node!: Offer;
}

@ObjectType({ description: 'A page of offers.' })
export class OfferConnection {
  @Field(() => [OfferEdge], { description: 'In the order of the list.' })
  edges!: OfferEdge[];

  @Field(() => PageInfo, { description: 'Where the page stands.' })
  pageInfo!: PageInfo;
}

@ObjectType({ implements: StreamEvent, description: 'The price of an offer, now and whenever it changes.' })
export class PriceChangedEvent extends StreamEvent {
  @Field(() => Offer, { description: 'The offer as it is now.' })
  offer!: Offer;

  @Field(() => Money, { nullable: true, description: 'The price before; null in a snapshot.' })
  previous!: Money | null;
}

export function toOffer(state: OfferState): Offer {
  const { id, sku, condition, price, minOrderQuantity, orderMultiple, returnWindowDays, version } = state;
  return Object.assign(new Offer(), {
    __typename: 'Offer',
    id,
    sku,
    condition,
    price,
    minOrderQuantity,
    orderMultiple,
    returnWindowDays,
    version,
    soldOut: state.stock === 'OUT',
    state,
  });
}
