import { Directive, Field, ID, InterfaceType, ObjectType, registerEnumType } from 'type-graphql';
import { UserErrorCode } from '@marketgraph/schema/user-errors';
import { DateTime } from '@marketgraph/platform/graphql';

registerEnumType(UserErrorCode, {
  name: 'UserErrorCode',
  description: 'Why a mutation was refused.',
  valuesConfig: {
    INVALID: { description: 'A value of the input is not acceptable.' },
    NOT_FOUND: { description: 'What the input names does not exist, or is not yours to see.' },
    FORBIDDEN: { description: 'It exists, but is not yours to change.' },
    CONFLICT: { description: 'Something else has this name or place already.' },
    VERSION_MISMATCH: { description: 'It was changed since you read it.' },
    IDEMPOTENCY_KEY_REUSED: { description: 'The idempotency key was used with another input.' },
    INSUFFICIENT_STOCK: { description: 'There is less than was asked for.' },
    RESERVATION_EXPIRED: { description: 'The stock was held for too long and is free again.' },
    CART_CHANGED: { description: 'The cart is another than the one that was shown.' },
    PRICE_CHANGED: { description: 'A price is another than the one that was shown.' },
    VENDOR_NOT_ACTIVE: { description: 'The vendor may not sell at present.' },
    KYC_REQUIRED: { description: 'The identity of the vendor must be verified first.' },
    PAYMENT_DECLINED: { description: 'The payment was declined.' },
    PAYMENT_ACTION_REQUIRED: { description: 'The buyer has to confirm the payment.' },
    SERVICE_UNAVAILABLE: { description: 'A part of the system does not answer; try again.' },
    FRAUD_REVIEW: { description: 'Held for a closer look.' },
    ILLEGAL_TRANSITION: { description: 'Its present status does not allow this.' },
    RETURN_WINDOW_CLOSED: { description: 'The time for returning it is over.' },
    LIMIT_EXCEEDED: { description: 'More than is allowed at a time.' },
    QUOTE_EXPIRED: { description: 'The quote is no longer valid.' },
    NOT_PURCHASED: { description: 'Only who bought it may do this.' },
    PROMOTION_NOT_APPLICABLE: { description: 'The promotion does not apply here.' },
    RATE_LIMITED: { description: 'Too often in too short a time.' },
  },
});

export enum StreamEventKind {
  SNAPSHOT = 'SNAPSHOT',
  LIVE = 'LIVE',
}
registerEnumType(StreamEventKind, {
  name: 'StreamEventKind',
  description: 'Whether an event tells how things stand or what has just happened.',
  valuesConfig: {
    SNAPSHOT: { description: 'The state when the subscription began; always the first message.' },
    LIVE: { description: 'Something that happened after that.' },
  },
});

/** type-graphql resolves interfaces by class or by name; plain rows carry their name. */
const byTypename = (value: { __typename?: string }) => value.__typename ?? '';

@InterfaceType({ resolveType: byTypename, description: 'Anything with an id that `node` can fetch.' })
export abstract class Node {
  @Field(() => ID, { description: 'Opaque, the same in every subgraph.' })
  id!: string;
}

@Directive('@shareable')
@ObjectType({ description: 'Where a page stands in its list.' })
export class PageInfo {
  @Field(() => Boolean, { description: 'Whether `after: endCursor` gives more.' })
  hasNextPage!: boolean;

  @Field(() => Boolean, { description: 'Whether something comes before this page.' })
  hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true, description: 'Cursor of the first edge; null on an empty page.' })
  startCursor!: string | null;

  @Field(() => String, { nullable: true, description: 'Cursor of the last edge; null on an empty page.' })
  endCursor!: string | null;
}

@InterfaceType({ resolveType: byTypename, description: 'An expected failure. `field` is the path into `input`.' })
export abstract class UserError {
  @Field(() => UserErrorCode, { description: 'What a program decides by.' })
  code!: UserErrorCode;

  @Field(() => String, { description: 'What a person reads.' })
  message!: string;

  @Field(() => [String], { nullable: true, description: 'The path of the value in the input, when there is one.' })
  field?: string[] | null;
}

@Directive('@shareable')
@ObjectType({ implements: UserError, description: 'An expected failure with nothing more to say about it.' })
export class BasicUserError extends UserError {}

@InterfaceType({
  resolveType: byTypename,
  description: 'Envelope of every subscription payload: resumable, ordered per stream.',
})
export abstract class StreamEvent {
  @Field(() => String, { description: 'Where to resume: pass it as `after`.' })
  cursor!: string;

  @Field(() => DateTime, { description: 'When it happened.' })
  occurredAt!: Date;

  @Field(() => StreamEventKind, { description: 'A snapshot or something new.' })
  kind!: StreamEventKind;
}

/** What `first` and `after` mean, in every connection the same. */
export const firstDescription = 'How many at most, from 1 to 100.';
export const afterDescription = 'The cursor of the edge this page begins behind.';
