import { UserErrorCode, userErrorDescriptions } from '@marketgraph/schema/user-errors';
import { Directive, Field, InterfaceType, ObjectType, registerEnumType } from 'type-graphql';

registerEnumType(UserErrorCode, {
  name: 'UserErrorCode',
  description: 'Why a mutation was refused.',
  valuesConfig: userErrorDescriptions,
});

const byTypename = (value: { __typename?: string }) => value.__typename ?? '';

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
