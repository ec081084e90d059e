import { badUserInput, forbidden, pageRequest, toConnection, type Viewer } from '@marketgraph/platform/graphql';
import type { ProductStatus } from '../domain/product-status.ts';
import { wordsOf } from '../domain/text.ts';
import {
  cursorOf,
  type ProductDocument,
  type ProductQuery,
  type ProductSort,
  toProductState,
} from '../store/products.ts';
import { seesEverything, sellsFor } from './access.ts';
import { type ProductFilter, type ProductOrder, ProductOrderField } from './product.input.ts';
import { type ProductConnection, toProduct } from './product.type.ts';
import { SortDirection } from './shared.type.ts';

export interface ListArguments {
  first?: number | null;
  after?: string | null;
}

const NEWEST_FIRST: ProductSort = { by: 'createdAt', direction: -1 };
const sortKeys = {
  [ProductOrderField.CREATED_AT]: 'createdAt',
  [ProductOrderField.TITLE]: 'sortTitle',
  [ProductOrderField.PRICE]: 'sortPrice',
} as const;
const MAX_QUERY_LENGTH = 200;
const MAX_QUERY_WORDS = 10;

/** The arguments of `products` as a question to the store; asking for what one may never see is refused. */
export function productQuery(
  args: ListArguments & { filter?: ProductFilter | null; orderBy?: ProductOrder | null },
  viewer: Viewer,
): ProductQuery {
  const { filter, orderBy } = args;
  const statuses = filter?.status ?? ['PUBLISHED'];
  const mayBeUnpublished = seesEverything(viewer) || (filter?.vendorId && sellsFor(viewer, filter.vendorId));
  if (statuses.some((status) => status !== 'PUBLISHED') && !mayBeUnpublished) {
    throw forbidden('Only moderators, and vendors with their own vendorId, list what is not published.');
  }
  if (filter?.query && filter.query.length > MAX_QUERY_LENGTH) {
    throw badUserInput(`query is longer than ${MAX_QUERY_LENGTH} characters.`);
  }
  const sort: ProductSort = orderBy
    ? { by: sortKeys[orderBy.field], direction: orderBy.direction === SortDirection.ASC ? 1 : -1 }
    : NEWEST_FIRST;
  return {
    ...productPage(args, { statuses, sort }),
    ...(filter?.categoryId ? { categoryId: filter.categoryId } : {}),
    ...(filter?.vendorId ? { vendorId: filter.vendorId } : {}),
    ...(filter?.query ? { words: wordsOf(filter.query, MAX_QUERY_WORDS) } : {}),
  };
}

export function productPage(
  args: ListArguments,
  { statuses, sort = NEWEST_FIRST }: { statuses: readonly ProductStatus[]; sort?: ProductSort },
): ProductQuery {
  const page = pageRequest(args, { arity: 2 });
  const query: ProductQuery = { statuses: [...new Set(statuses)], sort, limit: page.limit };
  if (!page.after) return query;
  const [value, id] = page.after;
  const isSortValue = typeof value === (sort.by === 'sortTitle' ? 'string' : 'number');
  if (!isSortValue || typeof id !== 'string') throw badUserInput('after is not a cursor of this list.');
  return { ...query, after: [value!, id] };
}

export function productConnection(
  documents: readonly ProductDocument[],
  query: Pick<ProductQuery, 'sort' | 'limit' | 'after'>,
): ProductConnection {
  return toConnection(documents, query, {
    key: (document) => cursorOf(document, query.sort),
    node: (document) => toProduct(toProductState(document)),
  });
}
