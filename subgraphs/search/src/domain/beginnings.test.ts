import { describe, expect, it } from 'vitest';
import { beginningOf, byBeginning, type Named } from './beginnings.ts';

const aNamed = (id: string, title: string, more: Partial<Named> = {}): Named => ({
  ...{ id, title, categories: [], categoryIds: [] },
  ...more,
});
const idsOf = (products: readonly Named[] | undefined) => products?.map(({ id }) => id);

describe('products by the beginnings of their names', () => {
  it('S1 finds each word of title, brand and category by its first letters, however it is written', () => {
    const lists = byBeginning([aNamed('1', 'Éclair-Blue LAMP', { brand: 'Nordlys & Co', categories: ['Home'] })], 9);
    for (const beginning of ['e', 'ec', 'ecl', 'blu', 'lam', 'nor', 'c', 'co', 'hom']) {
      expect(idsOf(lists.get(beginning)), beginning).toEqual(['1']);
    }
    for (const beginning of ['lamp', 'a', 'amp', '']) expect(lists.get(beginning), beginning).toBeUndefined();
  });

  it('S1 has those that are named so before those that only stand in such a category, each once, at most so many', () => {
    const products = [
      aNamed('1', 'Kettle', { categories: ['Light'] }),
      aNamed('2', 'Little lamp light', { categories: ['Light'] }),
      aNamed('3', 'Cup', { brand: 'Lisbon' }),
    ];
    expect(idsOf(byBeginning(products, 9).get('li'))).toEqual(['2', '3', '1']);
    expect(idsOf(byBeginning(products, 2).get('li'))).toEqual(['2', '3']);
  });

  it('S1 is asked for one word of at most three letters', () => {
    expect(beginningOf('L')).toBe('l');
    expect(beginningOf(' Éco ')).toBe('eco');
    for (const prefix of ['', 'lamp', 'a b', 'lamp a', '-', '😀']) expect(beginningOf(prefix), prefix).toBeNull();
  });
});
