import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergedRegions } from './merged-regions.ts';

const hits = (region: string, ...ids: string[]) => ({ region, hits: ids.map((productId) => ({ region, productId })) });
const shown = (merged: { region: string; productId: string }[]) =>
  merged.map(({ region, productId }) => `${region}:${productId}`);

describe('the answers of several regions', () => {
  it('S11 are taken by turns, the own region first, each product once', () => {
    const merged = mergedRegions([hits('us', 'a', 'b', 'c'), hits('eu', 'b', 'd')], { home: 'eu', first: 10 });
    expect(shown(merged)).toEqual(['eu:b', 'us:a', 'eu:d', 'us:c']);
  });

  it('S11 are one list with every product, none twice, none more than asked for, each region in its own order', () => {
    const region = fc.record({
      region: fc.constantFrom('eu', 'us', 'ap'),
      ids: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')),
    });
    const regions = fc.uniqueArray(region, { selector: (one) => one.region });
    fc.assert(
      fc.property(regions, fc.nat(12), (answers, first) => {
        const merged = mergedRegions(
          answers.map((answer) => hits(answer.region, ...answer.ids)),
          { home: 'us', first },
        );
        const all = new Set(answers.flatMap(({ ids }) => ids));
        expect(new Set(merged.map(({ productId }) => productId)).size).toBe(merged.length);
        expect(merged).toHaveLength(Math.min(first, all.size));
        for (const { region: name, ids } of answers) {
          const own = merged.filter((hit) => hit.region === name).map(({ productId }) => productId);
          expect(own).toEqual(ids.filter((id) => own.includes(id)));
        }
      }),
    );
  });
});
