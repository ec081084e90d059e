import { describe, expect, it } from 'vitest';
import { begunOn, type Named, shelfOf } from './beginnings.ts';

const aNamed = (id: string, title: string, more: Partial<Named> = {}): Named => ({
  ...{ id, title, categories: [], categoryIds: [] },
  ...more,
});
const find = (products: Named[], typed: string, count: number) =>
  begunOn(shelfOf(products), typed, count)?.map(({ id }) => id) ?? null;

describe('products that have what somebody types', () => {
  const eclair = [aNamed('1', 'Éclair-Blue LAMP', { brand: 'Nordlys & Co', categories: ['Home'] })];

  it('S1 are found by each word of title, brand and category as it is typed, however it is written', () => {
    for (const typed of ['e', 'EC', 'éclair', 'blu', 'lamp', 'nor', 'c', 'co', 'hom', 'lamp ecl', 'home lamp n']) {
      expect(find(eclair, typed, 1), typed).toEqual(['1']);
    }
    for (const typed of ['', '-', 'a', 'amp', 'lamps', 'ec lamp', 'lamp x', '😀']) {
      expect(find(eclair, typed, 1), typed).toBeNull();
    }
  });

  it('S1 come first where all of it is in their name, then where a category has some, each once; too few are none', () => {
    const products = [
      aNamed('1', 'Kettle', { categories: ['Light'] }),
      aNamed('2', 'Little lamp light', { categories: ['Light'] }),
      aNamed('3', 'Cup', { brand: 'Lisbon' }),
    ];
    expect(find(products, 'li', 3)).toEqual(['2', '3', '1']);
    expect(find(products, 'li', 2)).toEqual(['2', '3']);
    expect(find(products, 'li', 4)).toBeNull();
  });
});
