import { until } from '@marketgraph/platform/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { typesenseIndex } from '../src/clients/search-index.ts';
import { diffIndex } from '../src/queries/diff-index.ts';
import { foundIds, indexed as indexedIn, openShop, search, searchRequests, type Shop } from './shop.ts';

const GTIN = '4006381333931';

let shop: Shop;
beforeEach(async () => {
  shop = await openShop();
});
afterEach(() => shop?.stop());

const indexed = (count: number) => indexedIn(shop, count);
const options = (colour: string, size: string) => [
  { key: 'colour', value: colour, unit: null },
  { key: 'size', value: size, unit: null },
];

/** A shirt, white in L and blue in M, and one that is nothing but white. */
async function openShirts() {
  const shirt = await shop.sources.addProduct({
    title: 'Linen shirt',
    variants: [
      { id: 'var_white', gtin: null, options: options('white', 'L') },
      { id: 'var_blue', gtin: GTIN, options: options('deep blue', 'M') },
    ],
    offers: [
      { variantId: 'var_white', amount: 2_000, sku: 'SHIRT-W/1' },
      { variantId: 'var_blue', amount: 3_000, sku: 'SHIRT-B/2' },
    ],
  });
  const plain = await shop.sources.addProduct({
    title: 'Cotton shirt',
    attributes: [{ key: 'colour', value: 'white', unit: null, isFacet: true }],
    offers: [{ amount: 1_000, sku: 'PLAIN' }],
  });
  await indexed(2);
  return { shirt, plain };
}

describe('a product of several forms', () => {
  it('S1 is found and narrowed by their options, with the offer of the form that was asked for', async () => {
    const { shirt, plain } = await openShirts();
    const of = (colour: string, size?: string) => ({
      filter: {
        attributes: [{ key: 'colour', anyOf: [colour] }, ...(size ? [{ key: 'size', anyOf: [size] }] : [])],
      },
    });
    expect(await foundIds(shop, { query: 'blue shirt' })).toEqual([shirt.id]);
    const { facets } = await search(shop, { facets: ['attributes.colour', 'attributes.size'] });
    expect(facets.map(({ buckets }) => buckets)).toEqual([
      [
        { value: 'white', count: 2 },
        { value: 'deep blue', count: 1 },
      ],
      expect.arrayContaining([
        { value: 'L', count: 1 },
        { value: 'M', count: 1 },
      ]),
    ]);
    const { edges } = await search(shop, of('deep blue'));
    expect(edges.map(({ node, matchedOffer }) => [node.id, matchedOffer?.id])).toEqual([[shirt.id, shirt.offerIds[1]]]);
    expect((await foundIds(shop, of('white'))).toSorted()).toEqual([shirt.id, plain.id].toSorted());
    expect(await foundIds(shop, of('white', 'L'))).toEqual([shirt.id]);
    // White and M are there, but not on one shirt.
    expect(await search(shop, of('white', 'M'))).toMatchObject({
      ...{ edges: [], totalCount: 0, suppressedOutOfStock: 0 },
    });
  });

  it('S4 is not narrowed by the option of a form that is sold out', async () => {
    const { shirt } = await openShirts();
    await shop.sources.setStock(shirt.offerIds[1]!, 0);
    const blue = { attributes: [{ key: 'colour', anyOf: ['deep blue'] }] };
    // Inventory says so at once, facets count what the index has.
    await until(async () => (await foundIds(shop, { filter: blue })).length === 0);
    const colours = async () => (await search(shop, { facets: ['attributes.colour'] })).facets[0]?.buckets;
    await until(async () => (await colours())?.length === 1, { what: 'the facet without the colour' });
    expect(await colours()).toEqual([{ value: 'white', count: 2 }]);
    // It is still what somebody may look for.
    expect(await foundIds(shop, { query: 'blue shirt' })).toEqual([shirt.id]);
    const index = typesenseIndex({ url: shop.config.typesenseUrl, apiKey: shop.config.typesenseApiKey });
    expect(await diffIndex({ redis: shop.redis, index, peers: shop.sources.peers })).toEqual([]);
  });
});

describe('the code of an article', () => {
  it.each([GTIN, '4 006381 333931', `0${GTIN}`, 'SHIRT-B/2', 'shirt-b2', 'shirtb2'])(
    'S1 %j finds it, with the offer whose code it is',
    async (query) => {
      const { shirt } = await openShirts();
      const { edges, correctedQuery } = await search(shop, { query });
      expect(edges.map(({ node, matchedOffer }) => [node.id, matchedOffer?.id])).toEqual([
        [shirt.id, shirt.offerIds[1]],
      ]);
      expect(correctedQuery).toBeNull();
    },
  );

  it('S1 comes before no words: a sku like what others ask for brings its product nowhere', async () => {
    const phone = await shop.sources.addProduct({ title: 'Nova 15 iphone15 case', offers: [{ sku: 'N-1' }] });
    await shop.sources.addProduct({ title: 'Rubber duck', offers: [{ sku: 'iPhone15' }] });
    const digits = await shop.sources.addProduct({ title: `Poster ${GTIN}`, offers: [{ sku: 'P-1' }] });
    await indexed(3);
    expect(await foundIds(shop, { query: 'iphone15' })).toEqual([phone.id]);
    expect(await foundIds(shop, { query: GTIN })).toEqual([digits.id]);
    const article = await shop.sources.addProduct({
      title: 'The article itself',
      variants: [{ id: 'var_a', gtin: GTIN, options: [] }],
    });
    await indexed(4);
    expect(await foundIds(shop, { query: GTIN })).toEqual([article.id]);
  });

  it('S1 is narrowed, sorted and paged like words, and costs no further question', async () => {
    const variants = [{ id: 'var_a', gtin: GTIN, options: [] }];
    const listed: { id: string }[] = [];
    for (const amount of [300, 100, 200]) {
      listed.push(await shop.sources.addProduct({ variants, offers: [{ variantId: 'var_a', amount }] }));
    }
    await indexed(3);
    const sorted = await search(shop, { query: GTIN, sort: 'PRICE_ASC', first: 2, facets: ['brand'] });
    expect(sorted).toMatchObject({ totalCount: 3, facets: [{ buckets: [{ value: 'North', count: 3 }] }] });
    const rest = await foundIds(shop, { query: GTIN, sort: 'PRICE_ASC', first: 2, after: sorted.pageInfo.endCursor });
    expect([...sorted.edges.map(({ node }) => node.id), ...rest]).toEqual([1, 2, 0].map((at) => listed[at]!.id));
    expect(await foundIds(shop, { query: GTIN, filter: { priceMax: 100 } })).toEqual([listed[1]!.id]);
    expect(await searchRequests(() => foundIds(shop, { query: `0${GTIN}`, sort: 'NEWEST' }))).toBe(1);
  });
});
