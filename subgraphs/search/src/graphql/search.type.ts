import { Field, Float, Int, ObjectType } from 'type-graphql';
import { Category, Offer, Product } from './product.type.ts';
import { PageInfo } from './shared.type.ts';

@ObjectType({ description: 'Where a hit has the words of the query.' })
export class SearchHighlight {
  @Field(() => String, { description: 'The field, e.g. `title`.' })
  field!: string;

  @Field(() => String, { description: 'Safe to show as HTML: the text is escaped, `<mark>` is around what matched.' })
  snippet!: string;
}

@ObjectType({ description: 'One value of a facet.' })
export class FacetBucket {
  @Field(() => String, {
    description:
      'The value, as `filter.attributes` takes it; of `price` a class `from-to` in minor units, of `rating` the least number of stars.',
  })
  value!: string;

  @Field(() => Int, {
    description:
      'How many products of the whole result have it. Where `filter.attributes` narrows by this facet: how many would be found with this value in place of the chosen ones.',
  })
  count!: number;
}

@ObjectType({ description: 'What a result can be narrowed by.' })
export class SearchFacet {
  @Field(() => String, { description: 'As it was asked for.' })
  key!: string;

  @Field(() => [FacetBucket], { description: 'At most 50 values, the ones with most products first.' })
  buckets!: FacetBucket[];
}

@ObjectType({ description: 'A hit.' })
export class ProductSearchEdge {
  @Field(() => String, { description: 'Give it as `after` for what comes behind this hit.' })
  cursor!: string;

  @Field(() => Product, { description: 'The product.' })
  node!: Product;

  @Field(() => Offer, {
    nullable: true,
    description: 'The cheapest offer that fits the filter, one in stock if there is any.',
  })
  matchedOffer?: Offer | null;

  @Field(() => [SearchHighlight], { description: 'Where the words of the query were found.' })
  highlights!: SearchHighlight[];

  @Field(() => Float, { nullable: true, description: 'How well it fits; compare within one result only.' })
  score?: number | null;
}

@ObjectType({ description: 'A page of hits.' })
export class ProductSearchConnection {
  @Field(() => [ProductSearchEdge], { description: 'In the order asked for.' })
  edges!: ProductSearchEdge[];

  @Field(() => PageInfo, { description: 'Where the page stands. A search shows its first 1,000 products.' })
  pageInfo!: PageInfo;

  @Field(() => Int, {
    description: 'How many products fit, without those known to be sold out or taken down meanwhile.',
  })
  totalCount!: number;

  @Field(() => [SearchFacet], { description: 'In the order asked for.' })
  facets!: SearchFacet[];

  @Field(() => String, { nullable: true, description: 'What was probably meant, when words had to be corrected.' })
  correctedQuery?: string | null;

  @Field(() => String, { description: 'The version of the index that answered.' })
  indexVersion!: string;

  @Field(() => Int, { description: 'Hits left out of this page because inventory says they are sold out.' })
  suppressedOutOfStock!: number;
}

@ObjectType({ description: 'Something a buyer may be about to type.' })
export class Suggestion {
  @Field(() => String, { description: 'The whole of it.' })
  text!: string;

  @Field(() => Product, { nullable: true, description: 'The product it names.' })
  product?: Product | null;

  @Field(() => Category, { nullable: true, description: 'The category it names.' })
  category?: Category | null;
}

@ObjectType({ description: 'A product many are interested in.' })
export class TrendingProduct {
  @Field(() => Product, { description: 'The product.' })
  product!: Product;

  @Field(() => Int, { description: 'Its place, from 1.' })
  rank!: number;

  @Field(() => Float, { description: 'Interest, weighted by how serious it was; compare within one list only.' })
  score!: number;
}
