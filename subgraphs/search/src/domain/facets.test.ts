import { describe, expect, it } from 'vitest';
import { facetField } from './facets.ts';

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
