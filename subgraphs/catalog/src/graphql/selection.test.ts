import { isObjectType } from 'graphql';
import { describe, expect, it } from 'vitest';
import { catalogSchema } from '../schema.ts';
import { fieldsToRead, NEEDS } from './selection.ts';

const { schema } = catalogSchema();

const read = (...names: string[]) => {
  const { product, offer } = fieldsToRead(new Set(names));
  return { product: product.toSorted(), offer: offer.toSorted() };
};

describe('what is read of a document', () => {
  it.each(['Product', 'ProductVariant', 'Offer'] as const)('is known for every field of a %s', (name) => {
    const type = schema.getType(name);
    const fields = isObjectType(type) ? Object.keys(type.getFields()) : [];
    expect(Object.keys(NEEDS[name]).toSorted()).toEqual(fields.toSorted());
  });

  it('is what the selected fields need together, whichever type they are of', () => {
    expect(read('products', 'edges', 'node', 'id', 'priceRange')).toEqual({ product: [], offer: [] });
    expect(read('title', 'slug', 'description')).toEqual({
      product: ['slug', 'texts.description', 'texts.language', 'texts.title'],
      offer: [],
    });
    expect(read('offers', 'sku', 'variant', 'options')).toEqual({
      product: ['categoryPath', 'variants'],
      offer: ['sku'],
    });
    expect(read('version')).toEqual({ product: ['version'], offer: ['version'] });
  });

  it('never holds a field and a part of it, which the store would refuse', () => {
    const { product, offer } = fieldsToRead(new Set(Object.values(NEEDS).flatMap((fields) => Object.keys(fields))));
    for (const fields of [product, offer] as readonly (readonly string[])[]) {
      expect(fields.length).toBeGreaterThan(5);
      expect(fields.filter((field) => fields.some((other) => other.startsWith(`${field}.`)))).toEqual([]);
    }
  });
});
