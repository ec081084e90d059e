import { Directive, Field, ObjectType } from 'type-graphql';
import { JSONScalar } from '@marketgraph/platform/graphql';
import type { CategoryState } from '../domain/category.ts';
import { Node } from './shared.type.ts';

@Directive('@key(fields: "id")')
@Directive('@cacheControl(maxAge: 60)')
@ObjectType({ implements: Node, description: 'A place in the tree products are sorted into.' })
export class Category extends Node {
  @Field(() => String, { description: 'What stands in the address of its page; unique.' })
  slug!: string;

  @Field(() => JSONScalar, {
    nullable: true,
    description:
      'What products in here say about themselves, beside what the categories above define: a list of `{key, label, type: string|number|boolean|enum, unit, values, required, isFacet, isVariantAxis}`.',
  })
  attributeSchema!: unknown;

  state!: CategoryState;
}

export function toCategory(state: CategoryState): Category {
  const { id, slug, attributeSchema } = state;
  return Object.assign(new Category(), { __typename: 'Category', id, slug, attributeSchema, state });
}
