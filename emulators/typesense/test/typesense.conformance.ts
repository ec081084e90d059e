import { beforeEach, describe, expect, test } from 'vitest';
import { Errors } from 'typesense';
import { SHOP, shopSchema, type ShopProduct } from './shop.ts';
import { clientFor, idsOf, useTarget } from './target.ts';

const target = useTarget();
let shop = '';
let counter = 0;

beforeEach(async () => {
  counter += 1;
  shop = target.name(`shop${counter}`);
  await target.client.collections().create(shopSchema(shop));
});

const documents = () => target.client.collections<ShopProduct>(shop).documents();
const product = (at: number): ShopProduct => ({ ...SHOP[at] }) as ShopProduct;

describe('a collection', () => {
  test('is described as it was created', async () => {
    const description = await target.client.collections(shop).retrieve();
    expect(description).toMatchObject({ name: shop, num_documents: 0, default_sorting_field: 'sales' });
    expect(description.fields).toHaveLength(10);
    expect(description.fields[1]).toMatchObject({
      name: 'brand',
      type: 'string',
      facet: true,
      optional: false,
      index: true,
    });
    expect(description.created_at).toBeGreaterThan(1_600_000_000);
    const all = await target.client.collections().retrieve();
    expect(all.map((collection) => collection.name)).toContain(shop);
    expect(await target.client.collections(shop).exists()).toBe(true);
  });

  test('exists once', async () => {
    await expect(target.client.collections().create(shopSchema(shop))).rejects.toBeInstanceOf(
      Errors.ObjectAlreadyExists,
    );
  });

  test('is gone after its deletion, with its documents', async () => {
    await documents().create(product(0));
    await target.client.collections(shop).delete();
    await expect(target.client.collections(shop).retrieve()).rejects.toBeInstanceOf(Errors.ObjectNotFound);
    await expect(documents().search({ q: '*' }, {})).rejects.toBeInstanceOf(Errors.ObjectNotFound);
    await target.client.collections().create(shopSchema(shop));
    expect((await documents().search({ q: '*' }, {})).found).toBe(0);
  });

  test.each([
    ['a default sort over nothing', { default_sorting_field: 'nothing' }],
    ['an unknown type', { fields: [{ name: 'a', type: 'varchar' as 'string' }] }],
    ['no fields', { fields: undefined }],
  ])('is not created with %s', async (_, wrong) => {
    const schema = { ...shopSchema(target.name('wrong')), ...wrong };
    await expect(target.client.collections().create(schema as never)).rejects.toBeInstanceOf(Errors.RequestMalformed);
  });

  test('takes new fields and gives up old ones', async () => {
    await documents().import([...SHOP]);
    await target.client.collections(shop).update({
      fields: [
        { name: 'color', type: 'string', optional: true, facet: true },
        { name: 'description', drop: true },
      ],
    });
    await documents().update({ id: '1', color: 'red' } as never, {});
    const response = await documents().search({ q: 'red', query_by: 'color', facet_by: 'color' }, {});
    expect(idsOf(response)).toEqual(['1']);
    expect(response.facet_counts?.[0]?.counts).toMatchObject([{ value: 'red', count: 1 }]);
    expect(idsOf(await documents().search({ q: 'headphones', query_by: 'title' }, {})).toSorted()).toEqual(['3', '4']);
    await expect(documents().search({ q: 'official', query_by: 'description' }, {})).rejects.toMatchObject({
      httpStatus: 404,
    });
  });

  test('refuses a new field the stored documents do not fit', async () => {
    await documents().create({ ...product(0), weight: 'heavy' } as never);
    await expect(
      target.client.collections(shop).update({ fields: [{ name: 'weight', type: 'int32' }] }),
    ).rejects.toBeInstanceOf(Errors.RequestMalformed);
    expect((await target.client.collections(shop).retrieve()).fields).toHaveLength(10);
  });
});

