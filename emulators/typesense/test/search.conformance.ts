import { beforeAll, describe, expect, test } from 'vitest';
import type { SearchParams } from 'typesense/lib/Typesense/Types.js';
import { SHOP, shopSchema, type ShopProduct } from './shop.ts';
import { idsOf, useTarget } from './target.ts';

const target = useTarget();
let shop = '';

beforeAll(async () => {
  shop = target.name('search');
  await target.client.collections().create(shopSchema(shop));
  await target.client
    .collections(shop)
    .documents()
    .import([...SHOP]);
});

type Options = Partial<SearchParams<ShopProduct, string>>;

const search = (q: string, options: Options = {}) =>
  target.client
    .collections<ShopProduct>(shop)
    .documents()
    .search({ q, query_by: 'title,description,brand', ...options }, {});

const found = async (q: string, options: Options = {}): Promise<string[]> => idsOf(await search(q, options)).toSorted();

describe('words', () => {
  test.each<[string, string[]]>([
    ['shoe', ['1', '2']],
    ['SHOE', ['1', '2']],
    ['leather shoe', ['2']],
    ['acme running', ['1']],
    ['wifi', ['8']],
    ['wi-fi', ['8']],
    ['ax3000', ['8']],
    ['cafe creme', ['7']],
    ['"wireless headphones"', ['3']],
    ['"headphones wireless"', []],
    ['headphones -wired', ['3']],
  ])('%s finds the documents that have them', async (q, expected) => {
    expect(await found(q, { num_typos: 0, drop_tokens_threshold: 0 })).toEqual(expected);
  });

  test('are looked for only in the fields asked for', async () => {
    expect(await found('acme', { query_by: 'brand' })).toEqual(['1', '5']);
    expect(await found('acme', { query_by: 'title', num_typos: 0 })).toEqual([]);
  });

  test('complete the last word, unless told not to', async () => {
    expect(await found('headph')).toEqual(['3', '4']);
    expect(await found('wireless head')).toEqual(['3']);
    expect(await found('headph', { prefix: false, num_typos: 0 })).toEqual([]);
    expect(await found('head wireless', { num_typos: 0, drop_tokens_threshold: 0 })).toEqual([]);
    expect(await found('baske', { query_by: 'title,brand', prefix: 'false,true', num_typos: 0 })).toEqual([]);
  });

  test.each<[string, string[]]>([
    ['haedphones', ['3', '4']],
    ['headphnes', ['3', '4']],
    ['headphoness', ['3', '4']],
    ['hexdphones', ['3', '4']],
    ['bsketbll', ['5']],
    ['cofee mashine', ['6']],
  ])('%s is corrected', async (q, expected) => {
    expect(await found(q, { query_by: 'title' })).toEqual(expected);
  });

  test('are corrected only as far as allowed', async () => {
    expect(await found('haedphones', { num_typos: 0 })).toEqual([]);
    expect(await found('bsketbll', { num_typos: 1 })).toEqual([]);
    expect(await found('haedphones', { min_len_1typo: 20, min_len_2typo: 20 })).toEqual([]);
    expect(await found('haedphones', { typo_tokens_threshold: 0 })).toEqual([]);
  });

  test('that stand in no document together are dropped from the right', async () => {
    expect(await found('leather spaceship', { query_by: 'title', num_typos: 0 })).toEqual(['2']);
    expect(await found('leather spaceship', { query_by: 'title', num_typos: 0, drop_tokens_threshold: 0 })).toEqual([]);
  });

  test('are split and joined when that is what finds something', async () => {
    expect(await found('basket ball', { query_by: 'title', num_typos: 0, drop_tokens_threshold: 0 })).toEqual(['5']);
    expect(await found('coffeemachine', { query_by: 'title', num_typos: 0, drop_tokens_threshold: 0 })).toEqual(['6']);
  });

  test('rank a whole match of a field first', async () => {
    expect(idsOf(await search('sonic', { query_by: 'brand', sort_by: '_text_match:desc' }))[0]).toBe('3');
  });

  test('rank a match in an earlier field above one in a later field, and by weights where given', async () => {
    const name = target.name('weights');
    await target.client.collections().create({
      name,
      fields: [
        { name: 'title', type: 'string' },
        { name: 'text', type: 'string' },
      ],
    });
    const documents = target.client.collections<{ id: string; title: string; text: string }>(name).documents();
    await documents.import([
      { id: 'title', title: 'red lamp', text: 'some thing' },
      { id: 'text', title: 'some thing', text: 'red lamp' },
    ]);
    const order = async (options: object): Promise<string[]> =>
      idsOf(await documents.search({ q: 'lamp', query_by: 'title,text', ...options }, {}));
    expect(await order({})).toEqual(['title', 'text']);
    expect(await order({ query_by_weights: '1,10' })).toEqual(['text', 'title']);
    expect(await order({ query_by: 'text,title' })).toEqual(['text', 'title']);
  });

  test('rank fewer typos and more words first', async () => {
    const name = target.name('tiers');
    await target.client.collections().create({ name, fields: [{ name: 'title', type: 'string' }] });
    const documents = target.client.collections<{ id: string; title: string }>(name).documents();
    await documents.import([
      { id: 'two typos', title: 'keybaord stnad' },
      { id: 'one word', title: 'keyboard cover' },
      { id: 'both words', title: 'keyboard stand' },
    ]);
    const options = { query_by: 'title', typo_tokens_threshold: 10, drop_tokens_threshold: 10 };
    const response = await documents.search({ q: 'keyboard stand', ...options }, {});
    expect(idsOf(response)[0]).toBe('both words');
    expect(idsOf(response).toSorted()).toEqual(['both words', 'one word', 'two typos']);
    const alone = await documents.search({ q: 'keyboard stand', query_by: 'title' }, {});
    expect(idsOf(alone)).toEqual(['both words']);
  });
});

