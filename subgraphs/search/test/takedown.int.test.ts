import { aUser, until } from '@marketgraph/platform/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { indexed as indexedIn, askOf, type Found, foundIds, openShop, search, type Shop } from './shop.ts';

let shop: Shop;
beforeEach(async () => {
  shop = await openShop();
});
afterEach(() => shop?.stop());

const indexed = (count: number) => indexedIn(shop, count);
const INDOORS = [{ id: 'cat_indoors', name: 'Indoors' }];

/** So many lamps in the index, the cheapest first; from then on the index learns of nothing. */
async function openLamps(count: number): Promise<string[]> {
  const lamps: string[] = [];
  for (let at = 0; at < count; at += 1) {
    const offers = [{ amount: 100 + at }];
    lamps.push((await shop.sources.addProduct({ title: `Lamp ${at}`, categoryPath: INDOORS, offers })).id);
  }
  await indexed(count);
  return lamps;
}

/** What the catalog does not show any more, of which the index has not heard. */
async function takeDown(ids: readonly string[], status: 'ARCHIVED' | 'REJECTED' = 'ARCHIVED'): Promise<void> {
  shop.sources.isSilent = true;
  for (const id of ids) await shop.sources.changeProduct(id, { status });
}

async function callsDuring<T>(work: () => Promise<T>): Promise<{ answer: T; calls: string[] }> {
  shop.sources.calls.length = 0;
  const answer = await work();
  return { answer, calls: shop.sources.calls.map(({ subgraph }) => subgraph) };
}

describe('a search while the index has not heard of a takedown', () => {
  it('S4 leaves out what was taken down, rejected or deleted, fills the page and counts without them', async () => {
    const lamps = await openLamps(14);
    await takeDown([lamps[2]!]);
    await takeDown([lamps[5]!], 'REJECTED');
    shop.sources.products.delete(lamps[7]!);
    const { answer, calls } = await callsDuring(() => search(shop, { first: 10, sort: 'PRICE_ASC' }));
    expect(answer.edges.map(({ node }) => node.id)).toEqual(
      lamps.filter((_, at) => ![2, 5, 7].includes(at)).slice(0, 10),
    );
    expect(answer).toMatchObject({ totalCount: 11, suppressedOutOfStock: 0, pageInfo: { hasNextPage: true } });
    // Both are asked in the first round, and the first round is enough.
    expect(calls.toSorted()).toEqual(['catalog', 'inventory']);
    const [asked] = shop.sources.calls.filter(({ subgraph }) => subgraph === 'catalog');
    expect(asked?.variables['ids']).toEqual(lamps);
  });

  it('S4 pages through the rest without gap or repetition', async () => {
    const lamps = await openLamps(30);
    const gone = lamps.filter((_, at) => at % 3 === 0);
    await takeDown(gone);
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const page: Found = await search(shop, { first: 6, after, sort: 'PRICE_ASC' });
      if (page.pageInfo.hasNextPage) expect(page.edges).toHaveLength(6);
      seen.push(...page.edges.map(({ node }) => node.id));
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
    } while (after !== null);
    expect(seen).toEqual(lamps.filter((_, at) => at % 3 !== 0));
  });

  it('S4 asks the catalog once a round, however many hits a round has', async () => {
    const lamps = await openLamps(24);
    await takeDown(lamps.slice(0, 18));
    const { answer, calls } = await callsDuring(() => search(shop, { first: 5, sort: 'PRICE_ASC' }));
    expect(answer.edges.map(({ node }) => node.id)).toEqual(lamps.slice(18, 23));
    expect(answer.totalCount).toBe(6);
    expect(calls.toSorted()).toEqual(['catalog', 'catalog', 'inventory', 'inventory']);
  });

  it('S4 tells of no word that only what was taken down has', async () => {
    const { id } = await shop.sources.addProduct({ title: 'Apple iPhone 15 Pro', brand: 'Apple' });
    await indexed(1);
    expect((await search(shop, { query: 'iphnoe' })).correctedQuery).toBe('iphone');
    await takeDown([id]);
    expect(await search(shop, { query: 'iphnoe' })).toMatchObject({ edges: [], totalCount: 0, correctedQuery: null });
  });

  it('S12 keeps its hits while the catalog is away, and shows again what is there when it is back', async () => {
    const lamps = await openLamps(3);
    await takeDown([lamps[0]!]);
    shop.sources.away.add('catalog');
    const { answer, calls } = await callsDuring(() => search(shop, { sort: 'PRICE_ASC' }));
    expect(answer.edges.map(({ node }) => node.id)).toEqual(lamps);
    expect(answer.totalCount).toBe(3);
    expect(calls.toSorted()).toEqual(['catalog', 'inventory']);
    shop.sources.away.clear();
    expect(await foundIds(shop, { sort: 'PRICE_ASC' })).toEqual(lamps.slice(1));
  });
});

