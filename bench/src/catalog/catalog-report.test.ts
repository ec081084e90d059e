import { describe, expect, it } from 'vitest';
import { catalogReport } from './catalog-report.ts';
import type { CatalogRound, Cell, Shop } from './catalog-rounds.ts';
import { READS } from './reads.ts';

const shop = (products: number, isCached: boolean) =>
  ({ name: `${products}${isCached ? ', cached' : ''}`, products, isCached }) as Shop;

/** A round in which everything took so much. */
const round = (allMs: number): CatalogRound => ({
  ...{ operations: 10, perSecond: 10, p50Ms: allMs, p95Ms: allMs * 20, p99Ms: allMs * 40, allMs },
  cpuMs: { node: allMs, postgres: 0, redis: 0, emulators: 0 },
});

/** One round was disturbed. */
const drivers = [0.3, 7, 0.2].map((driverMs) => ({
  ...{ read: 'search' as const, driverMs, storesMs: 0.5, perSecond: 1_000, p50Ms: 1, p99Ms: 2 },
}));

function report() {
  const [small, large, cached] = [shop(1_000, false), shop(10_000, false), shop(1_000, true)];
  const cells = new Map<Cell, CatalogRound[]>();
  for (const read of READS) {
    // One round was disturbed.
    cells.set({ shop: small, read, callers: 1 }, [round(1), round(90), round(1.2)]);
    // One round was slow for everybody, another one for the large shop alone.
    cells.set({ shop: small, read, callers: 16 }, [round(1), round(2), round(1)]);
    cells.set({ shop: small, read, callers: 64 }, [round(9), round(9), round(9)]);
    cells.set({ shop: large, read, callers: 1 }, [round(2), round(3), round(2.5)]);
    cells.set({ shop: large, read, callers: 16 }, [round(1.4), round(2.8), round(5)]);
    cells.set({ shop: cached, read, callers: 16 }, [round(0.1), round(0.1), round(0.1)]);
  }
  const settings = { build: 'sources' as const, sizes: [1_000, 10_000], callers: [1, 16, 64], limited: [1, 16] };
  return catalogReport(
    {
      ...{ ...settings, vendors: 1, pages: 1, withCache: true, rounds: 3, warmUpMs: 0, roundMs: 0 },
      say: () => undefined,
    },
    { shops: [small, large, cached], cells, bare: [], drivers, bytes: {} },
  );
}

describe('the report of a catalog', () => {
  it('holds shops of the first size against the limits, as shipped and without the cache, by medians', () => {
    const limits = report().figures.filter(({ name }) => name.includes('CPU of everything'));
    const off = limits.filter(({ name }) => name.endsWith('cache off'));
    expect(off.map(({ name, value, limit }) => [name, value, limit])).toEqual([
      ['product page: CPU of everything, 1 at a time, cache off', 1.2, 1.5],
      ['product page: CPU of everything, 16 at a time, cache off', 1, 1.5],
      ['category list: CPU of everything, 1 at a time, cache off', 1.2, 2],
      ['category list: CPU of everything, 16 at a time, cache off', 1, 2],
      ['search: CPU of everything, 1 at a time, cache off', 1.2, 4],
      ['search: CPU of everything, 16 at a time, cache off', 1, 4],
    ]);
    const shipped = limits.filter(({ name }) => name.endsWith('as shipped'));
    expect(shipped.map(({ value, limit }) => [value, limit])).toEqual([
      [0.1, 1.5],
      [0.1, 2],
      [0.1, 4],
    ]);
  });

  it('has what the drivers alone need for the same read beside it, where that was measured', () => {
    const bounds = report()
      .figures.filter(({ name }) => name.includes('CPU'))
      .map(({ name, bound }) => [name.split(':', 1)[0], bound?.value]);
    expect(bounds.filter(([read]) => read === 'search')).toEqual([
      ['search', 0.8],
      ['search', 0.8],
      ['search', 0.8],
    ]);
    expect(bounds.filter(([read]) => read === 'product page')).toEqual(Array(4).fill(['product page', undefined]));
  });

  it('says how long one caller waits for a search and for suggestions, in shops of each size', () => {
    const waits = report().figures.filter(({ name }) => name.includes('p95'));
    expect(waits.map(({ name, value, limit }) => [name, value, limit])).toEqual([
      ['search: p95, 1,000 products, cache off', 24, 50],
      ['search: p95, 10,000 products, cache off', 50, 50],
      ['suggestions: p95, 1,000 products, cache off', 24, 50],
      ['suggestions: p95, 10,000 products, cache off', 50, 50],
    ]);
  });

  it('says how the cost of page and list grows with the catalog, of what is not cached', () => {
    const growth = report().figures.filter(({ unit }) => unit === '×');
    expect(growth.map(({ name, value, limit }) => [name, value, limit])).toEqual([
      ['product page: CPU, 10,000 ÷ 1,000 products', 1.4, 1.3],
      ['category list: CPU, 10,000 ÷ 1,000 products', 1.4, 1.3],
    ]);
  });

  it('draws latency of the first shop, and cost of those without a cache', () => {
    const [latency, cost] = report().plots!;
    // Four reads, two lines each, three crowds.
    expect(latency!.svg.match(/<circle/g)).toHaveLength(24);
    expect(cost!.svg.match(/<circle/g)).toHaveLength(8);
  });
});