describe('an answer', () => {
  test('says what was found, out of how many, on which page', async () => {
    const response = await search('*', { per_page: 3, page: 2, sort_by: 'price:asc' });
    expect(response).toMatchObject({ found: 8, out_of: 8, page: 2, request_params: { per_page: 3, q: '*' } });
    expect(idsOf(response)).toEqual(['1', '8', '2']);
    expect(response.search_time_ms).toBeGreaterThanOrEqual(0);
    expect(idsOf(await search('*', { offset: 6, limit: 5, sort_by: 'price:asc' }))).toEqual(['3', '6']);
    expect(idsOf(await search('*', { page: 9 }))).toEqual([]);
  });

  test('refuses a page that is too large', async () => {
    await expect(search('*', { per_page: 251 })).rejects.toMatchObject({ httpStatus: 422 });
  });

  test('holds only the fields asked for', async () => {
    const included = await search('basketball', { include_fields: 'id,title' });
    expect(included.hits?.[0]?.document).toEqual({ id: '5', title: 'Basketball' });
    const excluded = await search('basketball', { exclude_fields: 'sizes,description,categories' });
    expect(Object.keys(excluded.hits?.[0]?.document ?? {}).toSorted()).toEqual(
      ['brand', 'id', 'inStock', 'price', 'rating', 'sales', 'stock', 'title'].toSorted(),
    );
  });

  test('marks what matched', async () => {
    const response = await search('headphones', { query_by: 'title,description', num_typos: 0 });
    const hit = response.hits?.find((candidate) => candidate.document.id === '3');
    expect(hit?.highlight.title).toMatchObject({
      matched_tokens: ['Headphones'],
      snippet: 'Wireless <mark>Headphones</mark>',
    });
    const fields = (hit?.highlights ?? []).map((entry) => entry.field).toSorted();
    expect(fields).toEqual(['description', 'title']);
    expect(hit?.text_match).toBeGreaterThan(0);
  });

  test('marks with the tags asked for, whole fields on request, arrays by element', async () => {
    const tagged = await search('basketball', {
      highlight_start_tag: '[',
      highlight_end_tag: ']',
      highlight_full_fields: 'title',
    });
    expect(tagged.hits?.[0]?.highlight.title).toMatchObject({ snippet: '[Basketball]', value: '[Basketball]' });
    const array = await search('sport', { query_by: 'categories', filter_by: 'id:1' });
    expect(array.hits?.[0]?.highlights).toMatchObject([
      { field: 'categories', indices: [1], snippets: ['<mark>Sport</mark>'], matched_tokens: [['Sport']] },
    ]);
    const none = await search('basketball', { highlight_fields: 'none', highlight_full_fields: 'none' });
    expect(none.hits?.[0]?.highlights ?? []).toEqual([]);
  });

  test('cuts a long text to the words around the match', async () => {
    const name = target.name('snippets');
    await target.client.collections().create({ name, fields: [{ name: 'text', type: 'string' }] });
    const words = Array.from({ length: 60 }, (_, at) => (at === 40 ? 'needle' : `w${at}`)).join(' ');
    await target.client.collections(name).documents().create({ id: '1', text: words });
    const response = await target.client
      .collections<{ text: string }>(name)
      .documents()
      .search({ q: 'needle', query_by: 'text', highlight_affix_num_tokens: 2 });
    const snippet = (response.hits?.[0]?.highlight as { text?: { snippet: string } } | undefined)?.text?.snippet;
    expect(snippet).toContain('<mark>needle</mark>');
    expect(snippet).toContain('w39');
    expect(snippet).not.toContain('w20');
  });
});

