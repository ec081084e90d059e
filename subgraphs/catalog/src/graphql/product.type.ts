import { Directive, Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { DateTime, JSONScalar, LanguageTag } from '@marketgraph/platform/graphql';
import type { AttributeScalar } from '../domain/attributes.ts';
import type { MediaItem, MediaKind as MediaKindName } from '../domain/media.ts';
import type { ProductState } from '../domain/product.ts';
import type { ProductStatus as ProductStatusName } from '../domain/product-status.ts';
import type { VariantState } from '../domain/variant.ts';
import { Money, Node, PageInfo } from './shared.type.ts';

export enum ProductStatus {
  DRAFT = 'DRAFT',
  PENDING_REVIEW = 'PENDING_REVIEW',
  PUBLISHED = 'PUBLISHED',
  REJECTED = 'REJECTED',
  ARCHIVED = 'ARCHIVED',
}
registerEnumType(ProductStatus, {
  name: 'ProductStatus',
  description: 'Where a product is in its life. Only what is PUBLISHED is seen by everybody.',
  valuesConfig: {
    DRAFT: { description: 'Being written, or sent back for changes.' },
    PENDING_REVIEW: { description: 'Waiting for a moderator.' },
    PUBLISHED: { description: 'In the shop.' },
    REJECTED: { description: 'Refused by a moderator; may be mended and submitted again.' },
    ARCHIVED: { description: 'Out of the shop for good.' },
  },
});

export enum MediaKind {
  IMAGE = 'IMAGE',
  VIDEO = 'VIDEO',
  DOCUMENT = 'DOCUMENT',
}
registerEnumType(MediaKind, {
  name: 'MediaKind',
  description: 'What a file shows.',
  valuesConfig: {
    IMAGE: { description: 'A picture.' },
    VIDEO: { description: 'A film.' },
    DOCUMENT: { description: 'Something to read, e.g. a manual.' },
  },
});

export enum UnitSystem {
  METRIC = 'METRIC',
  IMPERIAL = 'IMPERIAL',
}
registerEnumType(UnitSystem, {
  name: 'UnitSystem',
  description: 'In which units measures are told.',
  valuesConfig: {
    METRIC: { description: 'Centimetres, kilograms, litres, degrees Celsius.' },
    IMPERIAL: { description: 'Inches, pounds, US gallons, degrees Fahrenheit.' },
  },
});

@ObjectType({ description: 'A fact about a product or variant, with what its category says about the fact.' })
export class ProductAttribute {
  @Field(() => String, { description: 'The key in the category’s attribute schema.' })
  key!: string;

  @Field(() => String, { description: 'What a reader sees; the key when the category defines nothing.' })
  label!: string;

  @Field(() => JSONScalar, { description: 'A text, a number or true/false.' })
  value!: AttributeScalar;

  @Field(() => String, { nullable: true, description: 'The unit the value is in, e.g. `cm`.' })
  unit!: string | null;

  @Field(() => Boolean, { description: 'Whether buyers narrow a search by it.' })
  isFacet!: boolean;

  @Field(() => Boolean, { description: 'Whether it tells variants apart.' })
  isVariantAxis!: boolean;
}

@Directive('@inaccessible')
@ObjectType({ description: 'What a product is called in one more language.' })
export class ProductTranslation {
  @Field(() => LanguageTag, { description: 'The language.' })
  language!: string;

  @Field(() => String, { description: 'The title in it.' })
  title!: string;

  @Field(() => String, { nullable: true, description: 'The description in it.' })
  description!: string | null;
}

@ObjectType({ description: 'A picture or document of a product.' })
export class Media {
  @Field(() => ID, { description: 'Opaque.' })
  id!: string;

  @Field(() => MediaKind, { description: 'What it shows.' })
  kind!: MediaKindName;

  @Field(() => Int, {
    nullable: true,
    description: 'Of a picture: how wide it was uploaded; null where nobody has looked.',
  })
  width!: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Of a picture: how high it was uploaded; null where nobody has looked.',
  })
  height!: number | null;

  @Field(() => String, { nullable: true, description: 'What to say where it cannot be seen.' })
  altText!: string | null;

  item!: MediaItem;
}

