import { until } from '@marketgraph/platform/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { foundIds, openShop, search, type Shop } from './shop.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => shop?.stop());

const seen = (id: string, variables: Record<string, unknown>) =>
  until(async () => (await foundIds(shop, variables)).includes(id), { what: `${id} in the index` });

describe('searching', () => {
  it('S1 finds a product by its words, with highlight and the cheapest offer', async () => {
    const { id, offerIds } = await shop.sources.addProduct({
      title: 'Walnut writing desk <b>',
      offers: [{ amount: 30_000 }, { amount: 20_000 }, { amount: 10_000, available: 0 }],
    });
    await seen(id, { query: 'walnut desk' });
    const { edges } = await search(shop, { query: 'walnut desk' });
    expect(edges[0]).toMatchObject({ node: { id }, matchedOffer: { id: offerIds[1] } });
    expect(edges[0]!.highlights).toContainEqual({
      field: 'title',
      snippet: '<mark>Walnut</mark> writing <mark>desk</mark> &lt;b&gt;',
    });
  });

  it('S3 finds an iPhone for "iphnoe" and says what was meant', async () => {
    const { id } = await shop.sources.addProduct({ title: 'Apple iPhone 15 Pro', brand: 'Apple' });
    await seen(id, { query: 'iphone' });
    const found = await search(shop, { query: 'iphnoe' });
    expect(found.edges[0]?.node.id).toBe(id);
    expect(found.correctedQuery).toBe('iphone');
    expect((await search(shop, { query: 'iphone' })).correctedQuery).toBeNull();
  });
});
