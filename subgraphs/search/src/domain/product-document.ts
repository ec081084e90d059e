import { compactCode } from './product-code.ts';
import { embed } from './embedding.ts';

export interface Translation {
  language: string;
  title: string;
  description: string | null;
}

/** What search knows of a product from the catalog. */
export interface ProductFacts {
  slug: string;
  title: string;
  description: string | null;
  /** In other languages; absent in what was remembered before there were any. */
  translations?: readonly Translation[];
  status: string;
  brand: string | null;
  /** From the root down to the product's own category. */
  categoryPath: readonly { id: string; name: string }[];
  attributes: readonly { key: string; value: string | number | boolean; unit: string | null; isFacet: boolean }[];
  /** Those that have a code or an option; absent where none has. */
  variants?: readonly VariantFacts[];
  createdAt: string;
}

export interface VariantFacts {
  id: string;
  gtin: string | null;
  /** What tells it from its siblings. */
  options: readonly { key: string; value: string | number | boolean; unit: string | null }[];
}

export interface OfferFacts {
  vendorId: string;
  status: string;
  amount: number;
  currencyCode: string;
  /** Both absent in what was remembered before they were told. */
  sku?: string;
  variantId?: string;
}

export interface KnownOffer {
  id: string;
  facts: OfferFacts;
  available: number;
}

/** What is to be known of a vendor. */
export interface VendorFacts {
  isPrimeEligible: boolean;
  /** Degrees. */
  location: { lat: number; lon: number } | null;
  /** Country codes; null: everywhere. */
  shipsTo: readonly string[] | null;
}

/** Everything that goes into one document. */
export interface ProductSources {
  productId: string;
  facts: ProductFacts | null;
  offers: readonly KnownOffer[];
  /** Of those who offer it; who is missing is not Prime and ships everywhere. */
  vendors: ReadonlyMap<string, VendorFacts>;
  rating: { average: number; count: number };
  /** Units sold. */
  sold: number;
}

/** One offer as the document carries it: enough to choose which one a hit is about. */
export interface IndexedOffer {
  id: string;
  vendorId: string;
  amount: number;
  currencyCode: string;
  inStock: boolean;
  /** Absent: not. */
  isPrime?: true;
  /** Absent: everywhere. */
  shipsTo?: readonly string[];
  /** `key=value` of its variant; absent where nothing tells variants apart. */
  options?: readonly string[];
}

export interface ProductDocument {
  id: string;
  slug: string;
  title: string;
  description?: string;
  brand?: string;
  /** Names, for words. */
  categories: string[];
  /** The whole path, so that a category finds what is in the ones below it. */
  categoryIds: string[];
  /** `Home`, `Home > Lamps`: names that tell two categories of the same name apart. */
  categoryPaths: string[];
  /** `key=value` of what buyers narrow by, and of the options of its variants. */
  attributes: string[];
  attributeTexts: string[];
  /** The skus of its offers and the GTINs of its variants, as `compactCode` writes them. */
  codes: string[];
  vendorIds: string[];
  stockedVendorIds: string[];
  currencies: string[];
  /** Whether those who have it are part of Prime: `[true]`, `[false]` or both. */
  prime: boolean[];
  /** Where somebody who has it ships to: country codes, or `EVERYWHERE`. */
  shipsTo: string[];
  inStock: boolean;
  rating: number;
  ratingCount: number;
  /** The rating rounded down, for counting. */
  stars: number;
  popularity: number;
  /** Seconds since the epoch. */
  createdAt: number;
  /** `IndexedOffer[]` as JSON: stored, not searched. */
  offers: string;
  /** What the product is about, as a direction; left out of most answers. */
  embedding: number[];
  /** `title_de` and `description_de`: the words in German. */
  [words: `title_${string}` | `description_${string}`]: string;
  /** `price_EUR` is the lowest price, `prices_EUR` all of them. */
  [price: `price_${string}`]: number;
  [prices: `prices_${string}`]: number[];
}