export function toMedia(item: MediaItem): Media {
  const { id, kind, size, altText } = item;
  return Object.assign(new Media(), {
    id,
    kind,
    width: size?.width ?? null,
    height: size?.height ?? null,
    altText,
    item,
  });
}

export enum ModerationDecision {
  APPROVE = 'APPROVE',
  REJECT = 'REJECT',
  REQUEST_CHANGES = 'REQUEST_CHANGES',
}
registerEnumType(ModerationDecision, {
  name: 'ModerationDecision',
  description: 'What a moderator says to a product.',
  valuesConfig: {
    APPROVE: { description: 'It goes into the shop.' },
    REJECT: { description: 'It is refused, and leaves the shop when it was there.' },
    REQUEST_CHANGES: { description: 'It goes back to its vendor as a draft.' },
  },
});

@ObjectType({ description: 'What a moderator has said about a product last.' })
export class ProductModeration {
  @Field(() => ModerationDecision, { description: 'The verdict.' })
  decision!: ModerationDecision;

  @Field(() => String, { nullable: true, description: 'Why.' })
  reason!: string | null;

  @Field(() => DateTime, { description: 'When.' })
  at!: Date;
}

@ObjectType({ description: 'From the cheapest to the dearest offer that can be bought, in one currency.' })
export class PriceRange {
  @Field(() => Money, { description: 'The lowest price.' })
  min!: Money;

  @Field(() => Money, { description: 'The highest price.' })
  max!: Money;
}

@Directive('@key(fields: "id")')
@Directive('@cacheControl(maxAge: 60)')
@ObjectType({ implements: Node, description: 'What can be bought, told once for all who sell it.' })
export class Product extends Node {
  @Field(() => String, { description: 'What stands in the address of its page; unique.' })
  slug!: string;

  @Field(() => ProductStatus, { description: 'Where it is in its life.' })
  status!: ProductStatusName;

  @Field(() => String, { nullable: true, description: 'Who makes it.' })
  brand!: string | null;

  @Field(() => DateTime, { description: 'When it was created.' })
  createdAt!: Date;

  @Field(() => DateTime, { description: 'When it was changed last.' })
  updatedAt!: Date;

  @Field(() => Int, { description: 'Counts its changes; pass it as `expectedVersion`.' })
  version!: number;

  /** What the fields with arguments and the joined ones read. */
  state!: ProductState;
}

@Directive('@key(fields: "id")')
@Directive('@cacheControl(maxAge: 60)')
@ObjectType({ implements: Node, description: 'One form of a product, e.g. a size or colour. Offers are for variants.' })
export class ProductVariant extends Node {
  @Field(() => String, { description: 'What tells it from its siblings.' })
  title!: string;

  @Field(() => String, { nullable: true, description: 'Its GTIN (EAN, UPC).' })
  gtin!: string | null;

  @Field(() => Int, { nullable: true, description: 'What one of it weighs, packed.' })
  weightGrams!: number | null;

  variant!: VariantState;
  ofProduct!: ProductState;
}

@ObjectType({ description: 'A product in a list.' })
export class ProductEdge {
  @Field(() => String, { description: 'Where it stands in the list.' })
  cursor!: string;

  @Field(() => Product, { description: 'The product.' })
  node!: Product;
}

@ObjectType({ description: 'A page of products.' })
export class ProductConnection {
  @Field(() => [ProductEdge], { description: 'In the order of the list.' })
  edges!: ProductEdge[];

  @Field(() => PageInfo, { description: 'Where the page stands.' })
  pageInfo!: PageInfo;
}

export function toProduct(state: ProductState): Product {
  const { id, slug, status, brand, createdAt, updatedAt, version } = state;
  return Object.assign(new Product(), {
    __typename: 'Product',
    id,
    slug,
    status,
    brand,
    createdAt,
    updatedAt,
    version,
    state,
  });
}

export function toVariant(product: ProductState, variant: VariantState): ProductVariant {
  const { id, title, gtin, weightGrams } = variant;
  return Object.assign(new ProductVariant(), {
    __typename: 'ProductVariant',
    id,
    title,
    gtin,
    weightGrams,
    variant,
    ofProduct: product,
  });
}
