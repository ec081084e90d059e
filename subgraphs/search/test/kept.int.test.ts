import { anonymous, type Subgraph } from '@marketgraph/platform/graphql';
import type { Redis } from '@marketgraph/platform/redis';
import { until } from '@marketgraph/platform/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { askOf, type Found, indexed, openShop, SEARCH, search, searchRequests, type Shop } from './shop.ts';

let shop: Shop;
let other: Subgraph;
beforeEach(async () => {
  shop = await openShop();
  other = await shop.another();
});
afterEach(async () => {
  await other?.stop();
  await shop?.stop();
});

const lamps = { query: 'lamp', facets: ['brand'] };
const here = () => search(shop, lamps);
const there = async () => (await askOf<{ searchProducts: Found }>(other, SEARCH, lamps, anonymous)).searchProducts;

/** Resolves when a search in both copies is answered without the index. */
const kept = () =>
  until(async () => (await searchRequests(() => Promise.all([here(), there()]))) === 0, {
    what: 'answers to be kept in both copies',
  });

describe('what the index answered', () => {
  it('S2 is kept until the index is written to, and no longer: the next search sees it, and a moment later one of another copy', async () => {
    const { id } = await shop.sources.addProduct({ title: 'Lamp', brand: 'Nordlys' });
    await indexed(shop, 1);
    await kept();
    await shop.sources.addProduct({ title: 'Lamp of today', brand: 'Wool & Co' });
    await indexed(shop, 2);
    await until(async () => (await there()).totalCount === 2);
    for (const search of [here, there]) {
      const page = await search();
      expect(page.totalCount).toBe(2);
      expect(page.facets[0]!.buckets).toHaveLength(2);
    }
    await kept();
    await shop.sources.changeProduct(id, { title: 'Chair' });
    await until(async () => (await here()).totalCount === 1);
    await until(async () => (await there()).totalCount === 1);
    await kept();
    await shop.sources.changeProduct(id, { status: 'ARCHIVED' });
    await indexed(shop, 1);
    expect(await search(shop)).toMatchObject({ totalCount: 1 });
  });

  it('is good for a crowd of searches by a look or two at Redis', async () => {
    await shop.sources.addProduct({ title: 'Lamp', brand: 'Nordlys' });
    await indexed(shop, 1);
    await kept();
    const looks = vi.spyOn(Object.getPrototypeOf(shop.redis) as Redis, 'get');
    try {
      expect(await searchRequests(() => Promise.all(Array.from({ length: 50 }, here)))).toBe(0);
      expect(looks.mock.calls.length).toBeLessThan(5);
    } finally {
      looks.mockRestore();
    }
  });

  it('S4 says nothing of what can be bought: inventory and the catalog are asked each time', async () => {
    const products = [];
    for (const amount of [100, 200, 300]) {
      products.push(await shop.sources.addProduct({ title: 'Lamp', offers: [{ amount }] }));
    }
    await indexed(shop, 3);
    await kept();
    shop.sources.isSilent = true;
    await shop.sources.setStock(products[0]!.offerIds[0]!, 0);
    await shop.sources.changeProduct(products[1]!.id, { status: 'ARCHIVED' });
    for (const search of [here, there]) {
      let page: Found | undefined;
      expect(await searchRequests(async () => void (page = await search()))).toBe(0);
      expect(page!.edges.map(({ node }) => node.id)).toEqual([products[2]!.id]);
      expect(page!.suppressedOutOfStock).toBe(1);
    }
  });
});
