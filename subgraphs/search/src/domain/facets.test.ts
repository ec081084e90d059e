import { describe, expect, it } from 'vitest';
import { facetField, facetOf } from './facets.ts';

describe('the field behind a facet', () => {
  it.each([
    ['brand', 'brand'],
    ['rating', 'stars'],
    ['price', 'price_EUR'],
    ['attributes.colour', 'attributes'],
    ['attributes.', null],
    ['colour', null],
    ['valueOf', null],
    ['__proto__', null],
  ])('of %s is %s', (key, field) => {
    expect(facetField(key, 'EUR')).toBe(field);
  });
});

describe('the facet of a filter', () => {
  it.each([
    ['brand', 'brand'],
    ['category', 'category'],
    ['colour', 'attributes.colour'],
    // There may be attributes of these names; as facets they are something else.
    ['price', 'attributes.price'],
    ['rating', 'attributes.rating'],
  ])('by %s is %s', (key, facet) => {
    expect(facetOf(key)).toBe(facet);
  });
});
