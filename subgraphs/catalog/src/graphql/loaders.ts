import DataLoader from 'dataloader';
import { currentRates } from '../commands/take-exchange-rates.ts';
import type { CommandDeps } from '../commands/command-deps.ts';
import type { CategoryState } from '../domain/category.ts';
import type { ImportState } from '../domain/catalog-import.ts';
import type { DealState } from '../domain/deal.ts';
import type { Report } from '../domain/moderation-case.ts';
import type { ExchangeRates } from '../domain/exchange.ts';
import type { ListedPrice } from '../domain/offer-price.ts';
import type { OfferState } from '../domain/offer.ts';
import { audiencesOf, type PriceListEntry } from '../domain/price-list.ts';
import type { ProductState } from '../domain/product.ts';
import { findCategoriesBySlug, findChildren } from '../store/categories.ts';
import { findDeals } from '../store/deals.ts';
import { findImports } from '../store/imports.ts';
import { findOffersBySku, toOfferState } from '../store/offers.ts';
import {
  offerPagesOfVendors,
  productPagesOfCategories,
  productPagesOfVendors,
  promotionPagesOfVendors,
} from '../store/pages.ts';
import {
  entriesOfLists,
  type EntryPosition,
  findPriceLists,
  pagesOfPriceLists,
  type PriceListHead,
} from '../store/price-lists.ts';
import { findProductsByVariant, type ProductDocument, type ProductQuery } from '../store/products.ts';
import { findPromotions, findPromotionsByCodeKey, type UsedPromotion } from '../store/promotions.ts';
import { newestReportsOfCases } from '../store/reports.ts';
import type { VendorStanding } from '../store/vendors.ts';
import { fieldsToRead } from './selection.ts';

type ProductPage = Omit<ProductQuery, 'categoryId' | 'vendorId'>;
/** The parent of categories that have none: a loader takes no null for a key. */
export const ROOTS = 'roots';

export interface OfferPage {
  onlyActive: boolean;
  after?: string;
  limit: number;
}

export interface EntryPage {
  after?: EntryPosition;
  limit: number;
}

export interface NewestPage {
  before?: string;
  limit: number;
}

/**
 * Whatever is read along lists, gathered within a request: as many rows as you like, one call to the store. Of products
 * and offers there is what the request's operation can show, see `fieldsToRead`.
 */
export interface Loaders {
  product: DataLoader<string, ProductState | null>;
  productBySlug: DataLoader<string, ProductState | null>;
  productByVariant: DataLoader<string, ProductState | null>;
  offer: DataLoader<string, OfferState | null>;
  offerBySku: DataLoader<{ vendorId: string; sku: string }, OfferState | null, string>;
  offersOfProduct: DataLoader<string, OfferState[]>;
  deal: DataLoader<string, DealState | null>;
  /** By the offer: the deal of it that runs now. */
  dealOfOffer: DataLoader<string, DealState | null>;
  category: DataLoader<string, CategoryState | null>;
  categoryBySlug: DataLoader<string, CategoryState | null>;
  /** By the parent's id, or `ROOTS`. */
  childrenOf: DataLoader<string, CategoryState[]>;
  vendor: DataLoader<string, VendorStanding | null>;
  import: DataLoader<string, ImportState | null>;
  productsOfCategory: DataLoader<{ id: string; page: ProductPage }, ProductDocument[], string>;
  productsOfVendor: DataLoader<{ id: string; page: ProductPage }, ProductDocument[], string>;
  offersOfVendor: DataLoader<{ id: string; page: OfferPage }, OfferState[], string>;
  promotion: DataLoader<string, UsedPromotion | null>;
  /** By the key of `codeKeyOf`. */
  promotionByCodeKey: DataLoader<string, UsedPromotion | null>;
  reportsOfCase: DataLoader<string, Report[]>;
  promotionsOfVendor: DataLoader<{ id: string; page: NewestPage }, UsedPromotion[], string>;
  /** What price lists say of an offer to who buys for this organization, or for themselves. */
  listedPrices: DataLoader<{ offerId: string; organizationId: string | null }, ListedPrice[], string>;
  /** The rates that count now: one look for a request, and one answer. */
  exchangeRates(): Promise<ExchangeRates>;
  priceList: DataLoader<string, PriceListHead | null>;
  entriesOfList: DataLoader<{ id: string; page: EntryPage }, PriceListEntry[], string>;
  priceListsOfVendor: DataLoader<{ id: string; page: NewestPage }, PriceListHead[], string>;
  priceListsOfOrganization: DataLoader<{ id: string; page: NewestPage }, PriceListHead[], string>;
}

