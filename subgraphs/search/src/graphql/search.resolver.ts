import { badUserInput, forbidden, hasRole, isMemberOf, type Viewer } from '@marketgraph/platform/graphql';
import { Arg, Ctx, FieldResolver, ID, Int, Query, Resolver, Root } from 'type-graphql';
import { languageOf } from '../domain/product-document.ts';
import { MAX_LIST, trending } from '../queries/discover.ts';
import { likesOf, recommendations } from '../queries/likes.ts';
import { searchProducts } from '../queries/search-products.ts';
import { suggest } from '../queries/suggest.ts';
import type { SearchContext } from './context.ts';
import { Product, User } from './product.type.ts';
import { BuyerContext, SearchFilter, SearchSort, TrendWindow } from './search.input.ts';
import { ProductSearchConnection, Suggestion, TrendingProduct } from './search.type.ts';

@Resolver()
export class SearchQueries {
  @Query(() => ProductSearchConnection, {
    description:
      'Products that fit words and filter. The words are taken literally; a typo or two do not matter. A GTIN finds the article, and so does a sku that is no word of others. By relevance, what is like what a signed-in buyer was interested in comes earlier, unless they switched that off.',
  })
  async searchProducts(
    @Ctx() { commands, loaders, log, requestId, viewer }: SearchContext,
    @Arg('query', () => String, { nullable: true, description: 'At most 200 characters; all products when absent.' })
    query?: string,
    @Arg('filter', () => SearchFilter, { nullable: true, description: 'Only what fits all of it.' })
    filter?: SearchFilter,
    @Arg('facets', () => [String], {
      nullable: true,
      description: 'Any of brand, category, vendor, price, rating, inStock and attributes.<key>; at most 20.',
    })
    facets?: string[],
    @Arg('sort', () => SearchSort, {
      nullable: true,
      defaultValue: SearchSort.RELEVANCE,
      description: 'What comes first.',
    })
    sort?: SearchSort,
    @Arg('first', () => Int, { nullable: true, defaultValue: 20, description: 'How many, from 1 to 100.' })
    first?: number,
    @Arg('after', () => String, { nullable: true, description: 'The cursor of the hit to go on behind.' })
    after?: string,
    @Arg('buyer', () => BuyerContext, { nullable: true, description: 'For whom.' }) buyer?: BuyerContext,
  ): Promise<ProductSearchConnection> {
    const { index, peers, redis, defaultCurrency } = commands;
    const isByRelevance = (sort ?? SearchSort.RELEVANCE) === SearchSort.RELEVANCE;
    const page = await searchProducts(
      { index, peers, redis, shown: loaders.shown, log, requestId },
      {
        query,
        filter: { ...filter, shipTo: buyer?.countryCode },
        currency: filter?.currencyCode ?? buyer?.currencyCode ?? defaultCurrency,
        facets: facets ?? [],
        sort: sort ?? SearchSort.RELEVANCE,
        first,
        after,
        language: buyer?.language ? languageOf(buyer.language) : null,
        organizationId: organizationOf(viewer, buyer?.organizationId),
        likes: viewer.kind === 'user' && isByRelevance ? await likesOf(redis, viewer.userId) : null,
      },
    );
    const { edges, hasNextPage, hasPreviousPage, hasEveryWord: areWordsKnown, ...rest } = page;
    if (query && !after && edges.length > 0 && areWordsKnown) {
      commands.asked.note(query, viewer);
    }
    return {
      ...rest,
      edges: edges.map(({ productId, offerId, ...edge }) => ({
        ...edge,
        node: toProduct(productId),
        matchedOffer: offerId === null ? null : { id: offerId },
      })),
      pageInfo: {
        hasNextPage,
        hasPreviousPage,
        startCursor: edges[0]?.cursor ?? null,
        endCursor: edges.at(-1)?.cursor ?? null,
      },
    };
  }

