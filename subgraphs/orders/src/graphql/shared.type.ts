import { CountryCode, CurrencyCode, DateTime, MinorUnits } from '@marketgraph/platform/graphql';
import { UserErrorCode, userErrorDescriptions } from '@marketgraph/schema/user-errors';
import { Directive, Field, ID, InputType, InterfaceType, ObjectType, registerEnumType } from 'type-graphql';

registerEnumType(UserErrorCode, {
  name: 'UserErrorCode',
  description: 'Why a mutation was refused.',
  valuesConfig: userErrorDescriptions,
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

  @Field(() => String, { nullable: true, description: 'Postal code, where there are any.' })
  postalCode!: string | null;

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

  @Field(() => String, { nullable: true, description: 'Postal code, where there are any.' })
  postalCode?: string | null;

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
