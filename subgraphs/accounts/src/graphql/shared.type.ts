import { CountryCode, DateTime } from '@marketgraph/platform/graphql';
import { UserErrorCode, userErrorDescriptions } from '@marketgraph/schema/user-errors';
import { Directive, Field, ID, InputType, InterfaceType, ObjectType, registerEnumType } from 'type-graphql';

registerEnumType(UserErrorCode, {
  name: 'UserErrorCode',
  description: 'Why a mutation was refused.',
  valuesConfig: userErrorDescriptions,
});

export enum StreamEventKind {
  SNAPSHOT = 'SNAPSHOT',
  LIVE = 'LIVE',
}
registerEnumType(StreamEventKind, {
  name: 'StreamEventKind',
  description: 'Whether an event tells how things are or what has just happened.',
  valuesConfig: {
    SNAPSHOT: { description: 'How things are at the beginning of the stream.' },
    LIVE: { description: 'Something that happened.' },
  },
});

const byTypename = (value: { __typename?: string }) => value.__typename ?? '';

@InterfaceType({ resolveType: byTypename, description: 'Anything with an id that `node` can fetch.' })
export abstract class Node {
  @Field(() => ID, { description: 'Opaque, the same in every subgraph.' })
  id!: string;
}

@InterfaceType({
  resolveType: byTypename,
  description: 'Every expected failure. `field` is the path into `input`.',
})
export abstract class UserError {
  @Field(() => UserErrorCode, { description: 'For programs.' })
  code!: UserErrorCode;

  @Field(() => String, { description: 'For people.' })
  message!: string;

  @Field(() => [String], { nullable: true, description: 'The path into the input, when one part of it is to blame.' })
  field?: string[] | null;
}

@Directive('@shareable')
@ObjectType({ implements: UserError, description: 'A failure that needs no more than code and message.' })
export class BasicUserError extends UserError {}

@InterfaceType({
  resolveType: byTypename,
  description: 'Envelope of every subscription payload: resumable, ordered per stream.',
})
export abstract class StreamEvent {
  @Field(() => String, { description: 'Give it as `after` to resume behind this event.' })
  cursor!: string;

  @Field(() => DateTime, { description: 'When it happened.' })
  occurredAt!: Date;

  @Field(() => StreamEventKind, { description: 'Snapshot or live.' })
  kind!: StreamEventKind;
}

@Directive('@shareable')
@ObjectType({ description: 'Where one list page begins and ends.' })
export class PageInfo {
  @Field(() => Boolean, { description: 'There is more behind this page.' })
  hasNextPage!: boolean;

  @Field(() => Boolean, { description: 'There is something before this page.' })
  hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true, description: 'Cursor of the first edge.' })
  startCursor?: string | null;

  @Field(() => String, { nullable: true, description: 'Cursor of the last edge: the next `after`.' })
  endCursor?: string | null;
}

@Directive('@shareable')
@ObjectType({ description: 'A postal address.' })
export class PostalAddress {
  @Field(() => String, { nullable: true, description: 'Person.' })
  name?: string | null;

  @Field(() => String, { nullable: true, description: 'Company.' })
  company?: string | null;

  @Field(() => String, { description: 'Street and number.' })
  line1!: string;

  @Field(() => String, { nullable: true, description: 'Floor, flat, building.' })
  line2?: string | null;

  @Field(() => String, { description: 'City.' })
  city!: string;

  @Field(() => String, { nullable: true, description: 'State or region.' })
  region?: string | null;

  @Field(() => String, { nullable: true, description: 'Postal code.' })
  postalCode?: string | null;

  @Field(() => CountryCode, { description: 'Country.' })
  countryCode!: string;

  @Field(() => String, { nullable: true, description: 'Phone, for the carrier.' })
  phone?: string | null;
}

@InputType({ description: 'A postal address.' })
export class PostalAddressInput {
  @Field(() => String, { nullable: true, description: 'Person.' })
  name?: string | null;

  @Field(() => String, { nullable: true, description: 'Company.' })
  company?: string | null;

  @Field(() => String, { description: 'Street and number.' })
  line1!: string;

  @Field(() => String, { nullable: true, description: 'Floor, flat, building.' })
  line2?: string | null;

  @Field(() => String, { description: 'City.' })
  city!: string;

  @Field(() => String, { nullable: true, description: 'State or region.' })
  region?: string | null;

  @Field(() => String, { nullable: true, description: 'Postal code.' })
  postalCode?: string | null;

  @Field(() => CountryCode, { description: 'Country.' })
  countryCode!: string;

  @Field(() => String, { nullable: true, description: 'Phone, for the carrier.' })
  phone?: string | null;
}
