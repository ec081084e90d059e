import { Directive, Field, ID, InputType, InterfaceType, ObjectType, registerEnumType } from 'type-graphql';
import { CurrencyCode, DateTime, MinorUnits } from '@marketgraph/platform/graphql';
import { UserErrorCode, userErrorDescriptions } from '@marketgraph/schema/user-errors';

/**
 * A copy of the agreed list: type-graphql keeps what is registered by the enum
 * object, for the whole process, and every subgraph describes its own.
 */
const ErrorCode = { ...UserErrorCode };
registerEnumType(ErrorCode, {
  name: 'UserErrorCode',
  description: 'Why a mutation was refused.',
  valuesConfig: userErrorDescriptions,
});

/** type-graphql resolves interfaces by class or by name; plain rows carry their name. */
const byTypename = (value: { __typename?: string }) => value.__typename ?? '';

@InterfaceType({ resolveType: byTypename, description: 'Anything with an id that `node` can fetch.' })
export abstract class Node {
  @Field(() => ID, { description: 'Opaque, the same in every subgraph.' })
  id!: string;
}

@Directive('@shareable')
@ObjectType({ description: 'Where a page of a connection begins and ends.' })
export class PageInfo {
  @Field(() => Boolean, { description: 'There is more after this page.' })
  hasNextPage!: boolean;

  @Field(() => Boolean, { description: 'There is something before this page.' })
  hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true, description: 'Cursor of the first edge.' })
  startCursor!: string | null;

  @Field(() => String, { nullable: true, description: 'Cursor of the last edge: the next `after`.' })
  endCursor!: string | null;
}

@Directive('@shareable')
@ObjectType({ description: 'An amount of money, never a float.' })
export class Money {
  @Field(() => MinorUnits, { description: 'Integer minor units, e.g. cents.' })
  amount!: number;

  @Field(() => CurrencyCode, { description: 'What the amount is counted in.' })
  currencyCode!: string;
}

@InputType({ description: 'An amount of money, never a float.' })
export class MoneyInput {
  @Field(() => MinorUnits, { description: 'Integer minor units, e.g. cents.' })
  amount!: number;

  @Field(() => CurrencyCode, { description: 'What the amount is counted in.' })
  currencyCode!: string;
}

@InterfaceType({ resolveType: byTypename, description: 'Every expected failure. `field` is the path into `input`.' })
export abstract class UserError {
  @Field(() => ErrorCode, { description: 'What a program decides by.' })
  code!: UserErrorCode;

  @Field(() => String, { description: 'For a person.' })
  message!: string;

  @Field(() => [String], { nullable: true, description: 'Path into `input`.' })
  field!: string[] | null;
}

@Directive('@shareable')
@ObjectType({ implements: UserError, description: 'A failure without more to say than its code and message.' })
export class BasicUserError extends UserError {}

export enum StreamEventKind {
  SNAPSHOT = 'SNAPSHOT',
  LIVE = 'LIVE',
}
registerEnumType(StreamEventKind, {
  name: 'StreamEventKind',
  description: 'Whether an event tells the state at the beginning or a change.',
  valuesConfig: {
    SNAPSHOT: { description: 'The state as it is when the stream begins.' },
    LIVE: { description: 'A change that just happened.' },
  },
});

@InterfaceType({
  resolveType: byTypename,
  description: 'Envelope of every subscription payload: resumable, ordered per stream.',
})
export abstract class StreamEvent {
  @Field(() => String, { description: 'Pass as `after` to go on from here.' })
  cursor!: string;

  @Field(() => DateTime, { description: 'When it happened.' })
  occurredAt!: Date;

  @Field(() => StreamEventKind, { description: 'State at the beginning, or a change.' })
  kind!: StreamEventKind;
}
