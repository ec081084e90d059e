import { until } from '@marketgraph/platform/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { indexed, openShop, search, searchRequests, type Shop } from './shop.ts';

let shop: Shop;
const startedAt = new Date();
let laterMs: number;
beforeEach(async () => {
  laterMs = 0;
  shop = await openShop({ clock: { now: () => new Date(startedAt.getTime() + laterMs) } });
});
afterEach(() => shop?.stop());

async function suggest(prefix: string, first = 2): Promise<string[]> {
  const query = 'query($prefix: String!, $first: Int) { searchSuggest(prefix: $prefix, first: $first) { text } }';
  const { searchSuggest } = await shop.ask<{ searchSuggest: { text: string }[] }>(query, { prefix, first });
  return searchSuggest.map(({ text }) => text);
}

/** Eight lamps; the sixth is the only one that was bought. Resolves to their ids when the index knows. */
async function openLamps(): Promise<string[]> {
  const lamps: string[] = [];
  for (let at = 0; at < 8; at += 1) {
    const product = { title: `Lamp ${at}`, brand: null, categoryPath: [{ id: 'cat_home', name: 'Home' }] };
    lamps.push((await shop.sources.addProduct(product)).id);
  }
  await shop.sources.order([{ productId: lamps[5]!, quantity: 3 }]);
  await indexed(shop, 8);
  await until(async () => (await search(shop, { sort: 'POPULARITY' })).edges[0]?.node.id === lamps[5]);
  return lamps;
}

describe('suggestions for what many products begin with', () => {
  it('S1 are what sells best, and looked for once however many people type', async () => {
    await openLamps();
    expect((await suggest('l'))[0]).toBe('Lamp 5');
    const typing = async () => {
      for (const prefix of ['l', 'la', 'LAMP', 'home l', 'h']) expect(await suggest(prefix)).toHaveLength(2);
    };
    expect(await searchRequests(typing)).toBe(0);
    // The whole index is asked about what few have.
    expect(await searchRequests(() => suggest('lamp 7'))).toBe(1);
    await shop.sources.addProduct({ title: 'Xylophone' });
    await indexed(shop, 9);
    expect(await suggest('x')).toEqual(['Xylophone']);
    laterMs = 10_000;
    expect(await searchRequests(typing)).toBe(1);
  });

  it('S4 are without what was taken down since they were looked for, by one question to the catalog', async () => {
    const lamps = await openLamps();
    expect((await suggest('l'))[0]).toBe('Lamp 5');
    shop.sources.isSilent = true;
    await shop.sources.changeProduct(lamps[5]!, { status: 'ARCHIVED' });
    shop.sources.calls.length = 0;
    const left = await suggest('l');
    expect(left).toHaveLength(2);
    expect(left).not.toContain('Lamp 5');
    expect(shop.sources.calls.map(({ subgraph }) => subgraph)).toEqual(['catalog']);
  });
});
