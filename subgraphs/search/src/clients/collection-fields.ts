import type { CollectionFieldSchema } from 'typesense/lib/Typesense/Collection.js';

/** The fields of a version; a change here needs a rebuild (`searchReindex`). */
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
    { name: 'rating', type: 'float' },
    { name: 'ratingCount', type: 'int32' },
    { name: 'stars', type: 'int32', facet: true },
    { name: 'popularity', type: 'int32' },
    { name: 'createdAt', type: 'int64' },
    ...currencies.flatMap(priceFields),
  ];
}

/** What one unit costs: the lowest for sorting and counting, all of them for filtering. */
export function priceFields(currency: string): CollectionFieldSchema[] {
  return [
    { name: `price_${currency}`, type: 'int64', optional: true, facet: true, sort: true },
    { name: `prices_${currency}`, type: 'int64[]', optional: true },
  ];
}
