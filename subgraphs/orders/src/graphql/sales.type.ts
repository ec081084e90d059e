import { DateTime } from '@marketgraph/platform/graphql';
import { Field, Int, ObjectType } from 'type-graphql';
import { Offer } from './entities.type.ts';
import { Money } from './shared.type.ts';

@ObjectType({ description: 'A span of time with both ends.' })
export class DateTimeSpan {
  @Field(() => DateTime, { description: 'From this instant on.' })
  from!: Date;

  @Field(() => DateTime, { description: 'Up to but not including this instant.' })
  to!: Date;
}

@ObjectType({ description: 'What one offer sold.' })
export class OfferSales {
  @Field(() => Offer, { description: 'The offer.' })
  offer!: Offer;

  @Field(() => Int, { description: 'Units sold.' })
  units!: number;

  @Field(() => Money, { description: 'Before tax and delivery.' })
  revenue!: Money;
}

@ObjectType({ description: 'What was sold, counted from confirmed orders of one currency.' })
export class SalesSummary {
  @Field(() => DateTimeSpan, { description: 'When the orders were confirmed.' })
  range!: DateTimeSpan;

  @Field(() => Money, { description: 'What buyers paid, tax and delivery included.' })
  grossSales!: Money;

  @Field(() => Int, { description: 'Confirmed orders.' })
  orderCount!: number;

  @Field(() => Int, { description: 'Units in them.' })
  unitsSold!: number;

  @Field(() => Money, { description: 'Gross sales by order, rounded.' })
  averageOrderValue!: Money;

  @Field(() => [OfferSales], { description: 'The ten offers with most revenue.' })
  topOffers!: OfferSales[];
}
