import { DateTime } from '@marketgraph/platform/graphql';
import { Directive, Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { Node, PageInfo, StreamEvent, UserError } from './shared.type.ts';

export enum ReviewStatusEnum {
  PENDING = 'PENDING',
  PUBLISHED = 'PUBLISHED',
  REJECTED = 'REJECTED',
  REMOVED = 'REMOVED',
}
registerEnumType(ReviewStatusEnum, {
  name: 'ReviewStatus',
  description: 'Whether others see a review.',
  valuesConfig: {
    PENDING: { description: 'Waits for a moderator; only its author sees it.' },
    PUBLISHED: { description: 'Everybody sees it, and it counts.' },
    REJECTED: { description: 'A moderator turned it down.' },
    REMOVED: { description: 'Taken back by its author or taken down.' },
  },
});

export enum ReviewTargetEnum {
  PRODUCT = 'PRODUCT',
  VENDOR = 'VENDOR',
}
registerEnumType(ReviewTargetEnum, {
  name: 'ReviewTarget',
  description: 'What a review is about.',
  valuesConfig: { PRODUCT: { description: 'What was bought.' }, VENDOR: { description: 'Who sold it.' } },
});

export enum ReviewModerationDecision {
  PUBLISH = 'PUBLISH',
  REJECT = 'REJECT',
  REMOVE = 'REMOVE',
}
registerEnumType(ReviewModerationDecision, {
  name: 'ReviewModerationDecision',
  description: 'What a moderator decides.',
  valuesConfig: {
    PUBLISH: { description: 'Everybody may see it.' },
    REJECT: { description: 'It does not appear; the author may change it.' },
    REMOVE: { description: 'It is gone for good.' },
  },
});

/* The entities of other subgraphs that reviews speak of. */

@Directive('@key(fields: "id")')
@ObjectType({ description: 'A product.' })
export class Product {
  @Field(() => ID, { description: 'The product.' })
  id!: string;
}

@Directive('@key(fields: "id")')
@ObjectType({ description: 'A seller.' })
export class Vendor {
  @Field(() => ID, { description: 'The vendor.' })
  id!: string;
}

@Directive('@key(fields: "id")')
@ObjectType({ description: 'A person with an account.' })
export class User {
  @Field(() => ID, { description: 'The user.' })
  id!: string;
}

@Directive('@key(fields: "id")')
@ObjectType({ description: 'One line of an order.' })
export class OrderLine {
  @Field(() => ID, { description: 'The line.' })
  id!: string;
}

@Directive('@key(fields: "id")')
@Directive('@cacheControl(maxAge: 60)')
@ObjectType({
  implements: Node,
  description: 'What a buyer says of a product or vendor after a delivery. Text is plain, never markup.',
})
export class Review extends Node {
  @Directive('@cacheControl(maxAge: 60)')
  @Field(() => Product, { nullable: true, description: 'What was reviewed; null for a review of a vendor.' })
  product?: Product | null;

  @Directive('@cacheControl(maxAge: 60)')
  @Field(() => Vendor, { nullable: true, description: 'Who sold it.' })
  vendor?: Vendor | null;

  @Directive('@cacheControl(maxAge: 60)')
  @Field(() => User, { description: 'Who wrote it.' })
  author!: User;

  @Field(() => OrderLine, { nullable: true, description: 'The purchase behind it, for its author only.' })
  orderLine?: OrderLine | null;

  @Field(() => Int, { description: 'One to five stars.' })
  rating!: number;

  @Field(() => String, { nullable: true, description: 'At most 150 characters.' })
  title?: string | null;

  @Field(() => String, { nullable: true, description: 'At most 5,000 characters.' })
  body?: string | null;

  @Field(() => ReviewStatusEnum, { description: 'Whether others see it.' })
  status!: ReviewStatusEnum;

  @Field(() => Boolean, { description: 'True: only delivered purchases can be reviewed.' })
  isVerifiedPurchase!: boolean;

  @Field(() => Int, { description: 'How many found it helpful.' })
  helpfulCount!: number;

  @Field(() => String, { nullable: true, description: "The vendor's reply." })
  reply?: string | null;

  @Field(() => DateTime, { description: 'When it was written.' })
  createdAt!: Date;

  @Field(() => DateTime, { description: 'When it was last changed.' })
  updatedAt!: Date;
}

@ObjectType('RatingSummary', { description: 'All published ratings of a product or vendor in short.' })
export class RatingSummaryType {
  @Field(() => Float, { description: 'From 1 to 5 with two decimals; 0 when there is none.' })
  average!: number;

  @Field(() => Int, { description: 'How many.' })
  count!: number;

  @Field(() => [Int], { description: 'Five numbers: how many gave one star, two, … five.' })
  histogram!: number[];
}

@ObjectType({ description: 'One review in a list.' })
export class ReviewEdge {
  @Field(() => String, { description: 'Cursor.' })
  cursor!: string;

  @Field(() => Review, { description: 'The review.' })
  node!: Review;
}

@ObjectType({ description: 'A page of reviews.' })
export class ReviewConnection {
  @Field(() => [ReviewEdge], { description: 'The page.' })
  edges!: ReviewEdge[];

  @Field(() => PageInfo, { description: 'Where the page stands.' })
  pageInfo!: PageInfo;
}

@ObjectType({ implements: StreamEvent, description: 'A review of something a vendor sold was written or changed.' })
export class ReviewEvent extends StreamEvent {
  @Field(() => Review, { description: 'The review.' })
  review!: Review;
}

@InputType({ description: 'A new review.' })
export class ReviewSubmitInput {
  @Field(() => ID, { description: 'A delivered line of one of your orders.' })
  orderLineId!: string;

  @Field(() => ReviewTargetEnum, { description: 'What it is about.' })
  target!: ReviewTargetEnum;

  @Field(() => Int, { description: 'One to five stars.' })
  rating!: number;

  @Field(() => String, { nullable: true, description: 'At most 150 characters.' })
  title?: string | null;

  @Field(() => String, { nullable: true, description: 'At most 5,000 characters.' })
  body?: string | null;
}

@InputType({ description: 'What of your review is another now; what is left out stays.' })
export class ReviewUpdateInput {
  @Field(() => Int, { nullable: true, description: 'One to five stars.' })
  rating?: number | null;

  @Field(() => String, { nullable: true, description: 'At most 150 characters.' })
  title?: string | null;

  @Field(() => String, { nullable: true, description: 'At most 5,000 characters.' })
  body?: string | null;
}

@InputType({ description: 'A moderator’s decision.' })
export class ReviewModerateInput {
  @Field(() => ID, { description: 'The review.' })
  id!: string;

  @Field(() => ReviewModerationDecision, { description: 'What becomes of it.' })
  decision!: ReviewModerationDecision;
}

@ObjectType({ description: 'Outcome of a change of a review.' })
export class ReviewPayload {
  @Field(() => Review, { nullable: true, description: 'The review as it is now.' })
  review?: Review | null;

  @Field(() => [UserError], { description: 'Why it was refused.' })
  userErrors!: UserError[];
}

@ObjectType({ description: 'What counting anew has found.' })
export class RatingsRebuildPayload {
  @Field(() => Int, { description: 'Ratings that were wrong and are right now.' })
  corrected!: number;

  @Field(() => [UserError], { description: 'Why it was refused.' })
  userErrors!: UserError[];
}
