import { Field, ID, InputType, Int, registerEnumType } from 'type-graphql';
import { JSONScalar, LanguageTag } from '@marketgraph/platform/graphql';
import { ModerationDecision, ProductStatus } from './product.type.ts';
import { SortDirection } from './shared.type.ts';

export enum ProductOrderField {
  CREATED_AT = 'CREATED_AT',
  TITLE = 'TITLE',
  PRICE = 'PRICE',
}
registerEnumType(ProductOrderField, {
  name: 'ProductOrderField',
  description: 'What a list of products is sorted by.',
  valuesConfig: {
    CREATED_AT: { description: 'When it was created.' },
    TITLE: { description: 'The title in its source language.' },
    PRICE: { description: 'The lowest price in minor units; products nobody offers come last.' },
  },
});

@InputType({ description: 'A fact about a product or variant.' })
export class ProductAttributeInput {
  @Field(() => String, { description: 'The key in the category’s attribute schema.' })
  key!: string;

  @Field(() => JSONScalar, { description: 'A text, a number or true/false, as the category defines.' })
  value!: unknown;

  @Field(() => String, { nullable: true, description: 'The unit of the value; must be the one the category defines.' })
  unit?: string | null;
}

@InputType({ description: 'The words of a product in another language.' })
export class ProductTranslationInput {
  @Field(() => LanguageTag, { description: 'The language of the words.' })
  language!: string;

  @Field(() => String, { description: '1 to 200 characters.' })
  title!: string;

  @Field(() => String, { nullable: true, description: 'Up to 10,000 characters.' })
  description?: string | null;
}

@InputType({ description: 'One form of a product.' })
export class VariantInput {
  @Field(() => String, { description: 'What tells it from its siblings, 1 to 200 characters.' })
  title!: string;

  @Field(() => String, { nullable: true, description: 'GTIN-8, -12, -13 or -14 with its check digit.' })
  gtin?: string | null;

  @Field(() => [ProductAttributeInput], {
    nullable: true,
    description: 'The values of the variant axes; different for each variant.',
  })
  options?: ProductAttributeInput[] | null;

  @Field(() => Int, { nullable: true, description: 'What one of it weighs, packed.' })
  weightGrams?: number | null;
}

@InputType({ description: 'A new product.' })
export class ProductInput {
  @Field(() => ID, { description: 'The vendor that brings it; you must act for it.' })
  vendorId!: string;

  @Field(() => String, { description: '1 to 200 characters, in the marketplace’s own language.' })
  title!: string;

  @Field(() => String, { nullable: true, description: 'Up to 10,000 characters.' })
  description?: string | null;

  @Field(() => ID, { description: 'Where it stands in the tree.' })
  categoryId!: string;

  @Field(() => String, { nullable: true, description: 'Who makes it, up to 100 characters.' })
  brand?: string | null;

  @Field(() => [ProductAttributeInput], { nullable: true, description: 'At most 100, as the category defines.' })
  attributes?: ProductAttributeInput[] | null;

  @Field(() => [ID], { nullable: true, description: 'Images you have uploaded, at most 20, first one first.' })
  mediaUploadIds?: string[] | null;

  @Field(() => [VariantInput], { description: '1 to 100.' })
  variants!: VariantInput[];

  @Field(() => [ProductTranslationInput], { nullable: true, description: 'Title and description in other languages.' })
  translations?: ProductTranslationInput[] | null;
}

@InputType({ description: 'A change of a product. What is absent stays as it is.' })
export class ProductUpdateInput {
  @Field(() => String, { nullable: true, description: '1 to 200 characters.' })
  title?: string | null;

  @Field(() => String, { nullable: true, description: 'Up to 10,000 characters; empty takes it away.' })
  description?: string | null;

  @Field(() => [ProductAttributeInput], { nullable: true, description: 'All attributes: they replace those it has.' })
  attributes?: ProductAttributeInput[] | null;

  @Field(() => [ID], { nullable: true, description: 'All images: they replace those it has.' })
  mediaUploadIds?: string[] | null;

  @Field(() => [ProductTranslationInput], { nullable: true, description: 'Each replaces the words of its language.' })
  translations?: ProductTranslationInput[] | null;
}

@InputType({ description: 'A moderator’s verdict.' })
export class ProductModerateInput {
  @Field(() => ID, { description: 'The product.' })
  id!: string;

  @Field(() => ModerationDecision, { description: 'The verdict.' })
  decision!: ModerationDecision;

  @Field(() => String, {
    nullable: true,
    description: 'Told to the vendor; required unless it is approved. Up to 1,000 characters.',
  })
  reason?: string | null;
}

@InputType({ description: 'Which products a list holds. Conditions add up.' })
export class ProductFilter {
  @Field(() => ID, { nullable: true, description: 'Of this category and everything below it.' })
  categoryId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Brought in by this vendor.' })
  vendorId?: string | null;

  @Field(() => [ProductStatus], {
    nullable: true,
    description: 'PUBLISHED when absent. Others are for moderators, and for a vendor with its own `vendorId`.',
  })
  status?: ProductStatus[] | null;

  @Field(() => String, {
    nullable: true,
    description:
      'All of these words in title or brand, the last one as a beginning. For real searching use `searchProducts`.',
  })
  query?: string | null;
}

@InputType({ description: 'How a list of products is sorted.' })
export class ProductOrder {
  @Field(() => ProductOrderField, { description: 'By what.' })
  field!: ProductOrderField;

  @Field(() => SortDirection, { description: 'Which end first.' })
  direction!: SortDirection;
}