/** Stands for all countries; those have two letters. */
export const EVERYWHERE = 'ALL';

/** A longer text adds words that say nothing about the product. */
const MAX_DESCRIPTION = 4_000;
/** A document must stay small whatever a product collects. */
const MAX_OFFERS = 100;
const MAX_ATTRIBUTES = 100;
const MAX_LANGUAGES = 20;
const MAX_CODES = 200;
const MAX_TELLING_ATTRIBUTES = 10;

/** The document of a product, or null when buyers must not find it: unpublished, or nobody sells it. */
export function toDocument(sources: ProductSources): ProductDocument | null {
  const { productId, facts, rating, sold } = sources;
  if (!facts || facts.status !== 'PUBLISHED') return null;
  const offers = offersOf(sources);
  if (offers.length === 0) return null;
  const stocked = offers.filter(({ inStock }) => inStock);
  // What is sold out has no price a buyer could pay and no way to them, as long as something else has one.
  const had = stocked.length > 0 ? stocked : offers;
  const names = facts.categoryPath.map(({ name }) => name);
  const attributes = facts.attributes.slice(0, MAX_ATTRIBUTES);
  // A colour that is sold out is none a buyer could have, as long as another one is there.
  const options = unique(had.flatMap((offer) => offer.options ?? [])).slice(0, MAX_ATTRIBUTES);
  return {
    id: productId,
    slug: facts.slug,
    title: facts.title,
    ...(facts.description ? { description: facts.description.slice(0, MAX_DESCRIPTION) } : {}),
    ...(facts.brand ? { brand: facts.brand } : {}),
    categories: names,
    categoryIds: facts.categoryPath.map(({ id }) => id),
    categoryPaths: names.map((_, at) => names.slice(0, at + 1).join(' > ')),
    attributes: [...attributes.filter(({ isFacet }) => isFacet).map(keyAndText), ...options],
    attributeTexts: [
      ...attributes.filter(({ value }) => typeof value !== 'boolean').map(attributeText),
      ...optionTexts(facts.variants ?? []),
    ],
    codes: codesOf(sources),
    vendorIds: unique(offers.map(({ vendorId }) => vendorId)),
    stockedVendorIds: unique(stocked.map(({ vendorId }) => vendorId)),
    currencies: unique(offers.map(({ currencyCode }) => currencyCode)),
    prime: [...new Set(had.map(({ isPrime }) => isPrime ?? false))].toSorted(),
    shipsTo: unique(had.flatMap(({ shipsTo }) => shipsTo ?? [EVERYWHERE])),
    inStock: stocked.length > 0,
    rating: rating.average,
    ratingCount: rating.count,
    stars: Math.floor(rating.average),
    popularity: sold,
    createdAt: Math.floor(Date.parse(facts.createdAt) / 1_000),
    offers: JSON.stringify(offers),
    embedding: embeddingOf(facts),
    ...translated(facts.translations ?? []),
    ...pricesOf(had),
  };
}

export function readOffers(document: Pick<ProductDocument, 'offers'>): IndexedOffer[] {
  return JSON.parse(document.offers) as IndexedOffer[];
}

/** What a product is: its kind says more than its finer points. The description says too much of everything. */
export function embeddingOf({ title, brand, categoryPath, attributes }: ProductFacts): number[] {
  return embed([
    { text: title, weight: 1 },
    { text: brand ?? '', weight: 0.5 },
    ...categoryPath.slice(-2).map(({ name }) => ({ text: name, weight: 0.5 })),
    ...attributes
      .filter(({ value, isFacet }) => isFacet && typeof value === 'string')
      .slice(0, MAX_TELLING_ATTRIBUTES)
      .map((attribute) => ({ text: attributeText(attribute), weight: 0.25 })),
  ]);
}

