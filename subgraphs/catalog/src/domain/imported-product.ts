import { accept, type Money } from '@marketgraph/platform/core';
import type { AttributeDefinition } from './attribute-schema.ts';
import { type AttributeInput, type AttributeValue, missingAttributes } from './attributes.ts';
import type { ImportRow } from './import-row.ts';
import type { MediaItem } from './media.ts';
import { listOffer, type OfferState } from './offer.ts';
import { type Outcome, type Refusal, refusal, refuse, refuseAll } from './outcome.ts';
import { type CategoryPlace, checkBrand, createProduct, type ProductState, reviseProduct } from './product.ts';
import { checkVariants } from './variant.ts';

export interface Listing {
  product: ProductState;
  offer: OfferState;
}

export interface RowFacts {
  vendorId: string;
  sku: string;
  category: CategoryPlace;
  language: string;
  now: Date;
  nextId(prefix: string): string;
  /** A slug nobody has, for a new product of this id. */
  slugFor(title: string, id: string): string;
}

const DEFAULT_RETURN_DAYS = 30;

/** The feed of an active vendor is trusted: what is valid in it is for sale at once, without a moderator. */
export function listRow(row: ImportRow, facts: RowFacts): Outcome<Listing> {
  const attributes = attributesOf(row, facts.category.definitions);
  const id = facts.nextId('prd');
  const product = createProduct(
    {
      title: row.title,
      description: row.description,
      brand: row.brand,
      language: facts.language,
      attributes,
      variants: [{ title: row.title, gtin: row.gtin, weightGrams: row.weightGrams }],
    },
    {
      id,
      slug: facts.slugFor(row.title, id),
      vendorId: facts.vendorId,
      category: facts.category,
      media: imageOf(row, [], facts),
      nextVariantId: () => facts.nextId('var'),
      now: facts.now,
      status: 'PUBLISHED',
    },
  );
  if (!product.ok) return product;
  const missing = requireAttributes(product.value.attributes, facts.category.definitions);
  if (missing.length > 0) return refuseAll(missing);
  const offer = listOffer(null, termsOf(facts, product.value.variants[0]!.id, row.price), {
    id: facts.nextId('off'),
    productId: id,
    now: facts.now,
  });
  return offer.ok ? accept({ product: product.value, offer: offer.value }) : offer;
}

/**
 * What a row makes of a listing that exists: an unchanged half stays the very
 * same object. Words and pictures are taken only for a vendor's own product
 * with one variant; on a product of others a feed sets its price and no more.
 */
export function mergeRow(listing: Listing, row: ImportRow, facts: RowFacts): Outcome<Listing> {
  const { product, offer } = listing;
  if (product.status === 'ARCHIVED')
    return refuse('ILLEGAL_TRANSITION', 'The product of this sku is archived.', ['sku']);
  const terms = { ...termsOf(facts, offer.variantId, row.price), ...keptTerms(offer) };
  const priced = listOffer(offer, terms, { id: offer.id, productId: product.id, now: facts.now });
  if (!priced.ok) return priced;
  const isOwn = product.submittedBy === facts.vendorId && product.variants.length === 1;
  if (!isOwn) return accept({ product, offer: priced.value });
  const merged = mergeProduct(product, row, facts);
  return merged.ok ? accept({ product: merged.value, offer: priced.value }) : merged;
}

function mergeProduct(product: ProductState, row: ImportRow, facts: RowFacts): Outcome<ProductState> {
  const { definitions } = facts.category;
  const variant = product.variants[0]!;
  const [brand, variants] = [
    checkBrand(row.brand),
    checkVariants(
      [{ ...variant, title: row.title, gtin: row.gtin, weightGrams: row.weightGrams }],
      definitions,
      () => variant.id,
    ),
  ];
  if (!brand.ok) return brand;
  if (!variants.ok) return variants;
  const revised = reviseProduct(
    product,
    {
      title: row.title,
      attributes: attributesOf(row, definitions),
      media: imageOf(row, product.media, facts),
    },
    { expectedVersion: product.version, definitions, now: facts.now },
  );
  if (!revised.ok) return revised;
  const missing = requireAttributes(revised.value.attributes, definitions);
  if (missing.length > 0) return refuseAll(missing);
  const [source, ...translations] = revised.value.texts;
  const next: ProductState = {
    ...revised.value,
    texts: [{ ...source!, description: row.description }, ...translations],
    brand: brand.value,
    categoryId: facts.category.id,
    categoryPath: [...facts.category.path],
    variants: variants.value,
  };
  return accept(isSameContent(product, next) ? product : next);
}

/** Version and time apart. Both sides are built field by field in one order, so their JSON tells. */
function isSameContent(a: ProductState, b: ProductState): boolean {
  const content = ({ texts, brand, categoryId, attributes, media, variants }: ProductState) =>
    JSON.stringify([
      texts.map(({ language, title, description }) => [language, title, description]),
      brand,
      categoryId,
      attributes.map(({ key, value, unit }) => [key, value, unit]),
      media.map(({ id }) => id),
      variants.map(({ id, title, gtin, weightGrams }) => [id, title, gtin, weightGrams]),
    ]);
  return content(a) === content(b);
}

function requireAttributes(values: readonly AttributeValue[], definitions: readonly AttributeDefinition[]): Refusal[] {
  return missingAttributes(values, definitions).map((key) =>
    refusal('INVALID', `"${key}" is required in this category.`, ['attributes', key]),
  );
}

/** In a table every value is text: what the category calls a number or a yes/no is read as one. */
function attributesOf(row: ImportRow, definitions: readonly AttributeDefinition[]): AttributeInput[] {
  const types = new Map(definitions.map(({ key, type }) => [key, type]));
  return row.attributes.map(({ key, value }) => {
    if (typeof value !== 'string') return { key, value };
    const text = value.trim();
    const type = types.get(key);
    if (type === 'number' && /^-?\d+(\.\d+)?$/.test(text)) return { key, value: Number(text) };
    if (type === 'boolean' && /^(true|false)$/i.test(text)) return { key, value: text.toLowerCase() === 'true' };
    return { key, value };
  });
}

function imageOf(row: ImportRow, shown: readonly MediaItem[], facts: RowFacts): MediaItem[] {
  const { imageUrl } = row;
  // A feed without a picture does not take away what the vendor has put there by hand.
  if (!imageUrl) return [...shown];
  const known = shown.find((item) => item.externalUrl === imageUrl);
  if (known) return [...shown];
  const own = shown.filter((item) => item.externalUrl === null);
  return [
    { id: facts.nextId('med'), kind: 'IMAGE', uploadId: null, externalUrl: imageUrl, altText: row.title },
    ...own,
  ];
}

function termsOf({ vendorId, sku }: RowFacts, variantId: string, price: Money) {
  return {
    vendorId,
    variantId,
    sku,
    price,
    condition: 'NEW' as const,
    minOrderQuantity: 1,
    orderMultiple: 1,
    returnWindowDays: DEFAULT_RETURN_DAYS,
  };
}

function keptTerms({ condition, minOrderQuantity, orderMultiple, returnWindowDays }: OfferState) {
  return { condition, minOrderQuantity, orderMultiple, returnWindowDays };
}
