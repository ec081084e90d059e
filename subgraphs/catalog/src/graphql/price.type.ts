import { CurrencyCode, DateTime } from '@marketgraph/platform/graphql';
import { Field, Float, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { Money } from './shared.type.ts';

export enum PriceSource {
  BASE = 'BASE',
  TIER = 'TIER',
  CUSTOMER_GROUP = 'CUSTOMER_GROUP',
  CONTRACT = 'CONTRACT',
  DEAL = 'DEAL',
}
registerEnumType(PriceSource, {
  name: 'PriceSource',
  description: 'Where a price comes from.',
  valuesConfig: {
    BASE: { description: 'The price of the offer itself.' },
    TIER: { description: 'A price list for everybody: so many cost less.' },
    CUSTOMER_GROUP: { description: 'A price list for whoever buys for an organization.' },
    CONTRACT: { description: 'A price list for this organization.' },
    DEAL: { description: 'The price of a lightning deal that is LIVE.' },
  },
});

@ObjectType({ description: 'How a price came into another currency.' })
export class PriceExchange {
  @Field(() => CurrencyCode, { description: 'The currency of the offer, in which it is paid.' })
  from!: string;

  @Field(() => Float, { description: 'So many units of the currency asked for are one of the other; to be shown.' })
  rate!: number;

  @Field(() => DateTime, { description: 'When the rate was taken.' })
  asOf!: Date;

  @Field(() => Boolean, { description: 'Nobody has told a newer rate for more than four days.' })
  isStale!: boolean;
}

@ObjectType({ description: 'What one unit costs under given circumstances.' })
export class ResolvedPrice {
  @Field(() => Money, { description: 'What is to be paid for one.' })
  unitPrice!: Money;

  @Field(() => Money, { description: 'What the offer asks of everybody.' })
  listPrice!: Money;

  @Field(() => PriceSource, { description: 'Where the unit price comes from.' })
  source!: PriceSource;

  @Field(() => DateTime, {
    nullable: true,
    description: 'When this price ends for certain; null when nothing says so.',
  })
  validUntil!: Date | null;

  @Field(() => ID, {
    nullable: true,
    description: 'What makes the price, a price list or a deal; null for the price of the offer.',
  })
  appliedRuleId!: string | null;

  @Field(() => PriceExchange, { nullable: true, description: 'Null in the currency of the offer.' })
  exchange!: PriceExchange | null;
}

@ObjectType({ description: 'What one costs when so many are bought.' })
export class PriceTier {
  @Field(() => Int, { description: 'From so many on.' })
  minQuantity!: number;

  @Field(() => Int, { nullable: true, description: 'Up to so many; null: any number.' })
  maxQuantity!: number | null;

  @Field(() => Money, { description: 'What one costs then.' })
  unitPrice!: Money;
}
