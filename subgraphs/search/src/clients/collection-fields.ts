import { createHash } from 'node:crypto';
import type { CollectionFieldSchema } from 'typesense/lib/Typesense/Collection.js';
import { EMBEDDING_DIMENSIONS } from '../domain/embedding.ts';

/** What ends a word besides a space: without it `Blue/Gold` is one word that neither colour finds. */
export const WORD_SEPARATORS = ['/', '-', '+', '&', '_', '|', '(', ')', ',', ';', ':'];

/** The fields of a version. A change here makes the index be built anew at the next start. */
export function collectionFields(own: readonly string[]): CollectionFieldSchema[] {
  return [
    { name: 'title', type: 'string' },
    { name: 'description', type: 'string', optional: true },
    { name: 'brand', type: 'string', optional: true, facet: true },
    { name: 'categories', type: 'string[]' },
    { name: 'categoryIds', type: 'string[]' },
    { name: 'categoryPaths', type: 'string[]', facet: true },
    { name: 'attributes', type: 'string[]', facet: true },
    { name: 'attributeTexts', type: 'string[]' },
    { name: 'codes', type: 'string[]' },
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
    ...own.flatMap(fieldsLike),
  ];
}

/** Stand for whichever currencies and languages an index has: the codes of none. */
const ANY = ['price_XXX', 'title_zxx'];

/** Kept with a version: one that was made with other fields is replaced. */
export const FINGERPRINT = createHash('sha256')
  .update(JSON.stringify([collectionFields(ANY), WORD_SEPARATORS]))
  .digest('base64url');

/** The fields that a version gets with the first document of a currency (`price_EUR`) or language (`title_de`). */
export function isOwnField(name: string): boolean {
  return name.startsWith('price_') || name.startsWith('title_');
}

/** With one of these come the others of its currency or language. */
export function fieldsLike(name: string): CollectionFieldSchema[] {
  const [kind, of] = [name.slice(0, name.indexOf('_')), name.slice(name.indexOf('_') + 1)];
  return kind === 'price' ? priceFields(of) : wordFields(of);
}

function wordFields(language: string): CollectionFieldSchema[] {
  return [
    { name: `title_${language}`, type: 'string', optional: true },
    { name: `description_${language}`, type: 'string', optional: true },
  ];
}

/** What one unit costs: the lowest for sorting and counting, all of them for filtering. */
function priceFields(currency: string): CollectionFieldSchema[] {
  return [
    { name: `price_${currency}`, type: 'int64', optional: true, facet: true, sort: true },
    { name: `prices_${currency}`, type: 'int64[]', optional: true },
  ];
}