  @Query(() => [Suggestion], {
    description: 'What may be meant while somebody types: what others ask, brands, categories, titles.',
  })
  async searchSuggest(
    @Ctx() { commands, loaders, bestSold }: SearchContext,
    @Arg('prefix', () => String, { description: 'What has been typed, at most 100 characters.' }) prefix: string,
    @Arg('first', () => Int, { nullable: true, defaultValue: 8, description: 'How many, from 1 to 20.' })
    first?: number,
  ): Promise<Suggestion[]> {
    const deps = { ...commands, shown: loaders.shown, bestSold };
    const suggestions = await suggest(deps, prefix, { first: first ?? 8, now: commands.clock.now() });
    return suggestions.map(({ text, productId, categoryId }) => ({
      text,
      product: productId === null ? null : toProduct(productId),
      category: categoryId === null ? null : { id: categoryId },
    }));
  }

  @Query(() => [TrendingProduct], {
    description: 'What draws most interest and can be bought; what sells best while there is no interest yet.',
  })
  async trending(
    @Ctx() { commands, loaders }: SearchContext,
    @Arg('categoryId', () => ID, { nullable: true, description: 'Only in this category and below.' })
    categoryId?: string,
    @Arg('window', () => TrendWindow, {
      nullable: true,
      defaultValue: TrendWindow.DAY,
      description: 'How far back interest counts.',
    })
    window?: TrendWindow,
    @Arg('first', () => Int, { nullable: true, defaultValue: 20, description: 'How many, from 1 to 50.' })
    first?: number,
  ): Promise<TrendingProduct[]> {
    const deps = { ...commands, shown: loaders.shown };
    const trends = await trending(deps, {
      categoryId: categoryId ?? null,
      window: window ?? TrendWindow.DAY,
      first: listLength(first ?? 20),
      now: commands.clock.now(),
    });
    return trends.map(({ productId, score }, at) => ({ product: toProduct(productId), rank: at + 1, score }));
  }
}

@Resolver(() => Product)
export class ProductLists {
  @FieldResolver(() => [Product], { nullable: true, description: 'Others of its category, the best sold ones first.' })
  async related(
    @Root() { id }: Product,
    @Ctx() { loaders }: SearchContext,
    @Arg('first', () => Int, { nullable: true, defaultValue: 8, description: 'How many, from 1 to 50.' })
    first?: number,
  ): Promise<Product[]> {
    return (await loaders.related.load({ productId: id, first: listLength(first ?? 8) })).map(toProduct);
  }

  @FieldResolver(() => [Product], {
    nullable: true,
    description: 'What was bought in one order with it, most often first; what is trending while there is none.',
  })
  async alsoBought(
    @Root() { id }: Product,
    @Ctx() { loaders }: SearchContext,
    @Arg('first', () => Int, { nullable: true, defaultValue: 8, description: 'How many, from 1 to 50.' })
    first?: number,
  ): Promise<Product[]> {
    return (await loaders.alsoBought.load({ productId: id, first: listLength(first ?? 8) })).map(toProduct);
  }
}

@Resolver(() => User)
export class UserLists {
  @FieldResolver(() => [Product], {
    nullable: true,
    description:
      'What is like what they were interested in; what is trending while nothing is known of them, or they switched it off. For the user alone, null for others.',
  })
  async recommendations(
    @Root() { id }: User,
    @Ctx() { commands, loaders, viewer }: SearchContext,
    @Arg('first', () => Int, { nullable: true, defaultValue: 12, description: 'How many, from 1 to 50.' })
    first?: number,
  ): Promise<Product[] | null> {
    const count = listLength(first ?? 12);
    if (viewer.kind !== 'user' || viewer.userId !== id) return null;
    const deps = { ...commands, shown: loaders.shown };
    const ids = await recommendations(deps, id, { first: count, now: commands.clock.now() });
    return ids.map(toProduct);
  }
}

/** Whose prices count. Nobody in particular pays what everybody pays. */
function organizationOf(viewer: Viewer, organizationId: string | null | undefined): string | null {
  if (!organizationId || viewer.kind === 'anonymous') return null;
  if (isMemberOf(viewer, organizationId) || hasRole(viewer, 'OPERATOR')) return organizationId;
  throw forbidden('You do not belong to this organization.');
}

function listLength(first: number): number {
  if (first < 1 || first > MAX_LIST) throw badUserInput(`first must be from 1 to ${MAX_LIST}.`);
  return first;
}

function toProduct(id: string): Product {
  return Object.assign(new Product(), { __typename: 'Product', id });
}