describe('a document', () => {
  test('is stored, read and deleted under its id', async () => {
    expect(await documents().create(product(0))).toEqual(product(0));
    const one = target.client.collections<ShopProduct>(shop).documents('1');
    expect(await one.retrieve()).toEqual(product(0));
    await expect(documents().create(product(0))).rejects.toBeInstanceOf(Errors.ObjectAlreadyExists);
    expect(await one.delete()).toEqual(product(0));
    await expect(one.retrieve()).rejects.toBeInstanceOf(Errors.ObjectNotFound);
    await expect(one.delete()).rejects.toBeInstanceOf(Errors.ObjectNotFound);
  });

  test('gets an id when it has none', async () => {
    const { id: _, ...nameless } = product(1);
    const created = (await documents().create(nameless as never)) as unknown as ShopProduct;
    expect(created.id).toMatch(/^\S+$/);
    expect((await documents().search({ q: '*' }, {})).found).toBe(1);
  });

  test('is replaced by an upsert and changed in part by an update', async () => {
    await documents().upsert(product(0));
    const { description: _, ...short } = product(0);
    await documents().upsert({ ...short, title: 'Trail Shoe' });
    const one = target.client.collections<ShopProduct>(shop).documents('1');
    expect(await one.retrieve()).toEqual({ ...short, title: 'Trail Shoe' });
    await one.update({ price: 10 } as never);
    expect(await one.retrieve()).toEqual({ ...short, title: 'Trail Shoe', price: 10 });
    await documents().update({ id: '1', stock: 1 } as never, {});
    await documents().emplace({ ...product(2), id: '77' }, {});
    await documents().emplace({ id: '77', stock: 9 } as never, {});
    expect(await target.client.collections<ShopProduct>(shop).documents('77').retrieve()).toMatchObject({
      stock: 9,
      title: 'Wireless Headphones',
    });
    await expect(documents().update({ id: 'nobody', stock: 1 } as never, {})).rejects.toBeInstanceOf(
      Errors.ObjectNotFound,
    );
  });

  test('is found by its new words and values as soon as it changed, and no longer by the old ones', async () => {
    await documents().import([...SHOP]);
    await documents().update(
      { id: '5', title: 'Volleyball', categories: ['Beach'], price: 15, sizes: [5] } as never,
      {},
    );
    const titles = { query_by: 'title', num_typos: 0 };
    expect(idsOf(await documents().search({ q: 'volleyball', ...titles }, {}))).toEqual(['5']);
    expect(idsOf(await documents().search({ q: 'basketball', ...titles }, {}))).toEqual([]);
    expect(idsOf(await documents().search({ q: '*', filter_by: 'price:<16' }, {}))).toEqual(['5']);
    expect(idsOf(await documents().search({ q: '*', filter_by: 'sizes:5' }, {}))).toEqual(['5']);
    expect(idsOf(await documents().search({ q: '*', filter_by: 'sizes:7' }, {}))).toEqual([]);
    expect(idsOf(await documents().search({ q: '*', filter_by: 'categories:=Beach' }, {}))).toEqual(['5']);
    expect(idsOf(await documents().search({ q: 'voleyball', query_by: 'title' }, {}))).toEqual(['5']);
    await documents().delete({ filter_by: 'id:5' });
    expect(idsOf(await documents().search({ q: 'volleyball', ...titles, drop_tokens_threshold: 0 }, {}))).toEqual([]);
  });

  test.each([
    ['a missing field', { title: undefined }],
    ['an object for a string', { title: { en: 'Shoe' } }],
    ['a word for an integer', { stock: 'many' }],
    ['a number for an array', { sizes: 40 }],
    ['a word in an array of integers', { sizes: ['large'] }],
    ['a number too large for int32', { stock: 3_000_000_000 }],
    ['a number as id', { id: 5 }],
  ])('is refused with %s', async (_, wrong) => {
    const input = JSON.parse(JSON.stringify({ ...product(0), ...wrong })) as ShopProduct;
    await expect(documents().create(input)).rejects.toBeInstanceOf(Errors.RequestMalformed);
    expect((await documents().search({ q: '*' }, {})).found).toBe(0);
  });

  test('is coerced by default and refused when that is forbidden', async () => {
    const loose = { ...product(0), stock: '12', price: '9.5', inStock: 'true' } as never;
    expect(await documents().create(loose)).toMatchObject({ stock: 12, price: 9.5, inStock: true });
    await expect(documents().upsert(loose, { dirty_values: 'reject' })).rejects.toBeInstanceOf(Errors.RequestMalformed);
  });
});

