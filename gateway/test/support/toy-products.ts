import { composeServices } from '@apollo/composition';
import { buildSubgraph, defineSubgraph, type Subgraph } from '@marketgraph/platform/graphql';
import { silentLog as log } from '@marketgraph/platform/testing';
import { parse } from 'graphql';
import {
  Arg,
  Directive,
  Field,
  FieldResolver,
  ID,
  Int,
  Mutation,
  ObjectType,
  Query,
  Resolver,
  Root,
} from 'type-graphql';
import { GRAPH_SUBGRAPH, graphSubgraphSdl } from '../../src/graph/graph-subgraph.ts';
import { toyShop, type ToyShop } from './toy-shop.ts';

@Directive('@key(fields: "id")')
@Directive('@cacheControl(maxAge: 60)')
@ObjectType()
class Product {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  title!: string;
}

@Directive('@key(fields: "id")')
@ObjectType('Product')
class ReviewedProduct {
  @Field(() => ID)
  id!: string;
}

@ObjectType()
class Rating {
  @Field(() => Int)
  count!: number;
}

export interface ProductShop extends ToyShop {
  /** Title and number of reviews, by id. */
  products: Map<string, { title: string; reviews: number }>;
  /** How often each subgraph was asked. */
  asked(subgraph: string): number;
}

/** The toy shop with products, which are public, and what is said of them. */
export function productShop(): ProductShop {
  const products: ProductShop['products'] = new Map();
  const asked = new Map<string, number>();
  const productOf = (id: string) => {
    const product = products.get(id);
    return product ? { id, title: product.title } : null;
  };

  @Resolver()
  class CatalogResolver {
    @Directive('@cacheControl(maxAge: 60)')
    @Query(() => Product, { nullable: true })
    product(@Arg('id', () => ID) id: string) {
      return productOf(id);
    }

    @Query(() => [Product])
    products() {
      return [...products.keys()].map(productOf);
    }

    @Mutation(() => Boolean)
    rename(@Arg('id', () => ID) id: string, @Arg('title', () => String) title: string): boolean {
      products.get(id)!.title = title;
      return true;
    }
  }

  @Resolver(() => ReviewedProduct)
  class ReviewsResolver {
    @Directive('@cacheControl(maxAge: 60)')
    @FieldResolver(() => Rating)
    rating(@Root() { id }: ReviewedProduct): Rating {
      return { count: products.get(id)?.reviews ?? 0 };
    }
  }

  const counted = (name: string, schema: ReturnType<typeof buildSubgraph>): Subgraph =>
    defineSubgraph({
      name,
      schema,
      log,
      createContext(base) {
        asked.set(name, (asked.get(name) ?? 0) + 1);
        return base;
      },
    });
  const shop = toyShop();
  const subgraphs = [
    ...shop.subgraphs,
    counted(
      'catalog',
      buildSubgraph({
        resolvers: [CatalogResolver],
        orphanedTypes: [Product],
        references: { Product: ({ id }) => productOf(String(id)) },
      }),
    ),
    counted(
      'reviews',
      buildSubgraph({
        resolvers: [ReviewsResolver],
        orphanedTypes: [ReviewedProduct, Rating],
        references: { Product: ({ id }) => ({ id }) },
      }),
    ),
  ];
  const { supergraphSdl, errors } = composeServices(
    [
      ...subgraphs.map(({ name, sdl }) => [name, sdl] as const),
      [GRAPH_SUBGRAPH, graphSubgraphSdl(subgraphs.map(({ sdl }) => sdl))] as const,
    ].map(([name, sdl]) => ({ name, url: '', typeDefs: parse(sdl) })),
  );
  if (!supergraphSdl) throw new Error(String(errors));
  return { ...shop, subgraphs, supergraphSdl, products, asked: (name) => asked.get(name) ?? 0 };
}
