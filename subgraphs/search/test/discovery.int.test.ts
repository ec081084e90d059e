import { aUser, until } from '@marketgraph/platform/testing';
import { anonymous, type Viewer } from '@marketgraph/platform/graphql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { indexed as indexedIn, askOf, openShop, search, SEARCH, searchRequests, type Shop } from './shop.ts';

let shop: Shop;
beforeEach(async () => {
  shop = await openShop();
});
afterEach(() => shop?.stop());

const indexed = (count: number) => indexedIn(shop, count);

interface Trend {
  rank: number;
  score: number;
  product: { id: string };
}
const trending = async (categoryId: string | null = null): Promise<Trend[]> => {
  const query = 'query($categoryId: ID) { trending(categoryId: $categoryId) { rank score product { id } } }';
  return (await shop.ask<{ trending: Trend[] }>(query, { categoryId })).trending;
};
const trendingIds = async (categoryId: string | null = null) =>
  (await trending(categoryId)).map(({ product }) => product.id);
const track = async (productId: string, kind: string, viewer: Viewer = aUser()) => {
  const query = 'mutation($input: SearchEventInput!) { searchEventTrack(input: $input) { accepted } }';
  const variables = { input: { kind, productId } };
  return (await shop.ask<{ searchEventTrack: { accepted: boolean } }>(query, variables, viewer)).searchEventTrack
    .accepted;
};

interface Lists {
  related: { id: string }[];
  alsoBought: { id: string }[];
}
const LISTS =
  'query($r: [_Any!]!, $first: Int) { _entities(representations: $r) { ... on Product { related(first: $first) { id } alsoBought(first: $first) { id } } } }';
const lists = async (ids: string[], first = 8): Promise<{ related: string[]; alsoBought: string[] }[]> => {
  const representations = ids.map((id) => ({ __typename: 'Product', id }));
  const { _entities } = await shop.ask<{ _entities: Lists[] }>(LISTS, { r: representations, first });
  return _entities.map(({ related, alsoBought }) => ({
    related: related.map(({ id }) => id),
    alsoBought: alsoBought.map(({ id }) => id),
  }));
};

