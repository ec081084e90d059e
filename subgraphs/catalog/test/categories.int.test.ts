import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aUser } from '@marketgraph/platform/testing';
import { type Actions, actions, openShop, present, publishedProduct, type Seller, type Shop, until } from './shop.ts';

let shop: Shop;
let act: Actions;
let seller: Seller;

beforeAll(async () => {
  shop = await openShop();
  act = actions(shop);
  seller = await shop.aSeller();
});
afterAll(() => shop?.stop());

const codes = (result: { userErrors: { code: string }[] }) => result.userErrors.map(({ code }) => code);
const aCategory = async (input: object) => {
  const { category, userErrors } = await act.category(input);
  return present(category, userErrors).id;
};
const colour = { key: 'colour', label: 'Colour', type: 'enum', values: ['black', 'white'], isFacet: true };
const watts = { key: 'watts', label: 'Power', type: 'number', unit: 'W', required: true };

describe('attributes', () => {
  it('C2 takes what a category defines, refuses the rest by its path, and needs no migration for something new', async () => {
    const lamps = await aCategory({ slug: 'lamps', name: 'Lamps', attributeSchema: [colour, watts] });
    const books = await aCategory({
      slug: 'books',
      name: 'Books',
      attributeSchema: [{ key: 'pages', type: 'number' }],
    });
    const create = (categoryId: string, attributes: object[]) =>
      act.create(seller.viewer, {
        vendorId: seller.vendorId,
        title: 'Thing',
        categoryId,
        attributes,
        variants: [{ title: 'One' }],
      });
    const bad = await create(lamps, [
      { key: 'colour', value: 'mauve' },
      { key: 'watts', value: 'many' },
      { key: 'pages', value: 100 },
      { key: 'watts', value: 7, unit: 'kW' },
    ]);
    expect(bad.product).toBeNull();
    expect(bad.userErrors.map(({ code, field }) => [code, field?.join('.')])).toEqual([
      ['INVALID', 'attributes.0.value'],
      ['INVALID', 'attributes.1.value'],
      ['INVALID', 'attributes.2.key'],
      ['INVALID', 'attributes.3.key'],
    ]);
    expect(
      codes(
        await create(lamps, [
          { key: 'colour', value: 'black' },
          { key: 'watts', value: 7 },
        ]),
      ),
    ).toEqual([]);
    expect(codes(await create(books, [{ key: 'pages', value: 100 }]))).toEqual([]);

    const dimmable = { key: 'dimmable', type: 'boolean' };
    await act.category({ slug: 'lamps', name: 'Lamps', attributeSchema: [colour, watts, dimmable] });
    const { product } = await create(lamps, [{ key: 'dimmable', value: true }]);
    const answer = await shop.run(
      'query ($id: ID!) { product(id: $id) { attributes { key label value unit isFacet } } }',
      { id: product!.id },
      seller.viewer,
    );
    expect(answer).toEqual({
      product: { attributes: [{ key: 'dimmable', label: 'dimmable', value: true, unit: null, isFacet: false }] },
    });
  });

  it('lets a draft be incomplete, but not what is submitted', async () => {
    const categoryId = await aCategory({ slug: 'torches', name: 'Torches', attributeSchema: [watts] });
    const { product } = await act.create(seller.viewer, {
      vendorId: seller.vendorId,
      title: 'Torch',
      categoryId,
      variants: [{ title: 'One' }],
    });
    const refused = await act.submit(seller.viewer, product!.id);
    expect(refused.userErrors).toMatchObject([{ code: 'INVALID', field: ['attributes', 'watts'] }]);
    await act.update(seller.viewer, product!.id, { attributes: [{ key: 'watts', value: 3 }] }, 1);
    expect((await act.submit(seller.viewer, product!.id)).product?.status).toBe('PENDING_REVIEW');
  });

  it('inherits what the categories above define', async () => {
    const above = await aCategory({ slug: 'furniture', name: 'Furniture', attributeSchema: [colour] });
    const below = await aCategory({
      slug: 'chairs',
      name: 'Chairs',
      parentId: above,
      attributeSchema: [{ key: 'legs', type: 'number' }],
    });
    const { product, userErrors } = await act.create(seller.viewer, {
      vendorId: seller.vendorId,
      title: 'Chair',
      categoryId: below,
      attributes: [
        { key: 'colour', value: 'white' },
        { key: 'legs', value: 4 },
      ],
      variants: [{ title: 'One' }],
    });
    expect(userErrors).toEqual([]);
    const answer = await shop.run(
      'query ($id: ID!) { product(id: $id) { attributes { label isFacet } } }',
      { id: product!.id },
      seller.viewer,
    );
    expect(answer).toEqual({
      product: {
        attributes: [
          { label: 'Colour', isFacet: true },
          { label: 'legs', isFacet: false },
        ],
      },
    });
  });

  it.each([
    ['no list', { key: 'a' }],
    ['an operator', [{ key: 'a', type: 'string', $where: '1' }]],
    ['a prototype key', JSON.parse('[{"key":"a","type":"string","__proto__":{"x":1}}]')],
    ['a dotted key', [{ key: 'a', type: 'string', 'b.c': 1 }]],
    ['an unknown type', [{ key: 'a', type: 'date' }]],
    ['an enum without values', [{ key: 'a', type: 'enum' }]],
    [
      'a key twice',
      [
        { key: 'a', type: 'string' },
        { key: 'a', type: 'number' },
      ],
    ],
    ['a key that is an operator', [{ key: '$ne', type: 'string' }]],
    ['an unknown property', [{ key: 'a', type: 'string', regex: '.*' }]],
  ])('refuses a schema that is %s', async (_, attributeSchema) => {
    const result = await act.category({ slug: 'bad', name: 'Bad', attributeSchema });
    expect(codes(result)).toEqual(['INVALID']);
    expect(result.userErrors[0]?.field?.[0]).toBe('attributeSchema');
    expect(await shop.db.collection('categories').countDocuments({ slug: 'bad' })).toBe(0);
  });
});

