import { buildSubgraph, type SubgraphSchema } from '@marketgraph/platform/graphql';
import type { ReviewsContext } from './graphql/context.ts';
import { isVisibleTo, toReview } from './graphql/map.ts';
import { ReviewMutations } from './graphql/review.mutations.ts';
import {
  OrderLineReviews,
  ProductReviews,
  ReviewQueries,
  UserReviews,
  VendorReviews,
} from './graphql/review.resolver.ts';
import { ReviewSubscriptions } from './graphql/review.subscription.ts';
import { OrderLine, Product, Review, User, Vendor } from './graphql/review.type.ts';
import { BasicUserError } from './graphql/shared.type.ts';

export function reviewsSchema(): SubgraphSchema {
  return buildSubgraph({
    resolvers: [
      ReviewQueries,
      ProductReviews,
      VendorReviews,
      UserReviews,
      OrderLineReviews,
      ReviewMutations,
      ReviewSubscriptions,
    ],
    orphanedTypes: [BasicUserError, Review, Product, Vendor, User, OrderLine],
    references: {
      Product: ({ id }) => ({ id }),
      Vendor: ({ id }) => ({ id }),
      User: ({ id }) => ({ id }),
      OrderLine: ({ id }) => ({ id }),
      Review: async ({ id }, { loaders, viewer }: ReviewsContext) => {
        const document = await loaders.review.load(String(id));
        return document && isVisibleTo(viewer, document) ? toReview(document, viewer) : null;
      },
    },
  });
}