describe('an order', () => {
  test.each<[string, string[]]>([
    ['price:asc', ['7', '5', '4', '1', '8', '2', '3', '6']],
    ['price:desc', ['6', '3', '2', '8', '1', '4', '5', '7']],
    ['inStock:desc,price:asc', ['7', '5', '4', '1', '3', '6', '8', '2']],
    ['stock:asc,sales:desc', ['8', '2', '6', '3', '1', '5', '4', '7']],
    ['title:asc', ['5', '7', '6', '2', '1', '8', '4', '3']],
    // a missing number stands last in both directions
    ['rating:desc,price:asc', ['3', '1', '6', '5', '2', '8', '7', '4']],
    ['rating:asc,price:asc', ['8', '2', '5', '1', '6', '3', '7', '4']],
    ['_eval(categories:=Kitchen):desc,price:asc', ['7', '6', '5', '4', '1', '8', '2', '3']],
  ])('%s', async (sort_by, expected) => {
    expect(idsOf(await search('*', { sort_by }))).toEqual(expected);
  });

  test('is by the default sorting field where nothing else decides', async () => {
    expect(idsOf(await search('*'))).toEqual(['3', '4', '1', '8', '5', '2', '7', '6']);
  });

  test('ties equally good matches in buckets', async () => {
    const response = await search('headphones', {
      query_by: 'title',
      sort_by: '_text_match(buckets: 1):desc,price:asc',
    });
    expect(idsOf(response)).toEqual(['4', '3']);
  });

  test('cannot be by a field that is unknown or cannot be sorted by', async () => {
    await expect(search('*', { sort_by: 'nothing:asc' })).rejects.toMatchObject({ httpStatus: 404 });
    await expect(search('*', { sort_by: 'brand:asc' })).rejects.toMatchObject({ httpStatus: 404 });
    await expect(search('*', { sort_by: 'price:up' })).rejects.toMatchObject({ httpStatus: 400 });
  });
});

