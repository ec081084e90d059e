import { gzipSync } from 'node:zlib';
import * as operations from '@marketgraph/schema/generated/operations';
import { until } from '@marketgraph/platform/testing';
import { describe, expect, it } from 'vitest';
import { newKey, upload } from '../../story/cast.ts';
import { accepted } from '../../story/report.ts';
import { type AttackedShop, NOBODY } from './attacked-shop.ts';

const FIND = `query($query: String, $filter: SearchFilter, $facets: [String!], $sort: SearchSort, $first: Int) {
  searchProducts(query: $query, filter: $filter, facets: $facets, sort: $sort, first: $first) {
    edges { node { id } } } }`;
const CREATE = `mutation($input: ProductInput!, $key: IdempotencyKey) {
  productCreate(input: $input, idempotencyKey: $key) { product { id } userErrors { code field } } }`;
const CATEGORY = `mutation($input: CategoryInput!) { categoryUpsert(input: $input) {
  category { id } userErrors { code field } } }`;
const SHELF = `query($vendorId: ID!) {
  vendor(id: $vendorId) { products(first: 100, status: [DRAFT, PENDING_REVIEW, PUBLISHED]) { edges { node { id title } } } }
  categories { id slug }
}`;

interface Found {
  searchProducts: { edges: { node: { id: string } }[] };
}
interface Refused {
  userErrors: { code: string; field: string[] | null }[];
}

