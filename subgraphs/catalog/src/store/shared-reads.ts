import type { Clock } from '@marketgraph/platform/core';
import type { CategoryState } from '../domain/category.ts';
import type { DealState } from '../domain/deal.ts';
import type { OfferState } from '../domain/offer.ts';
import type { ProductState } from '../domain/product.ts';
import type { VendorState } from '../domain/vendor.ts';
import type { CatalogStore } from './catalog-store.ts';
import { findCategories } from './categories.ts';
import { dealsRunning } from './deals.ts';
import { findOffers, findOffersOfProducts } from './offers.ts';
import { findProducts } from './products.ts';
import { type ReadByIds, readTogether } from './reads-together.ts';
import { findVendors } from './vendors.ts';

/** What most requests read, for all requests of the process together. Nothing is remembered: each read is of its moment. */
export interface SharedReads {
  products: ReadByIds<ProductState>;
  offers: ReadByIds<OfferState>;
  categories: ReadByIds<CategoryState>;
  vendors: ReadByIds<VendorState>;
  /** By product: every offer that is not archived. */
  offersOfProducts: ReadByIds<OfferState>;
  /** By offer: its deal that runs now. */
  dealsRunning: ReadByIds<DealState>;
}

export function sharedReads(store: CatalogStore, clock: Clock): SharedReads {
  const idOf = ({ id }: { id: string }) => id;
  return {
    products: readTogether((ids) => findProducts(store, ids), idOf),
    offers: readTogether((ids) => findOffers(store, ids), idOf),
    categories: readTogether((ids) => findCategories(store, ids), idOf),
    vendors: readTogether((ids) => findVendors(store, ids), idOf),
    offersOfProducts: readTogether(
      (ids) => findOffersOfProducts(store, ids),
      ({ productId }) => productId,
    ),
    dealsRunning: readTogether(
      (ids) => dealsRunning(store, ids, clock.now()),
      ({ offerId }) => offerId,
    ),
  };
}