describe('facets', () => {
  const counts = async (q: string, options: Options): Promise<Record<string, Record<string, number>>> => {
    const response = await search(q, options);
    return Object.fromEntries(
      (response.facet_counts ?? []).map((facet) => [
        facet.field_name,
        Object.fromEntries(facet.counts.map((entry) => [entry.value, entry.count])),
      ]),
    );
  };

  test('count every value of the documents found', async () => {
    expect(await counts('*', { facet_by: 'brand,categories,inStock' })).toEqual({
      brand: { Acme: 2, 'Bata & Sons': 1, 'Brew (Home)': 2, Netty: 1, Sonic: 1, 'Sonic Labs': 1 },
      categories: { Sport: 3, Shoes: 2, Audio: 2, Kitchen: 2, Gifts: 1, Network: 1 },
      inStock: { true: 6, false: 2 },
    });
    expect(await counts('headphones', { facet_by: 'categories' })).toEqual({ categories: { Audio: 2, Sport: 1 } });
    expect(await counts('*', { facet_by: 'categories', filter_by: 'inStock:false' })).toEqual({
      categories: { Shoes: 1, Network: 1 },
    });
  });

  test('come with statistics for numbers', async () => {
    const response = await search('*', { facet_by: 'price' });
    const stats = response.facet_counts?.[0]?.stats;
    expect(stats).toMatchObject({ min: 18, max: 349, total_values: 8 });
    expect(stats?.sum).toBeCloseTo(889.49, 1);
    expect(stats?.avg).toBeCloseTo(889.49 / 8, 1);
  });

  test('stop at the number of values asked for, the most frequent first', async () => {
    const response = await search('*', { facet_by: 'categories', max_facet_values: 1 });
    expect(response.facet_counts?.[0]?.counts).toMatchObject([{ value: 'Sport', count: 3 }]);
  });

  test('can be narrowed to values that begin like a text', async () => {
    const response = await search('*', { facet_by: 'categories', facet_query: 'categories:sho' });
    expect(response.facet_counts?.[0]?.counts).toMatchObject([
      { value: 'Shoes', count: 2, highlighted: '<mark>Sho</mark>es' },
    ]);
  });

  test('sort ranges of numbers into named drawers', async () => {
    expect(await counts('*', { facet_by: 'price(cheap:[0, 50], middle:[50, 150], dear:[150, ])' })).toEqual({
      price: { cheap: 3, middle: 3, dear: 2 },
    });
  });

  test('exist only for facet fields', async () => {
    await expect(search('*', { facet_by: 'stock' })).rejects.toMatchObject({ httpStatus: 404 });
    await expect(search('*', { facet_by: 'nothing' })).rejects.toMatchObject({ httpStatus: 404 });
  });
});

describe('several searches', () => {
  test('are answered together, each with its own result or error', async () => {
    const { results } = (await target.client.multiSearch.perform(
      {
        searches: [
          { collection: shop, q: 'shoe' },
          { collection: shop, q: 'headphones', per_page: 1 },
          { collection: target.name('no-such'), q: 'shoe' },
        ],
      },
      { query_by: 'title' },
    )) as { results: { found?: number; hits?: object[]; code?: number }[] };
    expect(results[0]).toMatchObject({ found: 2 });
    expect(results[1]).toMatchObject({ found: 2 });
    expect(results[1]?.hits).toHaveLength(1);
    expect(results[2]).toMatchObject({ code: 404 });
  });

  test('may be grouped by a facet field', async () => {
    const response = await search('*', { group_by: 'brand', group_limit: 1, sort_by: 'price:asc', per_page: 3 });
    const groups = response.grouped_hits ?? [];
    expect(response.found).toBe(6);
    expect(groups.map((group) => [group.group_key, idsOf(group), group.found])).toEqual([
      [['Brew (Home)'], ['7'], 2],
      [['Acme'], ['5'], 2],
      [['Sonic Labs'], ['4'], 1],
    ]);
  });
});

describe('synonyms', () => {
  test('widen a search, both ways and one way', async () => {
    const set = target.name('words');
    await target.client.synonymSets(set).upsert({
      items: [
        { id: 'shoe', synonyms: ['sneaker', 'shoe'] },
        { id: 'hoops', root: 'hoops', synonyms: ['basketball'] },
      ],
    });
    try {
      const options = { num_typos: 0, query_by: 'title', synonym_sets: set };
      expect(await found('sneaker', options)).toEqual(['1', '2']);
      expect(await found('hoops', options)).toEqual(['5']);
      expect(await found('leather sneaker', options)).toEqual(['2']);
      expect(await found('sneaker', { ...options, enable_synonyms: false })).toEqual([]);
      expect(await target.client.synonymSets(set).retrieve()).toMatchObject({
        items: [{ id: 'shoe' }, { id: 'hoops' }],
      });
    } finally {
      await target.client.synonymSets(set).delete();
    }
    await expect(target.client.synonymSets(set).retrieve()).rejects.toMatchObject({ httpStatus: 404 });
  });
});