describe('suggestions', () => {
  const suggest = async (prefix: string, first = 8) => {
    const query =
      'query($prefix: String!, $first: Int) { searchSuggest(prefix: $prefix, first: $first) { text product { id } category { id } } }';
    type Suggestion = { text: string; product: { id: string } | null; category: { id: string } | null };
    return (await shop.ask<{ searchSuggest: Suggestion[] }>(query, { prefix, first })).searchSuggest;
  };

  it('S1 offers brands, categories and titles that begin so, each once', async () => {
    const { id } = await shop.sources.addProduct({ title: 'Northern light', brand: 'Nordlys' });
    await shop.sources.addProduct({ title: 'Northern light', brand: 'Nordlys' });
    await shop.sources.addProduct({
      title: 'Scarf',
      brand: 'Wool & Co',
      categoryPath: [{ id: 'cat_nordic', name: 'Nordic' }],
    });
    await indexed(3);
    const found = await suggest('nor');
    expect(found.map(({ text }) => text).toSorted()).toEqual(['Nordic', 'Nordlys', 'Northern light', 'Scarf']);
    expect(found.find(({ text }) => text === 'Nordic')?.category).toEqual({ id: 'cat_nordic' });
    expect(found.find(({ text }) => text === 'Northern light')?.product?.id).toHaveLength(id.length);
    expect((await suggest('nor', 1)).length).toBe(1);
    expect(await suggest('   ')).toEqual([]);
  });

  it('S8 begins with what several people searched and found, the most frequent first', async () => {
    await shop.sources.addProduct({ title: 'Brass reading lamp' });
    await indexed(1);
    const ask = async (query: string, people: number) => {
      for (let at = 0; at < people; at += 1) {
        const viewer = aUser({ userId: `usr_${query}_${at}` });
        for (let time = 0; time < 2; time += 1) await askOf(shop.subgraph, SEARCH, { query }, viewer);
      }
    };
    await ask('Reading lamp', 3);
    await ask('reading', 4);
    await ask('reading brass', 2);
    await ask('reading nothing at all', 4);
    await ask('readin', 4);
    await until(async () => {
      const texts = (await suggest('read')).map(({ text }) => text);
      return texts.join() === 'reading,reading lamp,Brass reading lamp';
    });
  });

  it('refuses prefixes and lists without end', async () => {
    await expect(suggest('a'.repeat(101))).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    await expect(suggest('a', 21)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    await expect(suggest('a', 0)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});

describe('what others look at and buy', () => {
  it('O34 S6 an order makes its products trend and recommends them with each other', async () => {
    const lamp = await shop.sources.addProduct({ title: 'Lamp' });
    const bulb = await shop.sources.addProduct({ title: 'Bulb' });
    const chair = await shop.sources.addProduct({ title: 'Chair' });
    await indexed(3);
    await shop.sources.order([
      { productId: lamp.id, quantity: 1 },
      { productId: bulb.id, quantity: 4 },
    ]);
    await until(async () => (await trendingIds()).join() === [bulb.id, lamp.id].join());
    const [ofLamp, ofBulb] = await lists([lamp.id, bulb.id]);
    expect(ofLamp?.alsoBought).toEqual([bulb.id]);
    expect(ofBulb?.alsoBought).toEqual([lamp.id]);
    await shop.sources.order([{ productId: lamp.id }, { productId: chair.id }]);
    await shop.sources.order([{ productId: lamp.id }, { productId: chair.id }]);
    await until(async () => (await lists([lamp.id]))[0]?.alsoBought.join() === [chair.id, bulb.id].join());
  });

  it('O34 counts an order once however often it is told', async () => {
    const lamp = await shop.sources.addProduct();
    await indexed(1);
    const event = await shop.sources.order([{ productId: lamp.id, quantity: 2 }]);
    await shop.bus.publish('orders', [event, event]);
    const marker = await shop.sources.addProduct();
    await until(async () => (await search(shop)).edges.some(({ node }) => node.id === marker.id));
    await until(async () => (await shop.redis.hget(`search:product:${lamp.id}`, 'sold')) === '2');
    await shop.bus.publish('orders', [event]);
    const last = await shop.sources.order([{ productId: marker.id }]);
    await until(async () => (await shop.redis.exists(`search:inbox:search:${last.id}`)) === 1);
    expect(await shop.redis.hget(`search:product:${lamp.id}`, 'sold')).toBe('2');
  });

  it('S6 shows what is trending where nobody has bought anything together', async () => {
    const lamp = await shop.sources.addProduct();
    const bulb = await shop.sources.addProduct();
    await indexed(2);
    await track(bulb.id, 'CLICK');
    expect((await lists([lamp.id]))[0]?.alsoBought).toEqual([bulb.id]);
  });

  it('S6 finds the pairs that were planted in a history of orders, first of all that was bought with them', async () => {
    const products: string[] = [];
    for (let count = 0; count < 8; count += 1) products.push((await shop.sources.addProduct()).id);
    await indexed(8);
    const pairs = [0, 2, 4].map((at) => [products[at]!, products[at + 1]!] as const);
    // Three orders of each pair, and one in which somebody bought everything.
    for (const [one, other] of [...pairs, ...pairs, ...pairs]) {
      await shop.sources.order([{ productId: one }, { productId: other }]);
    }
    const last = await shop.sources.order(products.map((productId) => ({ productId })));
    await until(async () => (await shop.redis.exists(`search:inbox:search:${last.id}`)) === 1);
    for (const [one, other] of pairs) {
      const [ofOne, ofOther] = await lists([one, other]);
      expect([ofOne!.alsoBought[0], ofOther!.alsoBought[0]]).toEqual([other, one]);
    }
    const asked = shop.sources.calls.filter(({ subgraph }) => subgraph === 'orders');
    // Served from what was counted, and not asked of anybody.
    expect(asked).toEqual([]);
  });

  it('recommends and shows only what can be bought', async () => {
    const lamp = await shop.sources.addProduct();
    const bulb = await shop.sources.addProduct();
    await indexed(2);
    await shop.sources.order([{ productId: lamp.id }, { productId: bulb.id }]);
    await until(async () => (await lists([lamp.id]))[0]?.alsoBought.includes(bulb.id));
    await shop.sources.setStock(bulb.offerIds[0]!, 0);
    await until(async () => !(await lists([lamp.id]))[0]?.alsoBought.includes(bulb.id));
    expect(await trendingIds()).toEqual([lamp.id]);
  });

  it('relates products of one category, and asks the index the same few times for one product or twenty', async () => {
    const categories = ['a', 'b'].map((id) => [{ id: `cat_${id}`, name: id }]);
    const products: string[] = [];
    for (let count = 0; count < 20; count += 1) {
      products.push((await shop.sources.addProduct({ categoryPath: categories[count % 2] })).id);
    }
    await indexed(20);
    await shop.sources.order([{ productId: products[4]!, quantity: 3 }]);
    await until(async () => (await lists([products[0]!]))[0]?.related[0] === products[4]);
    const [first] = await lists([products[0]!], 3);
    expect(first?.related).toHaveLength(3);
    expect(first?.related).not.toContain(products[0]);
    expect(first?.related.every((id) => products.indexOf(id) % 2 === 0)).toBe(true);
    const requests = await searchRequests(() => lists(products));
    expect(requests).toBeGreaterThan(0);
    expect(requests).toBe(await searchRequests(() => lists(products.slice(0, 1))));
  });

  it('S1 ranks by interest within a category, each buyer counting once an hour', async () => {
    const lamp = await shop.sources.addProduct({ categoryPath: [{ id: 'cat_l', name: 'L' }] });
    const chair = await shop.sources.addProduct({ categoryPath: [{ id: 'cat_c', name: 'C' }] });
    await indexed(2);
    const buyer = aUser();
    expect(await track(lamp.id, 'CLICK', buyer)).toBe(true);
    expect(await track(lamp.id, 'CLICK', buyer)).toBe(false);
    expect(await track(chair.id, 'ADD_TO_CART', buyer)).toBe(true);
    await until(async () => (await trending()).map(({ score }) => score).join() === '4,1');
    expect(await trendingIds()).toEqual([chair.id, lamp.id]);
    expect(await trendingIds('cat_l')).toEqual([lamp.id]);
    expect(await trendingIds('cat_`x')).toEqual([]);
  });

  it('shows what sells best before there is any interest', async () => {
    const lamp = await shop.sources.addProduct();
    await indexed(1);
    expect(await trending()).toEqual([{ rank: 1, score: 0, product: { id: lamp.id } }]);
  });

  it('counts neither unknown products nor a crowd without names for ever, nor a purchase on a client’s word', async () => {
    const lamp = await shop.sources.addProduct();
    const chair = await shop.sources.addProduct();
    await indexed(2);
    expect(await track('prd_unknown', 'CLICK')).toBe(false);
    const answers = [];
    for (let count = 0; count < 40; count += 1) answers.push(await track(lamp.id, 'CLICK', anonymous));
    expect(answers.filter(Boolean)).toHaveLength(30);
    expect(await track(chair.id, 'PURCHASE')).toBe(true);
    await until(async () => (await trendingIds()).join() === lamp.id);
  });
});
