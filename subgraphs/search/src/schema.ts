import { buildSubgraph, type SubgraphSchema } from '@marketgraph/platform/graphql';
import { Category, Offer, Product, User } from './graphql/product.type.ts';
import { SearchIndexResolver } from './graphql/search-index.resolver.ts';
import { ProductLists, SearchQueries, UserLists } from './graphql/search.resolver.ts';
import { BasicUserError } from './graphql/shared.type.ts';

export function searchSchema(): SubgraphSchema {
  return buildSubgraph({
    resolvers: [SearchQueries, ProductLists, UserLists, SearchIndexResolver],
    orphanedTypes: [BasicUserError, Product, Offer, Category, User],
    references: {
      // The catalog decides who may see a product; here it only gains lists of others, all of them public.
      Product: ({ id }) => ({ id }),
      // Only for whom it is shows anything of a user.
      User: ({ id }) => ({ id }),
    },
  });
}