export function createLoaders(
  deps: Pick<CommandDeps, 'store' | 'clock' | 'log' | 'prices' | 'reads' | 'rateSource'>,
  selected: ReadonlySet<string>,
): Loaders {
  const { store, prices, reads } = deps;
  const fields = fieldsToRead(selected);
  let rates: Promise<ExchangeRates> | undefined;
  const product = one(
    (ids) => reads.products(ids, fields.product),
    ({ id }) => id,
  );
  /** What was read another way is the same: its offers and variants lead back to it. */
  const alsoById = (products: ProductState[]): ProductState[] => {
    for (const each of products) product.prime(each.id, each);
    return products;
  };
  return {
    product,
    productBySlug: one(
      async (slugs) => alsoById(await reads.productsBySlug(slugs, fields.product)),
      ({ slug }) => slug,
    ),
    productByVariant: new DataLoader(async (ids) => {
      const products = alsoById(await findProductsByVariant(store, ids, undefined, fields.product));
      return ids.map((id) => products.find(({ variants }) => variants.some((variant) => variant.id === id)) ?? null);
    }),
    offer: one(
      (ids) => reads.offers(ids, fields.offer),
      ({ id }) => id,
    ),
    offerBySku: new DataLoader(
      async (keys) => {
        const byVendor = Map.groupBy(keys, ({ vendorId }) => vendorId);
        const found = await Promise.all(
          [...byVendor].map(([vendorId, wanted]) =>
            findOffersBySku(
              store,
              vendorId,
              wanted.map(({ sku }) => sku),
            ),
          ),
        );
        const offers = new Map(found.flat().map((offer) => [`${offer.vendorId}\n${offer.sku}`, toOfferState(offer)]));
        return keys.map(({ vendorId, sku }) => offers.get(`${vendorId}\n${sku}`) ?? null);
      },
      { cacheKeyFn: ({ vendorId, sku }) => `${vendorId}\n${sku}` },
    ),
    offersOfProduct: many(
      (ids: readonly string[]) => reads.offersOfProducts(ids, fields.offer),
      ({ productId }) => productId,
    ),
    deal: one(
      (ids) => findDeals(store, ids),
      ({ id }) => id,
    ),
    dealOfOffer: one(reads.dealsRunning, ({ offerId }) => offerId),
    category: one(reads.categories, ({ id }) => id),
    categoryBySlug: one(
      (slugs) => findCategoriesBySlug(store, slugs),
      ({ slug }) => slug,
    ),
    childrenOf: many(
      (ids: readonly string[]) =>
        findChildren(
          store,
          ids.map((id) => (id === ROOTS ? null : id)),
        ),
      ({ parentId }) => parentId ?? ROOTS,
    ),
    vendor: one(reads.vendors, ({ id }) => id),
    import: one(
      (ids) => findImports(store, ids),
      ({ id }) => id,
    ),
    productsOfCategory: pages((ids, page) => productPagesOfCategories(store, ids, page, fields.product)),
    productsOfVendor: pages((ids, page) => productPagesOfVendors(store, ids, page, fields.product)),
    offersOfVendor: pages((ids, page) => offerPagesOfVendors(store, ids, page, fields.offer)),
    promotion: one(
      (ids) => findPromotions(store, ids),
      ({ id }) => id,
    ),
    promotionByCodeKey: one(
      (codeKeys) => findPromotionsByCodeKey(store, codeKeys),
      ({ codeKey }) => codeKey,
    ),
    promotionsOfVendor: pages((ids, page) => promotionPagesOfVendors(store, ids, page)),
    reportsOfCase: new DataLoader(async (ids) => {
      const found = await newestReportsOfCases(store, ids);
      return ids.map((id) => found.get(id) ?? []);
    }),
    listedPrices: new DataLoader(
      (keys) =>
        prices.find(keys.map(({ offerId, organizationId }) => ({ offerId, audiences: audiencesOf(organizationId) }))),
      { cacheKeyFn: ({ offerId, organizationId }) => `${offerId} ${organizationId ?? ''}` },
    ),
    exchangeRates: () => (rates ??= currentRates(deps)),
    priceList: one(
      (ids) => findPriceLists(store, ids),
      ({ id }) => id,
    ),
    entriesOfList: pages((ids, page) => entriesOfLists(store, ids, page)),
    priceListsOfVendor: pages((ids, page) => pagesOfPriceLists(store, { of: 'vendorId', ids, ...page })),
    priceListsOfOrganization: pages((ids, page) =>
      pagesOfPriceLists(store, { of: 'buyerOrganizationId', ids, ...page }),
    ),
  };
}

function one<T>(
  find: (keys: readonly string[]) => Promise<T[]>,
  keyOf: (value: T) => string,
): DataLoader<string, T | null> {
  return new DataLoader(async (keys) => {
    const found = new Map((await find(keys)).map((value) => [keyOf(value), value]));
    return keys.map((key) => found.get(key) ?? null);
  });
}

function many<K, T>(find: (keys: readonly K[]) => Promise<T[]>, keyOf: (value: T) => K): DataLoader<K, T[]> {
  return new DataLoader(async (keys) => {
    const found = Map.groupBy(await find(keys), keyOf);
    return keys.map((key) => found.get(key) ?? []);
  });
}

/** Along a list everybody asks for the same page, so that there is one group and one call. */
function pages<Page, T>(
  find: (ids: readonly string[], page: Page) => Promise<Map<string, T[]>>,
): DataLoader<{ id: string; page: Page }, T[], string> {
  const pageKey = (page: Page) => JSON.stringify(page);
  return new DataLoader<{ id: string; page: Page }, T[], string>(
    async (keys) => {
      const groups = [...Map.groupBy(keys, ({ page }) => pageKey(page))];
      const found = new Map(
        await Promise.all(
          groups.map(
            async ([key, wanted]) =>
              [
                key,
                await find(
                  wanted.map(({ id }) => id),
                  wanted[0]!.page,
                ),
              ] as const,
          ),
        ),
      );
      return keys.map(({ id, page }) => found.get(pageKey(page))?.get(id) ?? []);
    },
    { cacheKeyFn: ({ id, page }) => `${id} ${pageKey(page)}` },
  );
}
