import { Directive, Field, ID, InputType, InterfaceType, ObjectType, registerEnumType } from 'type-graphql';
import { UserErrorCode, userErrorDescriptions } from '@marketgraph/schema/user-errors';
import { CurrencyCode, DateTime, MinorUnits } from '@marketgraph/platform/graphql';

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
  description: 'Whether an event tells how things stand or what has just happened.',
  valuesConfig: {
    SNAPSHOT: { description: 'The state when the subscription began; always the first message.' },
    LIVE: { description: 'Something that happened after that.' },
  },
});

export enum SortDirection {
  ASC = 'ASC',
  DESC = 'DESC',
}
registerEnumType(SortDirection, {
  name: 'SortDirection',
  description: 'Which end of the order comes first.',
  valuesConfig: { ASC: { description: 'Smallest first.' }, DESC: { description: 'Largest first.' } },
});

/** type-graphql resolves interfaces by class or by name; plain rows carry their name. */
const byTypename = (value: { __typename?: string }) => value.__typename ?? '';

@InterfaceType({ resolveType: byTypename, description: 'Anything with an id that `node` can fetch.' })
export abstract class Node {
  @Field(() => ID, { description: 'Opaque, the same in every subgraph.' })
  id!: string;
}

@Directive('@shareable')
@ObjectType({ description: 'An amount of one currency.' })
export class Money {
  @Field(() => MinorUnits, { description: 'In minor units: 4900 is 49.00 EUR.' })
  amount!: number;

  @Field(() => CurrencyCode, { description: 'ISO 4217 code of the currency.' })
  currencyCode!: string;
}

@InputType({ description: 'An amount of one currency.' })
export class MoneyInput {
  @Field(() => MinorUnits, { description: 'In minor units: 4900 is 49.00 EUR.' })
  amount!: number;

  @Field(() => CurrencyCode, { description: 'ISO 4217 code of the currency.' })
  currencyCode!: string;
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
