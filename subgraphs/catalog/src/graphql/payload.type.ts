import { Field, ID, ObjectType } from 'type-graphql';
import { DateTime, URLScalar } from '@marketgraph/platform/graphql';
import { UserErrorCode } from '@marketgraph/schema/user-errors';
import type { Outcome, Refusal } from '../domain/outcome.ts';
import { Category } from './category.type.ts';
import { CatalogImport, SyncedRow } from './import.type.ts';
import { Offer } from './offer.type.ts';
import { Product } from './product.type.ts';
import { UserError } from './shared.type.ts';

const userErrors = 'Why nothing was changed; empty when it was.';

@ObjectType({ description: 'What became of a change of a product.' })
export class ProductPayload {
  @Field(() => Product, { nullable: true, description: 'The product after the change; null when it was refused.' })
  product!: Product | null;

  @Field(() => [UserError], { description: userErrors })
  userErrors!: UserError[];
}

@ObjectType({ description: 'What became of a change of an offer.' })
export class OfferPayload {
  @Field(() => Offer, { nullable: true, description: 'The offer after the change; null when it was refused.' })
  offer!: Offer | null;

  @Field(() => [UserError], { description: userErrors })
  userErrors!: UserError[];
}

@ObjectType({ description: 'What became of a change of a category.' })
export class CategoryPayload {
  @Field(() => Category, { nullable: true, description: 'The category after the change; null when it was refused.' })
  category!: Category | null;

  @Field(() => [UserError], { description: userErrors })
  userErrors!: UserError[];
}

@ObjectType({ description: 'What became of the wish to import.' })
export class CatalogImportPayload {
  @Field(() => CatalogImport, {
    nullable: true,
    description: 'The import that waits or runs; null when it was refused.',
  })
  import!: CatalogImport | null;

  @Field(() => [UserError], { description: userErrors })
  userErrors!: UserError[];
}

@ObjectType({ description: 'What became of the rows.' })
export class CatalogSyncPayload {
  @Field(() => [SyncedRow], {
    nullable: true,
    description: 'One per row, in their order; null when none was looked at.',
  })
  rows!: SyncedRow[] | null;

  @Field(() => [UserError], { description: userErrors })
  userErrors!: UserError[];
}

@ObjectType({ description: 'Where to bring the bytes of a file.' })
export class MediaUploadPayload {
  @Field(() => ID, { nullable: true, description: 'To name the file by, once its bytes are there.' })
  uploadId!: string | null;

  @Field(() => URLScalar, {
    nullable: true,
    description:
      'PUT the bytes here, once, with the announced Content-Type. The address is the permission: keep it to yourself.',
  })
  uploadUrl!: string | null;

  @Field(() => DateTime, { nullable: true, description: 'Until when the address takes bytes.' })
  expiresAt!: Date | null;

  @Field(() => [UserError], { description: userErrors })
  userErrors!: UserError[];
}

/** The value of an accepted outcome, mapped, and the refusals of the other kind. */
export function settled<T, R>(outcome: Outcome<T>, map: (value: T) => R): { value: R | null; userErrors: UserError[] } {
  return outcome.ok
    ? { value: map(outcome.value), userErrors: [] }
    : { value: null, userErrors: outcome.rejection.map(toUserError) };
}

function toUserError({ code, message, field }: Refusal): UserError {
  return Object.assign({ __typename: 'BasicUserError' }, { code: UserErrorCode[code], message, field: field ?? null });
}
