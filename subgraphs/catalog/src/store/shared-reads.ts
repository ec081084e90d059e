import type { Clock } from '@marketgraph/platform/core';
import type { CategoryState } from '../domain/category.ts';
import type { DealState } from '../domain/deal.ts';
import type { OfferState } from '../domain/offer.ts';
import type { ProductState } from '../domain/product.ts';
import type { CatalogStore } from './catalog-store.ts';
import { findCategories } from './categories.ts';
import { dealsRunning } from './deals.ts';
import { findOffers, findOffersOfProducts, type OfferField } from './offers.ts';
import {
  findProducts,
  findProductsBySlug,
  listProducts,
  type ProductDocument,
  type ProductField,
  type ProductQuery,
} from './products.ts';
import { askTogether, type ReadByIds, readTogether } from './reads-together.ts';
import { findVendorStandings, type VendorStanding } from './vendors.ts';

/** What most requests read, for all requests of the process together. Nothing is remembered: each read is of its moment. */
export interface SharedReads {
  products: ReadByIds<ProductState, ProductField>;
  productsBySlug: ReadByIds<ProductState, ProductField>;
  /** A page of products; the same page may be shown to many. */
  productList(query: ProductQuery, fields?: readonly ProductField[]): Promise<readonly ProductDocument[]>;
  offers: ReadByIds<OfferState, OfferField>;
  categories: ReadByIds<CategoryState>;
  vendors: ReadByIds<VendorStanding>;
  /** By product: every offer that is not archived. */
  offersOfProducts: ReadByIds<OfferState, OfferField>;
  /** By offer: its deal that runs now. */
  dealsRunning: ReadByIds<DealState>;
}

export function sharedReads(store: CatalogStore, clock: Clock): SharedReads {
  const idOf = ({ id }: { id: string }) => id;
  const together = askTogether<readonly ProductDocument[]>();
  return {
    products: readTogether((ids, fields) => findProducts(store, ids, undefined, fields), idOf),
    productsBySlug: readTogether(
      (slugs, fields) => findProductsBySlug(store, slugs, fields),
      ({ slug }) => slug,
    ),
    productList: (query, fields) => together(JSON.stringify([query, fields]), () => listProducts(store, query, fields)),
    offers: readTogether((ids, fields) => findOffers(store, ids, undefined, fields), idOf),
    categories: readTogether((ids) => findCategories(store, ids), idOf),
    vendors: readTogether((ids) => findVendorStandings(store, ids), idOf),
    offersOfProducts: readTogether(
      (ids, fields) => findOffersOfProducts(store, ids, undefined, fields),
      ({ productId }) => productId,
    ),
    dealsRunning: readTogether(
      (ids) => dealsRunning(store, ids, clock.now()),
      ({ offerId }) => offerId,
    ),
  };
}
