import { accept, type Money } from '@marketgraph/platform/core';
import type { AttributeInput } from './attributes.ts';
import { MAX_CATEGORY_DEPTH } from './category.ts';
import { isKnownCurrency, toMinorUnits } from './currency.ts';
import { checkPrice, isSku } from './offer.ts';
import { type Outcome, type Refusal, refusal, refuse, refuseAll } from './outcome.ts';
import { unsafeJson } from './plain-json.ts';
import { isSlug, slugOf } from './slug.ts';

/** One line of a vendor's feed, read but not yet compared with the catalog. */
export interface ImportRow {
  /** Null when the feed has none: one is made from what tells the row apart. */
  sku: string | null;
  title: string;
  description: string | null;
  brand: string | null;
  category: CategoryReference;
  price: Money;
  attributes: AttributeInput[];
  imageUrl: string | null;
  gtin: string | null;
  weightGrams: number | null;
  /** Counts the changes of this row where it comes from; null when the source does not count. */
  sourceVersion: number | null;
}

/** By slugs the category must exist; by names it is made when it does not. Root first. */
export type CategoryReference = { by: 'slugs' | 'names'; parts: string[] };

const MAX_URL = 2_000;

/**
 * Reads a record of a feed. Two vocabularies are understood: ours (`title`,
 * `category`, `imageUrl`, `priceMinor`) and that of plain product lists
 * (`name`, `categories`, `image`). Fields nobody knows are left aside.
 */
export function readImportRow(record: unknown, { currencyCode }: { currencyCode: string }): Outcome<ImportRow> {
  if (record === null || typeof record !== 'object' || Array.isArray(record)) {
    return refuse('INVALID', 'The line is not an object.');
  }
  const unsafe = unsafeJson(record);
  if (unsafe) return refuse('INVALID', `The line ${unsafe}.`);
  const raw = record as Record<string, unknown>;
  const refusals: Refusal[] = [];
  const text = (field: string, value: unknown): string | null => {
    if (isAbsent(value)) return null;
    if (typeof value === 'string' || typeof value === 'number') return String(value).trim();
    refusals.push(refusal('INVALID', `${field} is not a text.`, [field]));
    return null;
  };
  const keep = <T>(outcome: Outcome<T>): T | undefined => {
    if (outcome.ok) return outcome.value;
    refusals.push(...outcome.rejection);
    return undefined;
  };

  const title = text('title', raw['title'] ?? raw['name']);
  if (title === '' || isAbsent(raw['title'] ?? raw['name']))
    refusals.push(refusal('INVALID', 'The title is missing.', ['title']));
  const sku = text('sku', raw['sku']);
  if (sku !== null && !isSku(sku)) refusals.push(refusal('INVALID', 'The sku is not one.', ['sku']));
  const category = keep(readCategory(isAbsent(raw['category']) ? raw['categories'] : raw['category']));
  const price = keep(readPrice(raw, currencyCode));
  const attributes = keep(readAttributes(raw));
  const imageUrl = keep(readImageUrl(isAbsent(raw['imageUrl']) ? raw['image'] : raw['imageUrl']));
  const weightGrams = keep(readWeight(raw['weightGrams']));
  const sourceVersion = keep(readSourceVersion(raw['sourceVersion']));
  const row = {
    sku,
    title: title ?? '',
    description: text('description', raw['description']),
    brand: text('brand', raw['brand']),
    gtin: text('gtin', raw['gtin']),
  };
  if (refusals.length > 0 || !category || !price || !attributes) return refuseAll(refusals);
  return accept({
    ...row,
    category,
    price,
    attributes,
    imageUrl: imageUrl ?? null,
    weightGrams: weightGrams ?? null,
    sourceVersion: sourceVersion ?? null,
  });
}

/** The sku of a row that has none: the same row gives the same sku in every file. `digest` is of `skuSource`. */
export function derivedSku(row: Pick<ImportRow, 'title'>, digest: string): string {
  return `${slugOf(row.title, 'item').slice(0, 40).replace(/-+$/, '')}-${digest.slice(0, 10)}`;
}

/** What tells two rows of one title apart, and does not change when price or text do. */
export function skuSource(row: Pick<ImportRow, 'title' | 'brand' | 'imageUrl' | 'gtin'>): string {
  return JSON.stringify([row.title, row.brand, row.imageUrl, row.gtin]);
}