describe('an import', () => {
  test('answers every line in order, the bad ones with a reason', async () => {
    await documents().create(product(1));
    const lines = [product(0), product(1), { id: 'x' }, product(2)];
    const results = await documents().import(lines as ShopProduct[], { throwOnFail: false });
    expect(results.map((result) => result.success)).toEqual([true, false, false, true]);
    expect(results[1]).toMatchObject({ code: 409 });
    expect(results[2]).toMatchObject({ code: 400 });
    expect(results[2]?.error).toContain('title');
    expect((await target.client.collections(shop).retrieve()).num_documents).toBe(3);
    await expect(documents().import([{ id: 'x' } as ShopProduct])).rejects.toBeInstanceOf(Errors.ImportError);
  });

  test('upserts, updates and emplaces', async () => {
    await documents().import([...SHOP]);
    const upserted = await documents().import([{ ...product(0), title: 'Walking Shoe' }], { action: 'upsert' });
    expect(upserted).toMatchObject([{ success: true }]);
    await documents().import([{ id: '2', stock: 77 } as ShopProduct], { action: 'update' });
    const emplaced = await documents().import([{ id: '3', stock: 78 } as ShopProduct], {
      action: 'emplace',
      return_id: true,
    });
    expect(emplaced).toMatchObject([{ success: true, id: '3' }]);
    const changed = await documents().search({ q: '*', filter_by: 'stock:[77, 78]', sort_by: 'stock:asc' }, {});
    expect(idsOf(changed)).toEqual(['2', '3']);
    expect(idsOf(await documents().search({ q: 'walking', query_by: 'title' }, {}))).toEqual(['1']);
  });

  test('goes on while others search, and every search sees whole documents', async () => {
    const many = Array.from({ length: 4_000 }, (_, at) => ({ ...product(at % SHOP.length), id: `m${at}` }));
    let done = false;
    const importing = documents()
      .import(many)
      .finally(() => {
        done = true;
      });
    let last = 0;
    while (!done) {
      const [all, acme] = await Promise.all([
        documents().search({ q: '*', facet_by: 'inStock' }, {}),
        documents().search({ q: 'basketball', query_by: 'title', filter_by: 'brand:=Acme', num_typos: 0 }, {}),
      ]);
      expect(all.found).toBeGreaterThanOrEqual(last);
      expect(all.facet_counts?.[0]?.counts.reduce((sum, entry) => sum + entry.count, 0)).toBe(all.found);
      expect(acme.hits?.every((hit) => hit.document.title === 'Basketball')).toBe(true);
      last = all.found;
    }
    await importing;
    expect((await documents().search({ q: 'basketball', query_by: 'title', num_typos: 0 }, {})).found).toBe(500);
  });

  test('takes lines of text, among them one that is no JSON', async () => {
    const text = `${JSON.stringify(product(0))}\nnot json\n${JSON.stringify(product(1))}\n`;
    const results = (await documents().import(text))
      .split('\n')
      .map((line) => JSON.parse(line) as { success: boolean });
    expect(results.map((result) => result.success)).toEqual([true, false, true]);
  });

  test('comes out again as it went in', async () => {
    await documents().import([...SHOP]);
    const lines = (await documents().export()).split('\n').map((line) => JSON.parse(line) as ShopProduct);
    expect(lines.toSorted((a, b) => Number(a.id) - Number(b.id))).toEqual(SHOP);
    const some = await documents().export({ filter_by: 'brand:=Acme', include_fields: 'id' });
    expect(some.split('\n').map((line) => JSON.parse(line) as object)).toEqual([{ id: '1' }, { id: '5' }]);
  });
});

describe('an alias', () => {
  test('stands for its collection until it points elsewhere, without a failing search in between', async () => {
    const alias = target.name(`alias${counter}`);
    const next = target.name(`next${counter}`);
    await target.client.collections().create(shopSchema(next));
    await documents().import([product(0), product(1)]);
    await target.client
      .collections<ShopProduct>(next)
      .documents()
      .import([...SHOP]);
    expect(await target.client.aliases().upsert(alias, { collection_name: shop })).toEqual({
      name: alias,
      collection_name: shop,
    });

    const seen = new Set<number>();
    let done = false;
    const reading = (async () => {
      while (!done)
        seen.add((await target.client.collections<ShopProduct>(alias).documents().search({ q: '*' }, {})).found);
    })();
    for (let round = 0; round < 20; round += 1) {
      await target.client.aliases().upsert(alias, { collection_name: round % 2 === 0 ? next : shop });
    }
    await target.client.aliases().upsert(alias, { collection_name: next });
    done = true;
    await reading;
    expect([...seen].every((count) => count === 2 || count === SHOP.length)).toBe(true);
    expect((await target.client.collections<ShopProduct>(alias).documents().search({ q: '*' }, {})).found).toBe(
      SHOP.length,
    );
    expect((await target.client.aliases().retrieve()).aliases).toContainEqual({ name: alias, collection_name: next });
    await target.client.aliases(alias).delete();
    await expect(target.client.aliases(alias).retrieve()).rejects.toBeInstanceOf(Errors.ObjectNotFound);
  });
});

describe('a request', () => {
  test('without the right key is turned away', async () => {
    const stranger = clientFor(target.url, 'wrong-key');
    await expect(stranger.collections().retrieve()).rejects.toBeInstanceOf(Errors.RequestUnauthorized);
    expect(await stranger.health.retrieve()).toMatchObject({ ok: true });
  });

  test('for fields that do not exist is refused', async () => {
    await expect(documents().search({ q: 'x', query_by: 'nothing' }, {})).rejects.toMatchObject({ httpStatus: 404 });
    await expect(documents().search({ q: 'x' }, {})).rejects.toBeInstanceOf(Errors.RequestMalformed);
    await expect(documents().search({ q: 'x', query_by: 'price' }, {})).rejects.toBeInstanceOf(Errors.RequestMalformed);
  });
});
