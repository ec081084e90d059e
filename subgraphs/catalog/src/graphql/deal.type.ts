import { DateTime } from '@marketgraph/platform/graphql';
import { Directive, Field, InputType, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { type DealState, type DealStatus as DealStatusName, statusOf } from '../domain/deal.ts';
import { Money, MoneyInput, Node, PageInfo, StreamEvent, UserError } from './shared.type.ts';

export enum LightningDealStatus {
  SCHEDULED = 'SCHEDULED',
  LIVE = 'LIVE',
  SOLD_OUT = 'SOLD_OUT',
  ENDED = 'ENDED',
  CANCELED = 'CANCELED',
}
registerEnumType(LightningDealStatus, {
  name: 'LightningDealStatus',
  description: 'Where a deal stands.',
  valuesConfig: {
    SCHEDULED: { description: 'It has not started.' },
    LIVE: { description: 'It runs and has slots left: the offer has its price.' },
    SOLD_OUT: {
      description: 'It runs and all slots are bought or held. LIVE again when one that was held comes back.',
    },
    ENDED: { description: 'Its time is over.' },
    CANCELED: { description: 'It was called off.' },
  },
});

// Nothing here is kept by the gateway: what it says changes with the clock, and no event can be in time for that.
@Directive('@key(fields: "id")')
@ObjectType({ implements: Node, description: 'An offer at a lower price for some time, for the first so many units.' })
export class LightningDeal extends Node {
  @Field(() => Money, { description: 'What one costs while it is LIVE.' })
  dealPrice!: Money;

  @Field(() => DateTime, { description: 'From when. It begins by itself.' })
  startsAt!: Date;

  @Field(() => DateTime, { description: 'Until when. It ends by itself.' })
  endsAt!: Date;

  @Field(() => LightningDealStatus, { description: 'Where it stands now.' })
  status!: DealStatusName;

  @Field(() => Int, { description: 'For how many units it is.' })
  slotsTotal!: number;

  state!: DealState;
}

@ObjectType({ description: 'A deal in a list.' })
export class LightningDealEdge {
  @Field(() => String, { description: 'Where it stands in the list.' })
  cursor!: string;

  @Field(() => LightningDeal, { description: 'The deal.' })
  node!: LightningDeal;
}

@ObjectType({ description: 'A page of deals.' })
export class LightningDealConnection {
  @Field(() => [LightningDealEdge], { description: 'In the order of the list.' })
  edges!: LightningDealEdge[];

  @Field(() => PageInfo, { description: 'Where the page stands.' })
  pageInfo!: PageInfo;
}

@ObjectType({ implements: StreamEvent, description: 'Where a deal stands, now and whenever that changes.' })
export class LightningDealEvent extends StreamEvent {
  @Field(() => LightningDeal, { description: 'The deal, with the status of this moment.' })
  deal!: LightningDeal;
}

@ObjectType({ description: 'What became of a change of a deal.' })
export class LightningDealPayload {
  @Field(() => LightningDeal, { nullable: true, description: 'The deal after the change; null when it was refused.' })
  deal!: LightningDeal | null;

  @Field(() => [UserError], { description: 'Why nothing was changed; empty when it was.' })
  userErrors!: UserError[];
}

@InputType({ description: 'A deal to come. The same input again is the same deal.' })
export class LightningDealInput {
  @Field(() => ID, { description: 'The offer; no two of its deals overlap.' })
  offerId!: string;

  @Field(() => MoneyInput, { description: 'What one costs meanwhile: less than the offer, in its currency.' })
  dealPrice!: MoneyInput;

  @Field(() => DateTime, { description: 'From when, within a year. What has passed means at once.' })
  startsAt!: Date;

  @Field(() => DateTime, { description: 'Until when, at most 7 days later.' })
  endsAt!: Date;

  @Field(() => Int, { description: 'For how many units, 1 to 100,000.' })
  slots!: number;
}

export function toDeal(state: DealState, moment: Date | DealStatusName): LightningDeal {
  const { id, dealPrice, startsAt, endsAt, slotsTotal } = state;
  const status = moment instanceof Date ? statusOf(state, moment) : moment;
  const fields = { __typename: 'LightningDeal', id, dealPrice, startsAt, endsAt, status, slotsTotal, state };
  return Object.assign(new LightningDeal(), fields);
}
