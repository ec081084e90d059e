import type { Document } from 'mongodb';
import type { CatalogStore } from './catalog-store.ts';
import { listVendorOffers, type OfferDocument, type OfferField, offerProjection, toOfferState } from './offers.ts';
import type { OfferState } from '../domain/offer.ts';
import { listVendorPromotions, type PromotionDocument, toUsedPromotion, type UsedPromotion } from './promotions.ts';
import {
  listProducts,
  type ProductDocument,
  type ProductField,
  productFilter,
  productProjection,
  type ProductQuery,
  productSort,
} from './products.ts';

type ProductPage = Omit<ProductQuery, 'categoryId' | 'vendorId'>;
interface OfferPage {
  onlyActive: boolean;
  after?: string;
  limit: number;
}

/** The same page of several categories in one call: each is looked up on its own along `byCategory…`. */
export async function productPagesOfCategories(
  store: CatalogStore,
  ids: readonly string[],
  page: ProductPage,
  fields?: readonly ProductField[],
): Promise<Map<string, ProductDocument[]>> {
  if (ids.length === 1)
    return new Map([[ids[0]!, await listProducts(store, { ...page, categoryId: ids[0]! }, fields)]]);
  const found = await store.categories
    .aggregate(pagesBelow(ids, { foreignField: 'categoryPath', page, fields }))
    .toArray();
  return byId<ProductDocument>(found);
}

/** Index `byVendorNewest`. */
export async function productPagesOfVendors(
  store: CatalogStore,
  ids: readonly string[],
  page: ProductPage,
  fields?: readonly ProductField[],
): Promise<Map<string, ProductDocument[]>> {
  if (ids.length === 1) return new Map([[ids[0]!, await listProducts(store, { ...page, vendorId: ids[0]! }, fields)]]);
  const found = await store.vendors.aggregate(pagesBelow(ids, { foreignField: 'submittedBy', page, fields })).toArray();
  return byId<ProductDocument>(found);
}

/** Index `byVendor`. */
export async function offerPagesOfVendors(
  store: CatalogStore,
  ids: readonly string[],
  page: OfferPage,
  fields?: readonly OfferField[],
): Promise<Map<string, OfferState[]>> {
  if (ids.length === 1)
    return new Map([[ids[0]!, await listVendorOffers(store, { ...page, vendorId: ids[0]! }, fields)]]);
  const projection = offerProjection(fields);
  const found = await store.vendors
    .aggregate([
      { $match: { _id: { $in: [...ids] } } },
      {
        $lookup: {
          from: 'offers',
          localField: '_id',
          foreignField: 'vendorId',
          pipeline: [
            {
              $match: {
                ...(page.onlyActive ? { status: 'ACTIVE' } : {}),
                ...(page.after === undefined ? {} : { _id: { $gt: page.after } }),
              },
            },
            { $sort: { _id: 1 } },
            { $limit: page.limit + 1 },
            ...(projection ? [{ $project: projection }] : []),
          ],
          as: 'page',
        },
      },
      { $project: { page: 1 } },
    ])
    .toArray();
  const pages = byId<OfferDocument>(found);
  return new Map([...pages].map(([id, offers]) => [id, offers.map(toOfferState)]));
}

/** Index `byVendor`. */
export async function promotionPagesOfVendors(
  store: CatalogStore,
  ids: readonly string[],
  page: { before?: string; limit: number },
): Promise<Map<string, UsedPromotion[]>> {
  if (ids.length === 1) return new Map([[ids[0]!, await listVendorPromotions(store, { ...page, vendorId: ids[0]! })]]);
  const found = await store.vendors
    .aggregate([
      { $match: { _id: { $in: [...ids] } } },
      {
        $lookup: {
          from: 'promotions',
          localField: '_id',
          foreignField: 'vendorId',
          pipeline: [
            { $match: page.before === undefined ? {} : { _id: { $lt: page.before } } },
            { $sort: { _id: -1 } },
            { $limit: page.limit + 1 },
          ],
          as: 'page',
        },
      },
      { $project: { page: 1 } },
    ])
    .toArray();
  const pages = byId<PromotionDocument>(found);
  return new Map([...pages].map(([id, promotions]) => [id, promotions.map(toUsedPromotion)]));
}

function pagesBelow(
  ids: readonly string[],
  {
    foreignField,
    page,
    fields,
  }: { foreignField: string; page: ProductPage; fields: readonly ProductField[] | undefined },
): Document[] {
  const projection = productProjection(fields, page.sort.by);
  return [
    { $match: { _id: { $in: [...ids] } } },
    {
      $lookup: {
        from: 'products',
        localField: '_id',
        foreignField,
        pipeline: [
          { $match: productFilter(page) },
          { $sort: productSort(page.sort) },
          { $limit: page.limit + 1 },
          ...(projection ? [{ $project: projection }] : []),
        ],
        as: 'page',
      },
    },
    { $project: { page: 1 } },
  ];
}

function byId<T>(found: readonly Document[]): Map<string, T[]> {
  return new Map(found.map(({ _id, page }) => [_id as string, page as T[]]));
}
