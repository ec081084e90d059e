import { startTypesenseEmulator, type TypesenseEmulator } from '@marketgraph/emulator-typesense';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type SearchIndex, typesenseIndex } from '../src/clients/search-index.ts';
import { mergedRegions } from '../src/domain/merged-regions.ts';
import type { ProductSources } from '../src/domain/product-document.ts';
import { fill } from './quality/measure.ts';

const REGIONS = ['eu', 'us'] as const;
let emulators: TypesenseEmulator[];
let indexes: Map<string, SearchIndex>;

beforeEach(async () => {
  emulators = await Promise.all(REGIONS.map((region) => startTypesenseEmulator({ apiKey: region })));
  indexes = new Map(REGIONS.map((region, at) => [region, typesenseIndex({ url: emulators[at]!.url, apiKey: region })]));
});
afterEach(() => Promise.all((emulators ?? []).map((emulator) => emulator.stop())));

const product = (productId: string, title: string): ProductSources => ({
  productId,
  facts: {
    slug: productId,
    title,
    description: null,
    status: 'PUBLISHED',
    brand: null,
    categoryPath: [],
    attributes: [],
    createdAt: '2026-01-01T00:00:00.000Z',
  },
  offers: [
    {
      id: `off_${productId}`,
      facts: { vendorId: 'ven_a', status: 'ACTIVE', amount: 100, currencyCode: 'EUR' },
      available: 1,
    },
  ],
  vendors: new Map(),
  rating: { average: 0, count: 0 },
  sold: 0,
});

describe('an index per region', () => {
  it('S11 is searched across the border as one list, the own region first', async () => {
    await fill(indexes.get('eu')!, [product('prd_both', 'Brass lamp'), product('prd_eu', 'Paper lamp')]);
    await fill(indexes.get('us')!, [product('prd_both', 'Brass lamp'), product('prd_us', 'Lava lamp')]);
    const answers = await Promise.all(
      [...indexes].map(async ([region, index]) => {
        const [answer] = await index.search([{ words: 'lamp', filterBy: 'inStock:=true', offset: 0, limit: 10 }]);
        return { region, hits: answer!.hits.map(({ document }) => ({ region, productId: document.id })) };
      }),
    );
    const merged = mergedRegions(answers, { home: 'us', first: 10 });
    expect(merged[0]?.region).toBe('us');
    expect(merged.map(({ productId }) => productId).toSorted()).toEqual(['prd_both', 'prd_eu', 'prd_us']);
    expect(mergedRegions(answers, { home: 'eu', first: 1 }).map(({ region }) => region)).toEqual(['eu']);
  });
});