export function itFindsOnlyWhatIsAsked(shop: () => AttackedShop): void {
  describe('where is that', () => {
    const find = (variables: object) => shop().as<Found>(shop().buyer, FIND, { ...variables });
    const ids = async (variables: object) => {
      const { status, codes, data } = await find(variables);
      expect([status, codes]).toEqual([200, []]);
      return data!.searchProducts.edges.map(({ node }) => node.id);
    };

    it('the language of the index is words to it, and opens no other shop', async () => {
      const { alpha, lamp, kettle } = shop();
      const wanted = { query: 'lamp', filter: { vendorIds: [alpha.id] } };
      await until(async () => (await ids(wanted)).includes(lamp.productId), { what: 'the lamp in the search' });
      for (const query of [
        'lamp || id:!=`x`',
        'lamp && vendorIds:!=[`x`]',
        '`) || (id:!=`x',
        'lamp" -brass',
        '-lamp',
        '*',
        'lamp sort_by:popularity',
        '$where: 1',
        '{"$gt": ""}',
      ]) {
        expect(await ids({ ...wanted, query }), query).not.toContain(kettle.productId);
      }
      for (const value of [`${alpha.id}\`] || id:!=[\`x`, '` || id:!=`x', '\\`] || (inStock:=true', '[a..z]', '*']) {
        expect(await ids({ filter: { vendorIds: [value] } }), value).toEqual([]);
        expect(await ids({ filter: { categoryIds: [value] } }), value).toEqual([]);
        const attributes = [{ key: `brand:=Test || ${value.slice(0, 40)}`, anyOf: [value] }];
        expect(await ids({ filter: { attributes } }), value).toEqual([]);
      }
    });

    it.each<[string, object]>([
      ['ten kilobytes of words', { query: 'lamp '.repeat(2_048) }],
      ['a facet nobody has', { facets: ['popularity'] }],
      ['a facet of the index itself', { facets: ['price_EUR(all:[0,1000])'] }],
      ['more facets than there are', { facets: Array.from({ length: 21 }, (_, at) => `attributes.${at}`) }],
      ['a sort nobody has', { sort: 'SECRET_MARGIN' }],
      ['a sort of the index itself', { sort: 'popularity:desc' }],
      ['a page of a million', { first: 1_000_000 }],
      ['a page of none', { first: 0 }],
      ['an operator for words', { query: { $ne: null } }],
      ['an operator for a category', { filter: { categoryIds: [{ $gt: '' }] } }],
      ['a field nobody has', { filter: { secret: true } }],
      ['prices upside down', { filter: { priceMin: 2, priceMax: 1 } }],
    ])('%s is BAD_USER_INPUT', async (_, variables) => {
      const { codes, data } = await find(variables);
      expect([codes, data?.searchProducts]).toEqual([['BAD_USER_INPUT'], undefined]);
    });
  });

  describe('what is it like', () => {
    const shelf = async () => {
      const { as, alpha } = shop();
      const { data, codes } = await as(alpha.person, SHELF, { vendorId: alpha.id });
      expect(codes).toEqual([]);
      return JSON.stringify(data);
    };
    /** The codes and the places of what was refused, when nothing is other than before. */
    const refusals = async (field: string, answer: () => Promise<{ data: unknown; codes: readonly string[] }>) => {
      const before = await shelf();
      const { data, codes } = await answer();
      expect(await shelf()).toBe(before);
      const { userErrors = [] } = ((data as Record<string, Refused | null> | null)?.[field] ?? {}) as Partial<Refused>;
      return [...codes, ...userErrors.map(({ code, field: path }) => `${code} ${path?.join('.')}`)];
    };
    const create = (input: object) => {
      const { as, alpha } = shop();
      const product = { vendorId: alpha.id, title: 'A bad one', variants: [{ title: 'One' }], ...input };
      return refusals('productCreate', () => as(alpha.person, CREATE, { input: product, key: newKey() }));
    };

    it('attributes are of their type, and neither keys nor values are operators of a store', async () => {
      const { as, operator } = shop();
      const attributeSchema = [
        { key: 'watts', type: 'number', unit: 'W' },
        { key: 'dimmable', type: 'boolean' },
        { key: 'colour', type: 'enum', values: ['black', 'white'] },
      ];
      const slug = `typed-${newKey().slice(0, 8).toLowerCase()}`;
      const made = await as<{ categoryUpsert: { category: { id: string } } }>(operator, CATEGORY, {
        input: { slug, name: slug, attributeSchema },
      });
      const categoryId = made.data!.categoryUpsert.category.id;
      const of = (key: string, value: unknown) => create({ categoryId, attributes: [{ key, value }] });
      for (const [key, value] of [
        ['watts', 'many'],
        ['watts', true],
        ['watts', { $gt: 0 }],
        ['dimmable', 'yes'],
        ['colour', 'mauve'],
        ['colour', ['black']],
        ['colour', { $ne: 'black' }],
      ] as const) {
        expect(await of(key, value), JSON.stringify(value)).toEqual(['INVALID attributes.0.value']);
      }
      for (const key of ['$where', 'a.b', '__proto__', 'unknown']) {
        expect(await of(key, 'x'), key).toEqual(['INVALID attributes.0.key']);
      }
      expect(await create({ categoryId: '{"$gt":""}' })).toEqual(['NOT_FOUND categoryId']);
      expect(await create({ categoryId: { $gt: '' } })).toEqual(['BAD_USER_INPUT']);
    });

    it('a category stands neither below itself nor below what stands below it', async () => {
      const { as, operator } = shop();
      const upsert = (input: object) =>
        as<{ categoryUpsert: { category: { id: string } | null } }>(operator, CATEGORY, { input });
      const slug = `cycle-${newKey().slice(0, 8).toLowerCase()}`;
      const above = (await upsert({ slug, name: slug })).data!.categoryUpsert.category!.id;
      const child = { slug: `${slug}-b`, name: `${slug} b`, parentId: above };
      const below = (await upsert(child)).data!.categoryUpsert.category!.id;
      for (const parentId of [above, below]) {
        const moved = { id: above, slug, name: slug, parentId };
        expect(await refusals('categoryUpsert', () => upsert(moved))).toEqual(['INVALID parentId']);
      }
      const nowhere = { id: above, slug, name: slug, parentId: `cat_${NOBODY}` };
      expect(await refusals('categoryUpsert', () => upsert(nowhere))).toEqual(['NOT_FOUND parentId']);
    });
  });

  describe('files', () => {
    const announce = (contentType: string, byteSize: number) =>
      shop().alpha.person.ask(operations.MediaUploadCreateDocument, {
        input: { filename: 'file', contentType, byteSize },
      });
    const put = async (contentType: string, announced: number, body: string | Buffer, headers: object = {}) => {
      const { mediaUploadCreate } = await announce(contentType, announced);
      const response = await fetch(mediaUploadCreate.uploadUrl!, {
        method: 'PUT',
        headers: { 'content-type': contentType, ...headers },
        body: body as never,
      });
      const text = await response.text();
      expect(text).not.toContain('    at ');
      return response.status;
    };
    const PNG_BEGIN = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
    const SCRIPT = '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>';

    it('a picture is what it says it is, and no larger than it said', async () => {
      expect(await put('image/png', SCRIPT.length, SCRIPT)).toBe(415);
      expect(await put('image/png', 10, Buffer.concat([PNG_BEGIN, Buffer.alloc(100)]))).toBe(413);
      for (const [type, size, field] of [
        ['image/svg+xml', 100, 'contentType'],
        ['text/html', 100, 'contentType'],
        ['image/png', 10 * 1_024 * 1_024 + 1, 'byteSize'],
      ] as const) {
        const { mediaUploadCreate } = await announce(type, size);
        expect([mediaUploadCreate.uploadUrl, mediaUploadCreate.userErrors.map((one) => one.field)]).toEqual([
          null,
          [[field]],
        ]);
      }
    });

    const importTable = async (text: string | Buffer) => {
      const { alpha } = shop();
      const file = { filename: 'feed.csv', contentType: 'text/csv' };
      const uploadId = await upload(alpha.person, file, text);
      const { catalogImportStart } = await alpha.person.ask(operations.CatalogImportStartDocument, {
        input: { vendorId: alpha.id, uploadId, format: 'CSV' },
      });
      const { id } = accepted('catalogImportStart', catalogImportStart.import, catalogImportStart.userErrors);
      const progress = alpha.person.watch(operations.CatalogImportProgressDocument, { importId: id });
      const ended = await progress.find(
        ({ catalogImportProgress: { import: state } }) => ['COMPLETED', 'FAILED'].includes(state.status),
        'the end of the import',
        30_000,
      );
      await progress.cut();
      return ended.catalogImportProgress.import;
    };

    it('a packed table is not unpacked, whatever would come out of it', async () => {
      const before = (await shop().as(shop().alpha.person, SHELF, { vendorId: shop().alpha.id })).data;
      // Ten megabytes that are ten kilobytes on the way.
      const packed = gzipSync(`sku,title,category,price\n${'B,Bomb,Lamps,1\n'.repeat(700_000)}`);
      expect(packed.length).toBeLessThan(100_000);
      const done = await importTable(packed);
      expect([done.status, done.processed, done.created]).toEqual(['FAILED', 0, 0]);
      expect(done.failureReason).toMatch(/UTF-8|header/);
      expect(await put('text/csv', packed.length, packed, { 'content-encoding': 'gzip' })).toBe(415);
      expect((await shop().as(shop().alpha.person, SHELF, { vendorId: shop().alpha.id })).data).toEqual(before);
    });

    it('a formula in a table is the text it looks like', async () => {
      const { as, alpha } = shop();
      const formulas = ['=HYPERLINK("http://evil.example";"Click")', "+1+cmd|' /C calc'!A0", '@SUM(1+1)', '-2+3'];
      const rows = formulas.map((text, at) => `F-${at},"${text.replaceAll('"', '""')}","Formulas",9.99`);
      const done = await importTable(['sku,title,category,price', ...rows].join('\n'));
      expect([done.status, done.created, done.failed]).toEqual(['COMPLETED', formulas.length, 0]);
      const { data } = await as<{ vendor: { products: { edges: { node: { title: string } }[] } } }>(
        alpha.person,
        SHELF,
        { vendorId: alpha.id },
      );
      const titles = data!.vendor.products.edges.map(({ node }) => node.title);
      expect(titles).toEqual(expect.arrayContaining(formulas));
    });
  });
}
