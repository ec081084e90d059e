import { createHash } from 'node:crypto';
import type { CollectionFieldSchema } from 'typesense/lib/Typesense/Collection.js';
import { EMBEDDING_DIMENSIONS } from '../domain/embedding.ts';

/** What ends a word besides a space: without it `Blue/Gold` is one word that neither colour finds. */
export const WORD_SEPARATORS = ['/', '-', '+', '&', '_', '|', '(', ')', ',', ';', ':'];

/** The fields of a version. A change here makes the index be built anew at the next start. */
export function collectionFields(currencies: readonly string[]): CollectionFieldSchema[] {
  return [
    { name: 'title', type: 'string' },
    { name: 'description', type: 'string', optional: true },
    { name: 'brand', type: 'string', optional: true, facet: true },
    { name: 'categories', type: 'string[]' },
    { name: 'categoryIds', type: 'string[]' },
    { name: 'categoryPaths', type: 'string[]', facet: true },
    { name: 'attributes', type: 'string[]', facet: true },
    { name: 'attributeTexts', type: 'string[]' },
    { name: 'vendorIds', type: 'string[]', facet: true },
    { name: 'stockedVendorIds', type: 'string[]' },
    { name: 'inStock', type: 'bool', facet: true },
    { name: 'prime', type: 'bool[]' },
    { name: 'shipsTo', type: 'string[]' },
    { name: 'rating', type: 'float' },
    { name: 'ratingCount', type: 'int32' },
    { name: 'stars', type: 'int32', facet: true },
    { name: 'popularity', type: 'int32' },
    { name: 'createdAt', type: 'int64' },
    { name: 'embedding', type: 'float[]', num_dim: EMBEDDING_DIMENSIONS },
    ...currencies.flatMap(priceFields),
  ];
}

/** Stands for whichever currencies an index has: ISO 4217's code of no currency. */
const ANY_CURRENCY = 'XXX';

/** Kept with a version: one that was made with other fields is replaced. */
export const FINGERPRINT = createHash('sha256')
  .update(JSON.stringify([collectionFields([ANY_CURRENCY]), WORD_SEPARATORS]))
  .digest('base64url');

/** What one unit costs: the lowest for sorting and counting, all of them for filtering. */
export function priceFields(currency: string): CollectionFieldSchema[] {
  return [
    { name: `price_${currency}`, type: 'int64', optional: true, facet: true, sort: true },
    { name: `prices_${currency}`, type: 'int64[]', optional: true },
  ];
}
