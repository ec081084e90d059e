import { until } from '@marketgraph/platform/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { indexed as indexedIn, foundIds, openShop, search, searchRequests, type Shop } from './shop.ts';

let shop: Shop;
beforeEach(async () => {
  shop = await openShop();
});
afterEach(() => shop?.stop());

const everything = { filter: { inStockOnly: false }, first: 100 };
const indexed = (count: number) => indexedIn(shop, count, everything);
const attribute = (key: string, value: string | number, isFacet = true) => ({ key, value, unit: null, isFacet });
const ROOT = { id: 'cat_home', name: 'Home' };
const LAMPS = { id: 'cat_lamps', name: 'Lamps' };

describe('searching', () => {
  it('S1 finds a product by its words, with highlight and the cheapest offer in stock', async () => {
    const { id, offerIds } = await shop.sources.addProduct({
      title: 'Walnut writing desk <b>',
      offers: [{ amount: 30_000 }, { amount: 20_000 }, { amount: 10_000, available: 0 }],
    });
    await indexed(1);
    const { edges } = await search(shop, { query: 'walnut desk' });
    expect(edges[0]).toMatchObject({ node: { id }, matchedOffer: { id: offerIds[1] } });
    expect(edges[0]!.highlights).toContainEqual({
      field: 'title',
      snippet: '<mark>Walnut</mark> writing <mark>desk</mark> &lt;b&gt;',
    });
  });

  it('S1 narrows by category and below, vendor, price of one offer, rating and attributes', async () => {
    const { sources } = shop;
    const lamp = await sources.addProduct({
      title: 'Lamp one',
      categoryPath: [ROOT, LAMPS],
      attributes: [attribute('colour', 'deep blue'), attribute('weight', 3, false)],
      offers: [
        { vendorId: 'ven_a', amount: 1_000 },
        { vendorId: 'ven_b', amount: 9_000 },
      ],
    });
    const chair = await sources.addProduct({
      title: 'Chair',
      brand: 'South',
      categoryPath: [ROOT],
      attributes: [attribute('colour', 'deep')],
      offers: [{ vendorId: 'ven_b', amount: 5_000 }],
    });
    await sources.rate(lamp.id, 4.5, 2);
    await indexed(2);
    const narrowed = (filter: object) => foundIds(shop, { filter });
    await until(async () => (await narrowed({ ratingMin: 4 })).length === 1);
    expect(await narrowed({ categoryIds: ['cat_home'] })).toHaveLength(2);
    expect(await narrowed({ categoryIds: ['cat_lamps'] })).toEqual([lamp.id]);
    expect(await narrowed({ categoryIds: ['cat_none'] })).toEqual([]);
    expect(await narrowed({ categoryIds: [] })).toEqual([]);
    expect(await narrowed({ vendorIds: ['ven_a'] })).toEqual([lamp.id]);
    expect(await narrowed({ priceMin: 2_000, priceMax: 6_000 })).toEqual([chair.id]);
    expect(await narrowed({ priceMin: 9_000 })).toEqual([lamp.id]);
    expect(await narrowed({ ratingMin: 4 })).toEqual([lamp.id]);
    expect(await narrowed({ attributes: [{ key: 'colour', anyOf: ['deep'] }] })).toEqual([chair.id]);
    expect(await narrowed({ attributes: [{ key: 'brand', anyOf: ['South', 'East'] }] })).toEqual([chair.id]);
    expect(await narrowed({ attributes: [{ key: 'category', anyOf: ['Home > Lamps'] }] })).toEqual([lamp.id]);
    const { edges } = await search(shop, { filter: { vendorIds: ['ven_b'], priceMin: 9_000 } });
    expect(edges.map(({ matchedOffer }) => matchedOffer?.id)).toEqual([lamp.offerIds[1]]);
  });

  it('S1 counts facets over the whole result, each value usable as a filter', async () => {
    const { sources } = shop;
    for (const [brand, amount] of [
      ['North', 1_500],
      ['North', 12_000],
      ['South', 700],
    ] as const) {
      const { id } = await sources.addProduct({
        brand,
        categoryPath: brand === 'North' ? [ROOT, LAMPS] : [ROOT],
        attributes: [attribute('colour', brand === 'North' ? 'blue' : 'red')],
        offers: [{ amount, vendorId: `ven_${brand}` }],
      });
      await sources.rate(id, amount === 700 ? 4.2 : 5, 1);
    }
    await indexed(3);
    const facets = ['brand', 'category', 'vendor', 'price', 'rating', 'inStock', 'attributes.colour'];
    await until(async () => (await search(shop, { filter: { ratingMin: 4 } })).totalCount === 3);
    const found = await search(shop, { facets, first: 1 });
    expect(found.edges).toHaveLength(1);
    expect(Object.fromEntries(found.facets.map(({ key, buckets }) => [key, buckets]))).toEqual({
      brand: [
        { value: 'North', count: 2 },
        { value: 'South', count: 1 },
      ],
      category: [
        { value: 'Home', count: 3 },
        { value: 'Home > Lamps', count: 2 },
      ],
      vendor: [
        { value: 'ven_North', count: 2 },
        { value: 'ven_South', count: 1 },
      ],
      price: [
        { value: '0-1000', count: 1 },
        { value: '1000-2500', count: 1 },
        { value: '10000-25000', count: 1 },
      ],
      rating: [
        { value: '4', count: 3 },
        { value: '3', count: 3 },
        { value: '2', count: 3 },
        { value: '1', count: 3 },
      ],
      inStock: [{ value: 'true', count: 3 }],
      'attributes.colour': [
        { value: 'blue', count: 2 },
        { value: 'red', count: 1 },
      ],
    });
    for (const { key, buckets } of found.facets.filter((facet) =>
      ['brand', 'category', 'vendor'].includes(facet.key),
    )) {
      for (const { value, count } of buckets) {
        const narrowed = await search(shop, { filter: { attributes: [{ key, anyOf: [value] }] } });
        expect([key, value, narrowed.totalCount]).toEqual([key, value, count]);
      }
    }
  });

  it('S1 shows the other values of a facet that was chosen from, by what each would find', async () => {
    const { sources } = shop;
    for (const [brand, colour, amount] of [
      ['North', 'blue', 100],
      ['North', 'red', 100],
      ['South', 'blue', 100],
      ['South', 'blue', 900],
      ['East', 'red', 100],
    ] as const) {
      await sources.addProduct({ brand, attributes: [attribute('colour', colour)], offers: [{ amount }] });
    }
    await indexed(5);
    const facets = ['brand', 'attributes.colour'];
    const counted = async (attributes: object[], query?: string) => {
      const found = await search(shop, { query, facets, filter: { attributes, priceMax: 500 } });
      const counts = found.facets.map(({ buckets }) =>
        Object.fromEntries(buckets.map((one) => [one.value, one.count])),
      );
      return [found.totalCount, ...counts];
    };
    const north = { key: 'brand', anyOf: ['North'] };
    const blue = { key: 'colour', anyOf: ['blue'] };
    expect(await counted([])).toEqual([4, { North: 2, South: 1, East: 1 }, { blue: 2, red: 2 }]);
    expect(await counted([north])).toEqual([2, { North: 2, South: 1, East: 1 }, { blue: 1, red: 1 }]);
    expect(await counted([north, blue])).toEqual([1, { North: 1, South: 1 }, { blue: 1, red: 1 }]);
    expect(await counted([north], 'brass laamp')).toEqual([2, { North: 2, South: 1, East: 1 }, { blue: 1, red: 1 }]);
    const again = { query: 'reading', facets: ['brand'] };
    expect(await searchRequests(() => search(shop, { ...again, filter: { attributes: [blue] } }))).toBe(1);
    expect(await searchRequests(() => search(shop, { ...again, filter: { attributes: [north] } }))).toBe(2);
  });

  it('S1 sorts by price, rating, age and sales', async () => {
    const { sources } = shop;
    const cheap = await sources.addProduct({ createdAt: '2026-01-03T00:00:00.000Z', offers: [{ amount: 100 }] });
    const dear = await sources.addProduct({ createdAt: '2026-01-02T00:00:00.000Z', offers: [{ amount: 900 }] });
    const foreign = await sources.addProduct({
      createdAt: '2026-01-01T00:00:00.000Z',
      offers: [{ amount: 500, currencyCode: 'USD' }],
    });
    await sources.rate(dear.id, 5, 1);
    await sources.order([{ productId: foreign.id, quantity: 3 }]);
    await sources.order([{ productId: dear.id }]);
    await indexed(3);
    const sorted = (sort: string, buyer = {}) => foundIds(shop, { sort, buyer });
    await until(async () => (await sorted('POPULARITY')).join() === [foreign.id, dear.id, cheap.id].join());
    expect(await sorted('PRICE_ASC')).toEqual([cheap.id, dear.id, foreign.id]);
    expect(await sorted('PRICE_DESC')).toEqual([dear.id, cheap.id, foreign.id]);
    expect((await sorted('PRICE_ASC', { currencyCode: 'USD' }))[0]).toBe(foreign.id);
    await until(async () => (await sorted('RATING'))[0] === dear.id);
    expect(await sorted('NEWEST')).toEqual([cheap.id, dear.id, foreign.id]);
  });

  it('S9 lifts what sells, then what is liked, among what fits alike, and nothing above what fits better', async () => {
    const { sources } = shop;
    const plain = await sources.addProduct({ title: 'Brass lamp' });
    const liked = await sources.addProduct({ title: 'Reading lamp of polished brass, with a long cord' });
    const sold = await sources.addProduct({ title: 'Small lamp for a desk, brass' });
    const other = await sources.addProduct({ title: 'Shade', description: 'Fits every brass lamp.' });
    await sources.order([{ productId: sold.id, quantity: 2 }]);
    await sources.order([{ productId: other.id, quantity: 9 }]);
    await sources.rate(liked.id, 4.9, 12);
    await indexed(4);
    // Whole words come first, and a brand or category may be one of them.
    const order = [sold.id, liked.id, plain.id, other.id];
    await until(async () => (await foundIds(shop, { query: 'lamp brass' })).join() === order.join());
    expect(await foundIds(shop, { query: 'brass lamp' })).toEqual([plain.id, sold.id, liked.id, other.id]);
  });

  it('S1 finds one for whoever asks for several, and nothing rather than what nobody can have meant', async () => {
    const phone = await shop.sources.addProduct({ title: 'Facebook cell phone', categoryPath: [ROOT] });
    const cable = await shop.sources.addProduct({ title: 'Cable for cell phones', categoryPath: [ROOT] });
    await shop.sources.order([{ productId: phone.id }]);
    await indexed(2);
    await until(async () => (await foundIds(shop, { query: 'cell phones' })).join() === [phone.id, cable.id].join());
    for (const query of ['hello', 'macbook', 'drones']) {
      expect([query, await search(shop, { query })]).toMatchObject([query, { totalCount: 0, correctedQuery: null }]);
    }
    expect(await search(shop, { query: 'fecebooc' })).toMatchObject({ totalCount: 1, correctedQuery: 'facebook' });
  });

  it('S3 takes a plural that is mistyped for what was written', async () => {
    const [toy, radio] = [
      await shop.sources.addProduct({ title: 'Electronic toy', categoryPath: [ROOT] }),
      await shop.sources.addProduct({ title: 'Consumer electronics', categoryPath: [ROOT] }),
    ];
    await shop.sources.order([{ productId: toy.id }]);
    await indexed(2);
    expect((await foundIds(shop, { query: 'electronics' })).toSorted()).toEqual([toy.id, radio.id].toSorted());
    expect((await foundIds(shop, { query: 'ekectronics' }))[0]).toBe(radio.id);
    expect(await search(shop, { query: 'ekectronics' })).toMatchObject({ correctedQuery: 'electronics' });
  });

  it('S1 pages through all hits without gap or repetition, also when some are hidden', async () => {
    const products = [];
    for (let count = 0; count < 45; count += 1) {
      products.push(await shop.sources.addProduct({ title: `Lamp ${count}`, offers: [{ amount: 100 + count }] }));
    }
    await indexed(45);
    shop.sources.isSilent = true;
    const soldOut = products.filter((_, at) => at % 3 === 0);
    for (const { offerIds } of soldOut) await shop.sources.setStock(offerIds[0]!, 0);
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const page = await search(shop, { first: 7, after, sort: 'PRICE_ASC' });
      if (page.pageInfo.hasNextPage) expect(page.edges).toHaveLength(7);
      seen.push(...page.edges.map(({ node }) => node.id));
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
    } while (after !== null);
    expect(seen).toEqual(products.filter((_, at) => at % 3 !== 0).map(({ id }) => id));
  });

  it('S4 leaves out what inventory says is sold out, fills the page, and says how many', async () => {
    const products = [];
    for (let count = 0; count < 12; count += 1) {
      products.push(await shop.sources.addProduct({ title: 'Lamp', offers: [{ amount: 100 + count }] }));
    }
    await indexed(12);
    shop.sources.isSilent = true;
    await shop.sources.setStock(products[2]!.offerIds[0]!, 0);
    shop.sources.calls.length = 0;
    const page = await search(shop, { first: 10, sort: 'PRICE_ASC' });
    expect(page.edges.map(({ node }) => node.id)).toEqual(
      products.filter((_, at) => at !== 2 && at < 11).map(({ id }) => id),
    );
    expect(page).toMatchObject({ suppressedOutOfStock: 1, totalCount: 11 });
    expect(shop.sources.calls.map(({ subgraph }) => subgraph).toSorted()).toEqual(['catalog', 'inventory']);
    const all = await search(shop, { ...everything, sort: 'PRICE_ASC' });
    expect(all.edges[2]).toMatchObject({
      node: { id: products[2]!.id },
      matchedOffer: { id: products[2]!.offerIds[0] },
    });
    expect(all.suppressedOutOfStock).toBe(0);
  });

  it('S4 names an offer that can still be bought when the cheapest has gone', async () => {
    const { offerIds } = await shop.sources.addProduct({ offers: [{ amount: 100 }, { amount: 200 }] });
    await indexed(1);
    shop.sources.isSilent = true;
    await shop.sources.setStock(offerIds[0]!, 0);
    expect((await search(shop)).edges[0]?.matchedOffer?.id).toBe(offerIds[1]);
  });

  it('S4 answers from the index while inventory is away', async () => {
    const { id } = await shop.sources.addProduct();
    await indexed(1);
    shop.sources.away.add('inventory');
    expect(await foundIds(shop)).toEqual([id]);
  });
});