describe('the tree', () => {
  it('lets operators alone change it', async () => {
    const mutation = 'mutation ($input: CategoryInput!) { categoryUpsert(input: $input) { category { id } } }';
    for (const viewer of [aUser(), seller.viewer]) {
      const { errors } = await shop.execute(mutation, { input: { slug: 'x', name: 'X' } }, viewer);
      expect(errors?.[0]?.extensions['code']).toBe('FORBIDDEN');
    }
  });

  it('refuses a category below itself, too deep a tree, and a slug or name that is taken', async () => {
    const a = await aCategory({ slug: 'a', name: 'A' });
    const b = await aCategory({ slug: 'b', name: 'B', parentId: a });
    const c = await aCategory({ slug: 'c', name: 'C', parentId: b });
    expect(codes(await act.category({ id: a, slug: 'a', name: 'A', parentId: c }))).toEqual(['INVALID']);
    expect(codes(await act.category({ id: a, slug: 'a', name: 'A', parentId: a }))).toEqual(['INVALID']);
    expect(codes(await act.category({ id: b, slug: 'c', name: 'B' }))).toEqual(['CONFLICT']);
    expect(codes(await act.category({ slug: 'b2', name: 'b', parentId: a }))).toEqual(['CONFLICT']);
    expect(codes(await act.category({ slug: 'd', name: 'D', parentId: 'cat_unknown' }))).toEqual(['NOT_FOUND']);
    expect(codes(await act.category({ id: 'cat_unknown', slug: 'd', name: 'D' }))).toEqual(['NOT_FOUND']);
    let parentId = c;
    for (const slug of ['d1', 'd2', 'd3', 'd4', 'd5']) parentId = await aCategory({ slug, name: slug, parentId });
    expect(codes(await act.category({ slug: 'd6', name: 'd6', parentId }))).toEqual(['INVALID']);
  });

  it('makes one category of ten that come at once', async () => {
    const results = await Promise.all(Array.from({ length: 10 }, () => act.category({ slug: 'rush', name: 'Rush' })));
    expect(new Set(results.map(({ category }) => category?.id)).size).toBe(1);
    expect(await shop.db.collection('categories').countDocuments({ slug: 'rush' })).toBe(1);
  });

  it('moves a branch with its products, and tells of every product that stands elsewhere now', async () => {
    const home = await aCategory({ slug: 'home', name: 'Home' });
    const garden = await aCategory({ slug: 'garden', name: 'Garden' });
    const lights = await aCategory({ slug: 'lights', name: 'Lights', parentId: home });
    const bulbs = await aCategory({ slug: 'bulbs', name: 'Bulbs', parentId: lights });
    const { id, version } = await publishedProduct(act, seller, { categoryId: bulbs });
    const inCategory = async (categoryId: string) => {
      const query = 'query ($id: ID!) { products(filter: { categoryId: $id }) { edges { node { id } } } }';
      const { products } = await shop.run<{ products: { edges: { node: { id: string } }[] } }>(query, {
        id: categoryId,
      });
      return products.edges.map(({ node }) => node.id);
    };
    expect(await inCategory(home)).toEqual([id]);
    await act.category({ id: lights, slug: 'lights', name: 'Lighting', parentId: garden });
    await until(async () => (await inCategory(garden)).length === 1);
    expect(await inCategory(home)).toEqual([]);
    const event = await until(async () =>
      (await shop.published('catalog.productChanged')).find(
        ({ key, sequence }) => key === id && sequence === version + 1,
      ),
    );
    expect((event.payload as { categoryPath: { name: string }[] }).categoryPath.map(({ name }) => name)).toEqual([
      'Garden',
      'Lighting',
      'Bulbs',
    ]);
    await until(
      async () => (await shop.db.collection('categories').countDocuments({ refreshFrom: { $exists: true } })) === 0,
    );
  });

  it('lists what stands at the top when no parent is named', async () => {
    const top = await aCategory({ slug: 'aa-top', name: 'AA top' });
    await aCategory({ slug: 'aa-below', name: 'AA below', parentId: top });
    const { categories } = await shop.run<{ categories: { id: string; slug: string; parent: object | null }[] }>(
      '{ categories { id slug parent { id } } }',
    );
    expect(categories[0]).toMatchObject({ id: expect.any(String) as string, parent: null });
    expect(categories.map(({ slug }) => slug)).toContain('aa-top');
    expect(categories.every(({ parent }) => parent === null)).toBe(true);
  });

  it('answers the tree with the name of the language', async () => {
    const kitchen = await aCategory({
      slug: 'kitchen',
      name: 'Kitchen',
      translations: [{ language: 'de', name: 'Küche' }],
    });
    await aCategory({ slug: 'pans', name: 'Pans', parentId: kitchen });
    const answer = await shop.run<{ category: object; categories: object[] }>(
      `query ($id: ID!) { category(slug: "kitchen") { name(language: "de") parent { id } children { name parent { slug } } }
        categories(parentId: $id) { slug } }`,
      { id: kitchen },
    );
    expect(answer).toEqual({
      category: { name: 'Küche', parent: null, children: [{ name: 'Pans', parent: { slug: 'kitchen' } }] },
      categories: [{ slug: 'pans' }],
    });
  });
});
