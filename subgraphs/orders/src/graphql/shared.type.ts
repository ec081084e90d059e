import { CountryCode, CurrencyCode, DateTime, MinorUnits } from '@marketgraph/platform/graphql';
import { UserErrorCode } from '@marketgraph/schema/user-errors';
import { Directive, Field, ID, InputType, InterfaceType, ObjectType, registerEnumType } from 'type-graphql';

registerEnumType(UserErrorCode, {
  name: 'UserErrorCode',
  description: 'Why a mutation was refused.',
  valuesConfig: {
    INVALID: { description: 'An input cannot be used; `field` says which.' },
    NOT_FOUND: { description: 'There is no such thing, or it is not yours.' },
    FORBIDDEN: { description: 'It is there, and it is not yours to change.' },
    CONFLICT: { description: 'The state it is in does not allow this now.' },
    VERSION_MISMATCH: { description: 'Somebody else changed it first.' },
    IDEMPOTENCY_KEY_REUSED: { description: 'The key came with another input before.' },
    INSUFFICIENT_STOCK: { description: 'There are fewer units than asked for.' },
    RESERVATION_EXPIRED: { description: 'The time to pay is over.' },
    CART_CHANGED: { description: 'The cart is not what it was when its total was shown.' },
    PRICE_CHANGED: { description: 'A price has moved since it was shown.' },
    VENDOR_NOT_ACTIVE: { description: 'The offer or its vendor does not sell at the moment.' },
    KYC_REQUIRED: { description: 'The vendor has to prove who it is first.' },
    PAYMENT_DECLINED: { description: 'The payment was refused; the message is the provider’s.' },
    PAYMENT_ACTION_REQUIRED: { description: 'The buyer has to do something with the provider first.' },
    SERVICE_UNAVAILABLE: { description: 'A part of the shop does not answer; try again.' },
    FRAUD_REVIEW: { description: 'Held for a review.' },
    ILLEGAL_TRANSITION: { description: 'The state machine has no such step.' },
    RETURN_WINDOW_CLOSED: { description: 'Too late to send it back.' },
    LIMIT_EXCEEDED: { description: 'More than is allowed at once.' },
    QUOTE_EXPIRED: { description: 'The quote is no longer valid.' },
    NOT_PURCHASED: { description: 'Only who bought it may do this.' },
    PROMOTION_NOT_APPLICABLE: { description: 'The promotion does not fit.' },
    RATE_LIMITED: { description: 'Too often; wait a moment.' },
  },
});

const byTypename = (value: { __typename?: string }) => value.__typename ?? '';

@InterfaceType({ resolveType: byTypename, description: 'Anything with an id that `node` can fetch.' })
export abstract class Node {
  @Field(() => ID, { description: 'Opaque, the same in every subgraph.' })
  id!: string;
}

@Directive('@shareable')
@ObjectType({ description: 'Where a page of a list begins and ends.' })
export class PageInfo {
  @Field(() => Boolean, { description: 'There is more after this page.' })
  hasNextPage!: boolean;

  @Field(() => Boolean, { description: 'There is something before this page.' })
  hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true, description: 'Of the first edge.' })
  startCursor!: string | null;

  @Field(() => String, { nullable: true, description: 'Of the last edge; `after` for the next page.' })
  endCursor!: string | null;
}

@Directive('@shareable')
@ObjectType({ description: 'An amount in the minor units of a currency.' })
export class Money {
  @Field(() => MinorUnits, { description: 'Minor units, e.g. cents.' })
  amount!: number;

  @Field(() => CurrencyCode, { description: 'The currency it is in.' })
  currencyCode!: string;
}

@InputType({ description: 'An amount in the minor units of a currency.' })
export class MoneyInput {
  @Field(() => MinorUnits, { description: 'Minor units, e.g. cents.' })
  amount!: number;

  @Field(() => CurrencyCode, { description: 'The currency it is in.' })
  currencyCode!: string;
}

@Directive('@shareable')
@ObjectType({ description: 'Where a letter or a parcel goes.' })
export class PostalAddress {
  @Field(() => String, { nullable: true, description: 'Who receives it.' })
  name!: string | null;

  @Field(() => String, { nullable: true, description: 'The company it goes to.' })
  company!: string | null;

  @Field(() => String, { description: 'Street and number.' })
  line1!: string;

  @Field(() => String, { nullable: true, description: 'Floor, entrance and the like.' })
  line2!: string | null;

  @Field(() => String, { description: 'City or town.' })
  city!: string;

  @Field(() => String, { nullable: true, description: 'State or province.' })
  region!: string | null;

  @Field(() => String, { description: 'Postal code.' })
  postalCode!: string;

  @Field(() => CountryCode, { description: 'The country.' })
  countryCode!: string;

  @Field(() => String, { nullable: true, description: 'For the carrier.' })
  phone!: string | null;
}

@InputType({ description: 'Where a letter or a parcel goes. Each part has at most 200 characters.' })
export class PostalAddressInput {
  @Field(() => String, { nullable: true, description: 'Who receives it.' })
  name?: string | null;

  @Field(() => String, { nullable: true, description: 'The company it goes to.' })
  company?: string | null;

  @Field(() => String, { description: 'Street and number.' })
  line1!: string;

  @Field(() => String, { nullable: true, description: 'Floor, entrance and the like.' })
  line2?: string | null;

  @Field(() => String, { description: 'City or town.' })
  city!: string;

  @Field(() => String, { nullable: true, description: 'State or province; US states decide the sales tax.' })
  region?: string | null;

  @Field(() => String, { description: 'Postal code.' })
  postalCode!: string;

  @Field(() => CountryCode, { description: 'The country; it decides tax and delivery.' })
  countryCode!: string;

  @Field(() => String, { nullable: true, description: 'For the carrier.' })
  phone?: string | null;
}

@InputType({ description: 'A span of time.' })
export class DateTimeRange {
  @Field(() => DateTime, { nullable: true, description: 'From this instant on; the beginning when absent.' })
  from?: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'Up to but not including this instant; now when absent.' })
  to?: Date | null;
}

@InterfaceType({ resolveType: byTypename, description: 'Every expected failure of a mutation.' })
export abstract class UserError {
  @Field(() => UserErrorCode, { description: 'For programs.' })
  code!: UserErrorCode;

  @Field(() => String, { description: 'For people, in English.' })
  message!: string;

  @Field(() => [String], { nullable: true, description: 'The path into `input`.' })
  field?: string[] | null;
}

@Directive('@shareable')
@ObjectType({ implements: UserError, description: 'An expected failure with nothing more to say.' })
export class BasicUserError extends UserError {}

export enum StreamEventKind {
  SNAPSHOT = 'SNAPSHOT',
  LIVE = 'LIVE',
}

registerEnumType(StreamEventKind, {
  name: 'StreamEventKind',
  description: 'What an event of a subscription is.',
  valuesConfig: {
    SNAPSHOT: { description: 'How things are when the subscription begins.' },
    LIVE: { description: 'Something that has just happened.' },
  },
});

@InterfaceType({
  resolveType: byTypename,
  description: 'The envelope of every subscription: resumable, in order per subject.',
})
export abstract class StreamEvent {
  @Field(() => String, { description: 'Subscribe again with `after: cursor` and nothing is missed.' })
  cursor!: string;

  @Field(() => DateTime, { description: 'When it happened.' })
  occurredAt!: Date;

  @Field(() => StreamEventKind, { description: 'The state at the beginning, or a change.' })
  kind!: StreamEventKind;
}