describe('other lists while the index has not heard of a takedown', () => {
  const buyer = aUser();
  const LISTS = `query($r: [_Any!]!) { _entities(representations: $r) { ... on Product {
    related(first: 4) { id } alsoBought(first: 4) { id } } } }`;
  const RECOMMENDED = `query($r: [_Any!]!) { _entities(representations: $r) { ... on User { recommendations(first: 4) { id } } } }`;
  type Ids = { id: string }[];
  const trending = async () => {
    const query = '{ trending(first: 4) { rank product { id } } }';
    return (await shop.ask<{ trending: { rank: number; product: { id: string } }[] }>(query)).trending;
  };
  const suggested = async () => {
    const query = '{ searchSuggest(prefix: "lam", first: 4) { text product { id } } }';
    const { searchSuggest } = await shop.ask<{ searchSuggest: { text: string; product: { id: string } | null }[] }>(
      query,
    );
    return searchSuggest.flatMap(({ product }) => product?.id ?? []);
  };
  const lists = async (ids: string[]) => {
    const r = ids.map((id) => ({ __typename: 'Product', id }));
    return (await shop.ask<{ _entities: { related: Ids; alsoBought: Ids }[] }>(LISTS, { r }))._entities;
  };
  const recommended = async () => {
    const variables = { r: [{ __typename: 'User', id: buyer.userId }] };
    type Answer = { _entities: { recommendations: Ids }[] };
    return (await askOf<Answer>(shop.subgraph, RECOMMENDED, variables, buyer))._entities[0]!.recommendations;
  };
  const click = (productId: string) =>
    shop.ask(
      'mutation($input: SearchEventInput!) { searchEventTrack(input: $input) { accepted } }',
      { input: { kind: 'CLICK', productId } },
      buyer,
    );
  const idsOf = (list: Ids) => list.map(({ id }) => id);

  it('S4 trending, suggestions, related, also bought and recommended are full, without them, by one call each', async () => {
    const lamps = await openLamps(12);
    // The last is of interest to the buyer; everybody buys the others with it, and those taken down most.
    const own = lamps[11]!;
    const gone = lamps.slice(0, 3);
    await click(own);
    const orders = [];
    for (const [at, id] of lamps.slice(0, 11).entries()) {
      orders.push(await shop.sources.order([{ productId: own }, { productId: id, quantity: at < 3 ? 9 : 1 }]));
    }
    for (const { id } of orders) {
      await until(async () => (await shop.redis.exists(`search:inbox:search:${id}`)) === 1);
    }
    expect((await trending()).filter(({ product }) => gone.includes(product.id))).toHaveLength(3);
    await takeDown(gone);

    const trends = await callsDuring(trending);
    expect(trends.answer.map(({ rank }) => rank)).toEqual([1, 2, 3, 4]);
    const suggestions = await callsDuring(suggested);
    const likes = await callsDuring(recommended);
    const shown = [trends.answer.map(({ product }) => product.id), suggestions.answer, idsOf(likes.answer)];
    const one = await callsDuring(() => lists([own]));
    shown.push(...one.answer.flatMap(({ related, alsoBought }) => [idsOf(related), idsOf(alsoBought)]));
    for (const ids of shown) {
      expect(ids).toHaveLength(4);
      expect(ids.filter((id) => gone.includes(id))).toEqual([]);
    }
    for (const { calls } of [trends, suggestions, likes]) expect(calls).toEqual(['catalog']);
    // What is related and what is also bought are two lists; for twelve products they are still two.
    const many = await callsDuring(() => lists(lamps));
    expect(many.answer).toHaveLength(12);
    expect(one.calls.every((name) => name === 'catalog')).toBe(true);
    expect(one.calls.length).toBeLessThanOrEqual(2);
    expect(many.calls.length).toBeLessThanOrEqual(3);
  });

  it('S4 what sells best stands in when everything of interest was taken down', async () => {
    const lamps = await openLamps(6);
    await click(lamps[0]!);
    await until(async () => (await trending())[0]?.product.id === lamps[0]);
    await takeDown([lamps[0]!]);
    const { answer, calls } = await callsDuring(trending);
    expect(answer).toHaveLength(4);
    expect(answer.map(({ product }) => product.id)).not.toContain(lamps[0]);
    expect(calls.length).toBeLessThanOrEqual(2);
  });

  it('S12 they stay as indexed while the catalog is away', async () => {
    const lamps = await openLamps(5);
    await takeDown([lamps[0]!]);
    shop.sources.away.add('catalog');
    expect(await trending()).toHaveLength(4);
    expect(await suggested()).toHaveLength(4);
    const [own] = await lists([lamps[1]!]);
    expect(idsOf(own!.related)).toHaveLength(4);
    expect(idsOf(own!.alsoBought)).toHaveLength(4);
    expect(await recommended()).toHaveLength(4);
  });
});