/** Cheapest first within a currency; the order is the same for the same facts. */
function offersOf({ facts: product, offers, vendors }: ProductSources): IndexedOffer[] {
  const options = optionsByVariant(product?.variants ?? []);
  return offers
    .filter(({ facts }) => facts.status === 'ACTIVE')
    .map(({ id, facts: { vendorId, amount, currencyCode, variantId = '' }, available }) => ({
      id,
      vendorId,
      amount,
      currencyCode,
      inStock: available > 0,
      ...(vendors.get(vendorId)?.isPrimeEligible ? { isPrime: true as const } : {}),
      ...(vendors.get(vendorId)?.shipsTo ? { shipsTo: vendors.get(vendorId)!.shipsTo!.toSorted() } : {}),
      ...(options?.has(variantId) ? { options: options.get(variantId)! } : {}),
    }))
    .toSorted(
      (a, b) =>
        Number(b.inStock) - Number(a.inStock) ||
        compare(a.currencyCode, b.currencyCode) ||
        a.amount - b.amount ||
        compare(a.id, b.id),
    )
    .slice(0, MAX_OFFERS);
}

/** `key=value` of each variant that has options; undefined when none has, as most products are. */
function optionsByVariant(variants: readonly VariantFacts[]): Map<string, string[]> | undefined {
  const told = variants.filter(({ options }) => options.length > 0);
  if (told.length === 0) return undefined;
  return new Map(told.map(({ id, options }) => [id, options.map(keyAndText).toSorted()]));
}

/** Words to find a form of a product by; whether it is in stock is another question. */
function optionTexts(variants: readonly VariantFacts[]): string[] {
  const texts = variants.flatMap(({ options }) => options.filter(({ value }) => typeof value !== 'boolean'));
  return unique(texts.map(attributeText)).slice(0, MAX_ATTRIBUTES);
}

function codesOf({ facts, offers }: ProductSources): string[] {
  const skus = offers.flatMap(({ facts: { sku, status } }) => (sku && status === 'ACTIVE' ? [sku] : []));
  const gtins = (facts?.variants ?? []).flatMap(({ gtin }) => gtin ?? []);
  return unique([...gtins, ...skus].map(compactCode).filter((code) => code !== '')).slice(0, MAX_CODES);
}

/** One set of words for each language, whatever its countries: the language's own before that of a country. */
function translated(translations: readonly Translation[]): Record<`title_${string}` | `description_${string}`, string> {
  const byLanguage = new Map<string, Translation>();
  for (const translation of translations.toSorted((a, b) => a.language.length - b.language.length)) {
    const language = languageOf(translation.language);
    if (language !== null && !byLanguage.has(language)) byLanguage.set(language, translation);
  }
  return Object.fromEntries(
    [...byLanguage]
      .slice(0, MAX_LANGUAGES)
      .flatMap(([language, { title, description }]) => [
        [`title_${language}`, title],
        ...(description ? [[`description_${language}`, description.slice(0, MAX_DESCRIPTION)]] : []),
      ]),
  ) as never;
}

/** `pt` of `pt-BR`; null for what is no language. */
export function languageOf(tag: string): string | null {
  return /^[a-z]{2,3}(?=-|$)/.exec(tag.toLowerCase())?.[0] ?? null;
}

function pricesOf(offers: readonly IndexedOffer[]): Record<`price_${string}` | `prices_${string}`, number & number[]> {
  const prices = Map.groupBy(offers, ({ currencyCode }) => currencyCode);
  return Object.fromEntries(
    [...prices].flatMap(([currency, offered]) => {
      const amounts = offered.map(({ amount }) => amount).toSorted((a, b) => a - b);
      return [
        [`price_${currency}`, amounts[0]],
        [`prices_${currency}`, amounts],
      ];
    }),
  ) as never;
}

function keyAndText(attribute: { key: string; value: string | number | boolean; unit: string | null }): string {
  return `${attribute.key}=${attributeText(attribute)}`;
}

function attributeText({ value, unit }: { value: string | number | boolean; unit: string | null }): string {
  return unit ? `${value} ${unit}` : String(value);
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)].toSorted();
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
