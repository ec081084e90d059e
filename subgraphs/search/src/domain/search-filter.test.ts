import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NOTHING, plainWords, quoted, toFilterBy, withoutPlural } from './search-filter.ts';

describe('the filter of a search', () => {
  it.each([
    [{}, 'inStock:=true'],
    [{ inStockOnly: false }, ''],
    [{ categoryIds: ['cat_a', 'cat_b'] }, 'inStock:=true && categoryIds:=[`cat_a`,`cat_b`]'],
    [{ vendorIds: ['ven_a'] }, 'inStock:=true && stockedVendorIds:=[`ven_a`]'],
    [{ vendorIds: ['ven_a'], inStockOnly: false }, 'vendorIds:=[`ven_a`]'],
    [{ vendorIds: [] }, `inStock:=true && ${NOTHING}`],
    [{ priceMin: 100 }, 'inStock:=true && prices_EUR:>=100'],
    [{ priceMax: 0 }, 'inStock:=true && prices_EUR:<=0'],
    [{ priceMin: 100, priceMax: 200 }, 'inStock:=true && prices_EUR:[100..200]'],
    [{ ratingMin: 3.5 }, 'inStock:=true && rating:>=3.5'],
    [
      { attributes: [{ key: 'colour', anyOf: ['red', 'a, b'] }] },
      'inStock:=true && attributes:=[`colour=red`,`colour=a, b`]',
    ],
    [{ attributes: [{ key: 'brand', anyOf: ['North'] }] }, 'inStock:=true && brand:=[`North`]'],
    [{ attributes: [{ key: 'brand', anyOf: ['`'] }] }, `inStock:=true && ${NOTHING}`],
    [{ attributes: [{ key: 'valueOf', anyOf: ['x'] }] }, 'inStock:=true && attributes:=[`valueOf=x`]'],
  ])('of %j is %s', (narrowing, expected) => {
    expect(toFilterBy(narrowing, 'EUR')).toBe(expected);
  });

  it('keeps every value a literal, whatever is in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        expect(quoted(value)).toMatch(/^`[^`\\]*`$/);
      }),
    );
  });

  it('has no other clauses than those asked for, whatever the values are', () => {
    const nasty = fc.oneof(
      fc.string(),
      fc.constantFrom('`', '`]', '`) || (inStock:=false', '] && id:!=[', '\\`', '`,`', '&&', '\n`'),
    );
    const values = fc.array(nasty, { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(values, values, nasty, (categoryIds, anyOf, key) => {
        const text = toFilterBy({ categoryIds, attributes: [{ key, anyOf }] }, 'EUR');
        const skeleton = text.replaceAll(/`[^`]*`/g, 'V').replaceAll(/V(,V)*/g, 'V');
        expect(skeleton).toMatch(
          /^inStock:=true && (categoryIds:=\[V\]|id:=V) && ((attributes|brand|categoryPaths|vendorIds):=\[V\]|id:=V)$/,
        );
      }),
    );
  });
});

describe('the words of a buyer', () => {
  it.each([
    ['walnut  desk', 'walnut desk'],
    ['-walnut desk', 'walnut desk'],
    ['"walnut desk"', 'walnut desk'],
    ['--', ''],
    ['*', ''],
    ['t-shirt', 't-shirt'],
    ['  ', ''],
  ])('of %j are %j', (query, words) => {
    expect(plainWords(query)).toBe(words);
  });
});

describe('the words of a buyer with an open end', () => {
  it.each([
    ['cell phones', 'cell phone'],
    ['watches', 'watch'],
    ['glasses', 'glass'],
    ['Boxes', 'Box'],
    ['batteries', 'batter'],
    ['phones cases', 'phones case'],
    ['cases iphone', 'cases iphone'],
    ['iphone 7 plus', 'iphone 7 plus'],
    ['wireless', 'wireless'],
    ['defender series', 'defender series'],
    ['lens', 'lens'],
    ['iphone 6s', 'iphone 6s'],
    ['xs2000s', 'xs2000s'],
    ['', ''],
  ])('of %j are %j', (words, open) => {
    expect(withoutPlural(words)).toBe(open);
  });

  it('are a beginning of what was asked for', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^([a-z]{1,9} )?[a-zé-]{1,12}(s|es|ies)?$/), (words) => {
        const open = withoutPlural(words);
        expect(words.startsWith(open)).toBe(true);
        if (open !== words) expect(open.split(' ').at(-1)!.length).toBeGreaterThanOrEqual(3);
      }),
    );
  });
});
