import type { Subgraph, Viewer } from '@marketgraph/platform/graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Actions, actions, openShop, present, publishedProduct, type Seller, type Shop } from './shop.ts';

let shop: Shop;
let other: Subgraph;
let act: Actions;
let seller: Seller;
let categoryId: string;

beforeAll(async () => {
  shop = await openShop();
  other = await shop.another();
  act = actions(shop);
  seller = await shop.aSeller();
  categoryId = present((await act.category({ slug: 'lamps', name: 'Lamps' })).category).id;
});
afterAll(() => shop?.stop());

const search: Viewer = { kind: 'service', service: 'search' };

/** What search is told by this process. */
async function shownBy(subgraph: Subgraph, wanted: readonly string[]): Promise<readonly string[]> {
  const query = 'query ($ids: [ID!]!) { publishedProductIds(ids: $ids) }';
  const answer = await subgraph.execute({ query, variables: { ids: wanted }, viewer: search, requestId: 'test' });
  expect(answer.errors).toBeUndefined();
  return (answer.data as { publishedProductIds: string[] }).publishedProductIds;
}

const products = (count: number) =>
  Promise.all(Array.from({ length: count }, () => publishedProduct(act, seller, { categoryId })));

describe('S4 what was taken down', () => {
  it('is told to no search that begins after the answer, by any process, however it went and however often they ask', async () => {
    const all = await products(6);
    const wanted = all.map(({ id }) => id);
    const takeDown = [
      ({ id, version }: (typeof all)[0]) => act.archive(seller.viewer, id, version),
      ({ id }: (typeof all)[0]) => act.moderate({ id, decision: 'REJECT', reason: 'no' }),
      ({ id }: (typeof all)[0]) => act.moderate({ id, decision: 'REQUEST_CHANGES', reason: 'mend it' }),
    ];
    let isOver = false;
    const gone: string[] = [];
    const searches = [shop.subgraph, other].map(async (subgraph) => {
      while (!isOver) {
        const before = [...gone];
        const shown = await shownBy(subgraph, wanted);
        expect(shown.filter((id) => before.includes(id))).toEqual([]);
      }
    });
    try {
      for (const [at, product] of all.entries()) {
        const { product: after, userErrors } = await takeDown[at % takeDown.length]!(product);
        expect(present(after, userErrors).status).not.toBe('PUBLISHED');
        gone.push(product.id);
        for (const subgraph of [shop.subgraph, other]) {
          expect((await shownBy(subgraph, wanted)).toSorted()).toEqual(wanted.slice(at + 1).toSorted());
        }
      }
    } finally {
      isOver = true;
      await Promise.all(searches);
    }
  });

  it('is told to none while Redis is away either', async () => {
    const [lamp, gone] = [(await products(1))[0]!, (await products(1))[0]!];
    const wanted = [lamp.id, gone.id];
    for (const subgraph of [shop.subgraph, other]) expect(await shownBy(subgraph, wanted)).toHaveLength(2);
    const outage = shop.outageOf('redis');
    try {
      await outage.begin();
      present((await act.archive(seller.viewer, gone.id, gone.version)).product);
      expect(await shownBy(shop.subgraph, wanted)).toEqual([lamp.id]);
      expect(await shownBy(other, wanted)).toEqual([lamp.id]);
    } finally {
      await outage.end();
    }
    expect(await shownBy(shop.subgraph, wanted)).toEqual([lamp.id]);
    expect(await shownBy(other, wanted)).toEqual([lamp.id]);
  });
});
