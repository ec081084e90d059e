import type { OfferField } from '../store/offers.ts';
import type { ProductField } from '../store/products.ts';

/** What is read for a request: fields of the stored documents. */
export interface ReadFields {
  product: readonly ProductField[];
  offer: readonly OfferField[];
}

type Needs = Partial<ReadFields>;

const NOTHING: Needs = {};
const product = (...fields: ProductField[]): Needs => ({ product: fields });
const offer = (...fields: OfferField[]): Needs => ({ offer: fields });

/**
 * What each field needs of a product's and an offer's document, beside what is always read: by it is decided who may see
 * them and what is for sale. `selection.test.ts` holds the types to the schema, and `selection.int.test.ts` each field to
 * what it answers when everything is read. A variant comes by a field that has read the variants.
 */
export const NEEDS = {
  Product: {
    id: NOTHING,
    slug: product('slug'),
    status: NOTHING,
    brand: product('brand'),
    createdAt: product('createdAt'),
    updatedAt: product('updatedAt'),
    version: product('version'),
    title: product('texts.language', 'texts.title'),
    description: product('texts.language', 'texts.description'),
    translations: product('texts.language', 'texts.title', 'texts.description'),
    category: product('categoryId'),
    attributes: product('attributes', 'categoryPath'),
    media: product('media'),
    variants: product('variants'),
    offers: NOTHING,
    featuredOffer: NOTHING,
    priceRange: NOTHING,
    moderation: product('moderation'),
    submittedBy: NOTHING,
  },
  ProductVariant: {
    id: NOTHING,
    title: NOTHING,
    gtin: NOTHING,
    weightGrams: NOTHING,
    options: product('categoryPath'),
    product: NOTHING,
    offers: NOTHING,
    featuredOffer: NOTHING,
  },
  Offer: {
    id: NOTHING,
    sku: offer('sku'),
    condition: offer('condition'),
    price: NOTHING,
    minOrderQuantity: offer('minOrderQuantity'),
    orderMultiple: offer('orderMultiple'),
    returnWindowDays: offer('returnWindowDays'),
    version: offer('version'),
    soldOut: NOTHING,
    vendor: NOTHING,
    variant: product('variants'),
    status: NOTHING,
    priceFor: offer('dealsRevision'),
    tiers: NOTHING,
    activeDeal: offer('dealsRevision'),
  },
  Category: {
    parent: product('categoryPath'),
  },
  Subscription: {
    priceChanged: offer('version'),
  },
} satisfies Record<string, Record<string, Needs>>;

const needsByName = Map.groupBy(
  Object.values(NEEDS).flatMap((fields) => Object.entries<Needs>(fields)),
  ([name]) => name,
);

const known = new WeakMap<ReadonlySet<string>, ReadFields>();

/**
 * What an operation can show of products and offers, by the names of the fields it selects anywhere: whatever way it
 * comes to one of them, what it asks for was read. The same answer for the same set.
 */
export function fieldsToRead(selected: ReadonlySet<string>): ReadFields {
  let fields = known.get(selected);
  if (!fields) {
    const needs = [...selected].flatMap((name) => (needsByName.get(name) ?? []).map(([, each]) => each));
    const all = <Field>(of: (each: Needs) => readonly Field[] | undefined) => [
      ...new Set(needs.flatMap((each) => of(each) ?? [])),
    ];
    fields = { product: all((each) => each.product), offer: all((each) => each.offer) };
    known.set(selected, fields);
  }
  return fields;
}
