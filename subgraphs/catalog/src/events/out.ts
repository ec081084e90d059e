import assert from 'node:assert';
import type { NewEvent } from '@marketgraph/platform/messaging';
import * as contract from '@marketgraph/schema/events/catalog';
import { isSameMoney, type Money } from '@marketgraph/platform/core';
import { inheritedSchema } from '../domain/attribute-schema.ts';
import { describeAttributes } from '../domain/attributes.ts';
import type { ImportState } from '../domain/catalog-import.ts';
import { type CategoryState, nameOf } from '../domain/category.ts';
import type { DealState } from '../domain/deal.ts';
import { mediaUrl } from '../domain/media.ts';
import { type Listing, MAX_LISTINGS_TOLD, type OfferState } from '../domain/offer.ts';
import type { ProductState } from '../domain/product.ts';

/** `path` are the categories from the root to the product's own. */
export function productChanged(
  product: ProductState,
  { path, publicUrl }: { path: readonly CategoryState[]; publicUrl: string },
): NewEvent<contract.ProductChanged> {
  const [{ title, description }, ...translations] = product.texts as [
    ProductState['texts'][0],
    ...ProductState['texts'],
  ];
  const image = product.media.find(({ kind }) => kind === 'IMAGE');
  const telling = product.variants.filter(({ gtin, options }) => gtin !== null || options.length > 0);
  return {
    name: contract.productChanged.name,
    version: contract.productChanged.version,
    key: product.id,
    sequence: product.version,
    payload: {
      productId: product.id,
      slug: product.slug,
      title,
      description,
      translations: translations.map((text) => ({
        language: text.language,
        title: text.title,
        description: text.description,
      })),
      status: product.status,
      brand: product.brand,
      categoryPath: path.map((category) => ({ id: category.id, slug: category.slug, name: nameOf(category) })),
      attributes: describeAttributes(product.attributes, inheritedSchema(path)).map(
        ({ key, label, value, unit, isFacet }) => ({ key, label, value, unit, isFacet }),
      ),
      imageUrl: image ? mediaUrl(image, { publicUrl }) : null,
      submittedByVendorId: product.submittedBy,
      variantIds: product.variants.map(({ id }) => id),
      ...(telling.length > 0
        ? {
            variants: telling.map(({ id, gtin, options }) => ({
              id,
              gtin,
              options: options.map(({ key, value, unit }) => ({ key, value, unit })),
            })),
          }
        : {}),
      createdAt: product.createdAt.toISOString(),
      updatedAt: product.updatedAt.toISOString(),
    },
  };
}

/** Of a product that a moderator has just decided about. */
export function productModerated({
  id,
  version,
  submittedBy,
  texts,
  status,
  moderation,
}: ProductState): NewEvent<contract.ProductModerated> {
  assert(moderation, 'a moderator has decided');
  return {
    name: contract.productModerated.name,
    version: contract.productModerated.version,
    key: id,
    sequence: version,
    payload: {
      productId: id,
      vendorId: submittedBy,
      title: texts[0]!.title,
      decision: moderation.decision,
      reason: moderation.reason,
      status,
    },
  };
}

/** `before` is null for a new offer. */
export function offerChanged(offer: OfferState, before: OfferState | null): NewEvent<contract.OfferChanged> {
  const previousPrice: Money | null = before && !isSameMoney(before.price, offer.price) ? before.price : null;
  return {
    name: contract.offerChanged.name,
    version: contract.offerChanged.version,
    key: offer.id,
    sequence: offer.version,
    ...(previousPrice ? { topics: [`priceChanged:${offer.id}`] } : {}),
    payload: {
      offerId: offer.id,
      productId: offer.productId,
      variantId: offer.variantId,
      vendorId: offer.vendorId,
      sku: offer.sku,
      price: { amount: offer.price.amount, currencyCode: offer.price.currencyCode },
      previousPrice: previousPrice && { amount: previousPrice.amount, currencyCode: previousPrice.currencyCode },
      status: offer.status,
    },
  };
}

/** What can be named of them; `key` is what made them look different. */
export function listingsChanged(
  listings: readonly Listing[],
  { key, sequence }: { key: string; sequence: number },
): NewEvent<contract.ListingsChanged> {
  const everything = listings.length > MAX_LISTINGS_TOLD;
  return {
    name: contract.listingsChanged.name,
    version: contract.listingsChanged.version,
    ...{ key, sequence },
    payload: {
      offers: everything ? [] : listings.map(({ id, productId, variantId }) => ({ offerId: id, productId, variantId })),
      everything,
    },
  };
}

/** `before` is null for a new category. */
export function categoryChanged(
  { id, slug, parentId, version }: CategoryState,
  before: CategoryState | null,
): NewEvent<contract.CategoryChanged> {
  return {
    name: contract.categoryChanged.name,
    version: contract.categoryChanged.version,
    key: id,
    sequence: version,
    payload: { categoryId: id, slug, parentId, previousParentId: before?.parentId ?? null },
  };
}

export function importProgressed(state: ImportState): NewEvent<contract.ImportProgressed> {
  const { id, vendorId, status, processed, failed, version } = state;
  return {
    name: contract.importProgressed.name,
    version: contract.importProgressed.version,
    key: id,
    sequence: version,
    topics: [`catalogImportProgress:${id}`],
    payload: { importId: id, vendorId, status, processed, failed },
  };
}

/** Inventory counts the uses; `sequence` grows with every change of how many there are. */
export function allowanceSet(allowance: contract.AllowanceSet, sequence: number): NewEvent<contract.AllowanceSet> {
  const { name, version } = contract.allowanceSet;
  return { name, version, key: allowance.allowanceId, sequence, payload: allowance };
}

export function dealChanged(deal: DealState): NewEvent<contract.DealChanged> {
  const { id, offerId, vendorId, dealPrice, startsAt, endsAt, slotsTotal, told, version } = deal;
  return {
    name: contract.dealChanged.name,
    version: contract.dealChanged.version,
    key: id,
    sequence: version,
    topics: [`lightningDealChanged:${id}`],
    payload: {
      dealId: id,
      offerId,
      vendorId,
      dealPrice: { amount: dealPrice.amount, currencyCode: dealPrice.currencyCode },
      startsAt: startsAt.toISOString(),
      endsAt: endsAt.toISOString(),
      slotsTotal,
      status: told,
    },
  };
}