function readCategory(value: unknown): Outcome<CategoryReference> {
  const field = ['category'];
  if (isAbsent(value)) return refuse('INVALID', 'The category is missing.', field);
  if (Array.isArray(value)) return checkNames(value, field);
  if (typeof value !== 'string') return refuse('INVALID', 'The category is a slug path or a list of names.', field);
  if (value.trim().startsWith('[')) {
    try {
      return checkNames(JSON.parse(value) as unknown[], field);
    } catch {
      return refuse('INVALID', 'The category is not a list of names.', field);
    }
  }
  if (value.includes('>')) return checkNames(value.split('>'), field);
  const slugs = value.trim().split('/');
  if (slugs.every(isSlug)) {
    if (slugs.length <= MAX_CATEGORY_DEPTH) return accept({ by: 'slugs', parts: slugs });
    return refuse('INVALID', `A category path has at most ${MAX_CATEGORY_DEPTH} levels.`, field);
  }
  return checkNames([value], field);
}

function checkNames(values: readonly unknown[], field: string[]): Outcome<CategoryReference> {
  if (!Array.isArray(values) || values.length === 0 || values.length > MAX_CATEGORY_DEPTH) {
    return refuse('INVALID', `A category path has 1 to ${MAX_CATEGORY_DEPTH} names.`, field);
  }
  const parts: string[] = [];
  for (const value of values) {
    const name = typeof value === 'string' ? value.trim() : '';
    if (name.length === 0 || name.length > 100) {
      return refuse('INVALID', 'A category name has 1 to 100 characters.', field);
    }
    parts.push(name);
  }
  return accept({ by: 'names', parts });
}

/** `priceMinor` and `{amount, currencyCode}` are minor units, `price` is a decimal as a shop window shows it. */
function readPrice(raw: Record<string, unknown>, fallbackCurrency: string): Outcome<Money> {
  const { price, priceMinor } = raw;
  const asMoney = typeof price === 'object' && price !== null ? (price as Record<string, unknown>) : undefined;
  const given = asMoney?.['currencyCode'] ?? raw['currency'] ?? raw['currencyCode'];
  const currencyCode = isAbsent(given) ? fallbackCurrency : given;
  if (typeof currencyCode !== 'string' || !isKnownCurrency(currencyCode)) {
    return refuse('INVALID', 'The currency is not an ISO 4217 code.', ['currency']);
  }
  const minor = asMoney ? asMoney['amount'] : priceMinor;
  let amount: number | undefined;
  if (!isAbsent(minor)) amount = /^\d{1,15}$/.test(String(minor)) ? Number(minor) : undefined;
  else if (typeof price === 'number' || typeof price === 'string') amount = toMinorUnits(String(price), currencyCode);
  else return refuse('INVALID', 'The price is missing.', ['price']);
  if (amount === undefined) return refuse('INVALID', `Not a price in ${currencyCode}.`, ['price']);
  const refusals = checkPrice({ amount, currencyCode });
  return refusals.length > 0 ? refuseAll(refusals) : accept({ amount, currencyCode });
}

/** `attributes` as an object (in CSV: as JSON text), and columns named `attributes.<key>` in CSV. */
function readAttributes(raw: Record<string, unknown>): Outcome<AttributeInput[]> {
  let value = raw['attributes'];
  if (isAbsent(value)) return accept([]);
  if (typeof value === 'string') {
    try {
      value = JSON.parse(value);
    } catch {
      return refuse('INVALID', 'attributes is not a JSON object.', ['attributes']);
    }
    const unsafe = unsafeJson(value);
    if (unsafe) return refuse('INVALID', `attributes ${unsafe}.`, ['attributes']);
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return refuse('INVALID', 'attributes is not an object.', ['attributes']);
  }
  return accept(Object.entries(value).map(([key, attribute]) => ({ key, value: attribute as unknown })));
}

/** Shown to browsers as it is, so nothing but the web; no credentials, no `file:`, no `data:`. */
function readImageUrl(value: unknown): Outcome<string | null> {
  if (isAbsent(value)) return accept(null);
  const url =
    typeof value === 'string' && value.length <= MAX_URL && !/\s/.test(value.trim()) ? toUrl(value.trim()) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password) {
    return refuse('INVALID', 'The image is not a web address.', ['imageUrl']);
  }
  return accept(url.href);
}

function readWeight(value: unknown): Outcome<number | null> {
  if (isAbsent(value)) return accept(null);
  const grams = typeof value === 'number' || typeof value === 'string' ? Number(value) : Number.NaN;
  return Number.isInteger(grams)
    ? accept(grams)
    : refuse('INVALID', 'weightGrams is not a whole number.', ['weightGrams']);
}

/** A counter or a time in milliseconds: whatever grows with every change at the source. */
function readSourceVersion(value: unknown): Outcome<number | null> {
  if (isAbsent(value)) return accept(null);
  const version = /^\d{1,15}$/.test(String(value)) ? Number(value) : Number.NaN;
  return Number.isSafeInteger(version)
    ? accept(version)
    : refuse('INVALID', 'sourceVersion is not a whole number of up to 15 digits.', ['sourceVersion']);
}

function toUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

function isAbsent(value: unknown): value is null | undefined | '' {
  return value === null || value === undefined || value === '';
}