describe('the words of a buyer', () => {
  it('S3 finds an iPhone for "iphnoe" and says what was meant', async () => {
    const { id } = await shop.sources.addProduct({ title: 'Apple iPhone 15 Pro', brand: 'Apple' });
    await indexed(1);
    const found = await search(shop, { query: 'iphnoe' });
    expect(found.edges[0]?.node.id).toBe(id);
    expect(found.correctedQuery).toBe('iphone');
    expect((await search(shop, { query: 'iphone' })).correctedQuery).toBeNull();
    expect((await search(shop, { query: 'ipho' })).correctedQuery).toBeNull();
  });

  it.each([
    'inStock:=false',
    'lamp && price_EUR:>0',
    '`) || (id:!=`x',
    '"',
    '-lamp',
    '*',
    '\\',
    '\u0000',
    '🦄'.repeat(100),
    'a'.repeat(200),
    'OR 1=1 --',
  ])('takes %j literally', async (query) => {
    await shop.sources.addProduct({ title: 'Lamp', offers: [{ available: 0 }] });
    await shop.sources.addProduct({ title: 'Chair' });
    await indexed(2);
    const { edges } = await search(shop, { query });
    for (const { matchedOffer } of edges) expect(shop.sources.offers.get(matchedOffer!.id)?.available).toBe(10);
    const hostile = [{ key: query.slice(0, 100), anyOf: [query] }];
    expect(await foundIds(shop, { filter: { attributes: hostile } })).toEqual([]);
    expect(await foundIds(shop, { filter: { categoryIds: [query], vendorIds: [query] } })).toEqual([]);
  });

  it('"-lamp" is no exclusion', async () => {
    const { id } = await shop.sources.addProduct({ title: 'Lamp' });
    await shop.sources.addProduct({ title: 'Chair' });
    await indexed(2);
    expect(await foundIds(shop, { query: '-lamp' })).toEqual([id]);
  });

  it.each([
    ['a query of 201 characters', { query: 'a'.repeat(201) }],
    ['an unknown facet', { facets: ['popularity'] }],
    ['a facet of the index itself', { facets: ['price_EUR(x:[0,1])'] }],
    ['21 facets', { facets: Array.from({ length: 21 }, (_, at) => `attributes.${at}`) }],
    ['first 0', { first: 0 }],
    ['first 101', { first: 101 }],
    ['first a million', { first: 1_000_000 }],
    ['a cursor that is none', { after: 'what' }],
    ['a cursor behind the end', { after: Buffer.from('[1001]').toString('base64url') }],
    ['a cursor before the beginning', { after: Buffer.from('[-1]').toString('base64url') }],
    ['a cursor of another list', { after: Buffer.from('["a","b"]').toString('base64url') }],
    ['prices the wrong way round', { filter: { priceMin: 2, priceMax: 1 } }],
    ['a negative price', { filter: { priceMin: -1 } }],
    ['six stars', { filter: { ratingMin: 6 } }],
    ['101 categories', { filter: { categoryIds: Array.from({ length: 101 }, String) } }],
    ['a value of 201 characters', { filter: { attributes: [{ key: 'a', anyOf: ['b'.repeat(201)] }] } }],
    ['a currency that is none', { filter: { currencyCode: 'eur`' } }],
  ])('refuses %s', async (_, variables) => {
    await expect(search(shop, variables)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});
