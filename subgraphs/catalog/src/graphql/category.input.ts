import { Field, ID, InputType } from 'type-graphql';
import { JSONScalar, LanguageTag } from '@marketgraph/platform/graphql';

@InputType({ description: 'The name of a category in another language.' })
export class CategoryTranslationInput {
  @Field(() => LanguageTag, { description: 'The language of the name.' })
  language!: string;

  @Field(() => String, { description: '1 to 100 characters.' })
  name!: string;
}

@InputType({ description: 'A category to create, or to change when its id or slug is known.' })
export class CategoryInput {
  @Field(() => ID, {
    nullable: true,
    description: 'The category to change. Absent: the one with this slug, or a new one.',
  })
  id?: string | null;

  @Field(() => String, { description: 'Lower-case letters and digits joined by single hyphens; unique.' })
  slug!: string;

  @Field(() => String, { description: '1 to 100 characters; unique below one parent.' })
  name!: string;

  @Field(() => ID, {
    nullable: true,
    description: 'The category above. Absent: it stays where it is; null: it has none.',
  })
  parentId?: string | null;

  @Field(() => JSONScalar, {
    nullable: true,
    description:
      'A list of `{key, label, type: string|number|boolean|enum, unit, values, required, isFacet, isVariantAxis}`. Absent: stays as it is.',
  })
  attributeSchema?: unknown;

  @Field(() => [CategoryTranslationInput], { nullable: true, description: 'The name in other languages.' })
  translations?: CategoryTranslationInput[] | null;
}
