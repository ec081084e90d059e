import { gzipSync } from 'node:zlib';
import { aUser } from '@marketgraph/platform/testing';
import type { StreamRoot } from '@marketgraph/platform/graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Actions, actions, openShop, present, type Seller, type Shop, until, upload } from './shop.ts';
import { countWritten } from './written-events.ts';

let shop: Shop;
let act: Actions;

beforeAll(async () => {
  shop = await openShop();
  act = actions(shop);
});
afterAll(() => shop?.stop());

interface Import {
  id: string;
  status: string;
  processed: number;
  failed: number;
  created: number;
  updated: number;
  unchanged: number;
  failureReason: string | null;
  errorsUrl: string | null;
}
const IMPORT = `query ($r: [_Any!]!) { _entities(representations: $r) { ... on CatalogImport {
  id status processed failed created updated unchanged failureReason errorsUrl } } }`;
const codes = (result: { userErrors: { code: string }[] }) => result.userErrors.map(({ code }) => code);

async function lookAt(id: string, seller: Seller): Promise<Import> {
  const r = [{ __typename: 'CatalogImport', id }];
  const { _entities } = await shop.run<{ _entities: (Import | null)[] }>(IMPORT, { r }, seller.viewer);
  return present(_entities[0]);
}
const types = { CSV: 'text/csv', JSONL: 'application/x-ndjson' };
async function start(
  seller: Seller,
  body: string | Buffer,
  format: 'CSV' | 'JSONL' = 'JSONL',
  more: object = {},
): Promise<string> {
  const uploadId = await upload(shop, seller.viewer, body, types[format]);
  const started = await act.startImport(seller.viewer, { vendorId: seller.vendorId, uploadId, format, ...more });
  return present(started.import, started.userErrors).id;
}
async function finished(id: string, seller: Seller): Promise<Import> {
  return until(
    async () => {
      const state = await lookAt(id, seller);
      return ['COMPLETED', 'FAILED'].includes(state.status) ? state : undefined;
    },
    { timeoutMs: 100_000, what: 'the end of the import' },
  );
}
const run = async (seller: Seller, body: string | Buffer, format: 'CSV' | 'JSONL' = 'JSONL', more: object = {}) =>
  finished(await start(seller, body, format, more), seller);
async function errorsOf({
  errorsUrl,
}: Import): Promise<{ line: number; field: string | null; reason: string; sku: string | null }[]> {
  const response = await fetch(present(errorsUrl));
  expect(response.status).toBe(200);
  const text = await response.text();
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as never);
}
const lines = (rows: unknown[]) =>
  `${rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n')}\n`;
const aRow = (sku: string, more: object = {}) => ({
  sku,
  title: `Product ${sku}`,
  description: 'To be had.',
  brand: 'North',
  category: ['Home', 'Lamps'],
  price: 49.99,
  imageUrl: `https://images.example/${sku}.jpg`,
  ...more,
});

describe('a feed', () => {
  it(
    'C17 takes over ten thousand rows of CSV, tells its progress, lists bad rows, and changes nothing the second time',
    { timeout: 240_000 },
    async () => {
      const seller = await shop.aSeller();
      const header = 'sku,title,description,brand,category,price,imageUrl,weightGrams';
      const rows = Array.from({ length: 10_000 }, (_, index) => {
        const bad = index % 400 === 7;
        const price = bad ? 'dear' : `${10 + (index % 90)}.${String(index % 100).padStart(2, '0')}`;
        return `ROW-${index},"Thing, number ${index}","Says ""hello""",Brand ${index % 50},Shelf ${index % 7} > Board ${index % 20},${price},https://images.example/${index}.jpg,${index}`;
      });
      const file = `${header}\r\n${rows.join('\r\n')}\r\n`;
      const id = await start(seller, file, 'CSV');
      const first = await finished(id, seller);
      expect(first).toMatchObject({
        status: 'COMPLETED',
        processed: 10_000,
        failed: 25,
        created: 9_975,
        updated: 0,
        unchanged: 0,
      });
      const errors = await errorsOf(first);
      expect(errors).toHaveLength(25);
      expect(errors[0]).toMatchObject({ line: 9, sku: 'ROW-7', field: 'price' });

      const { vendorId } = seller;
      const counts = async () =>
        Promise.all([
          shop.db.collection('products').countDocuments({ submittedBy: vendorId, status: 'PUBLISHED' }),
          shop.db.collection('offers').countDocuments({ vendorId }),
          countWritten(shop.db, ({ name }) => name !== 'catalog.importProgressed'),
          shop.db.collection('categories').countDocuments(),
        ]);
      const before = await counts();
      expect(before.slice(0, 2)).toEqual([9_975, 9_975]);
      expect(before[2]).toBe(2 * 9_975);

      const progress = await until(async () => {
        const told = (await shop.published('catalog.importProgressed')).filter(({ key }) => key === id);
        return told.some(({ payload }) => (payload as Import).status === 'COMPLETED') ? told : undefined;
      });
      expect(progress.length).toBeGreaterThan(20);
      const processed = progress.map(({ payload }) => (payload as Import).processed);
      expect(processed).toEqual(processed.toSorted((a, b) => a - b));
      expect(progress.every(({ topics }) => topics?.[0] === `catalogImportProgress:${id}`)).toBe(true);

      const second = await run(seller, file, 'CSV');
      expect(second).toMatchObject({
        status: 'COMPLETED',
        processed: 10_000,
        failed: 25,
        created: 0,
        updated: 0,
        unchanged: 9_975,
      });
      expect(await counts()).toEqual(before);
    },
  );

  it('understands plain product lists: names, categories, decimal prices, no sku', async () => {
    const seller = await shop.aSeller();
    const record = {
      name: 'Galaxy Express 3',
      description: 'A phone.',
      brand: 'Express',
      categories: ['Cell Phones', 'Prepaid Phones', 'All Prepaid Phones'],
      price: 49.99,
      image: 'https://images.example/4984700.jpg',
      popularity: 21_449,
    };
    const same = { ...record, image: 'https://images.example/another.jpg' };
    const done = await run(seller, lines([record, same]));
    expect(done).toMatchObject({ status: 'COMPLETED', created: 2, failed: 0 });
    const { products } = await shop.run<{ products: { edges: { node: Record<string, unknown> }[] } }>(
      `query ($id: ID) { products(filter: { vendorId: $id }, orderBy: { field: CREATED_AT, direction: ASC }) { edges { node {
        slug title brand description category { name parent { name parent { name } } } media { url }
        featuredOffer { sku price { amount currencyCode } } } } } }`,
      { id: seller.vendorId },
    );
    const [first, second] = products.edges.map(({ node }) => node);
    expect(first).toMatchObject({
      slug: 'galaxy-express-3',
      title: 'Galaxy Express 3',
      brand: 'Express',
      category: { name: 'All Prepaid Phones', parent: { name: 'Prepaid Phones', parent: { name: 'Cell Phones' } } },
      media: [{ url: 'https://images.example/4984700.jpg' }],
      featuredOffer: { price: { amount: 4_999, currencyCode: 'EUR' } },
    });
    expect((second as { slug: string }).slug).toMatch(/^galaxy-express-3-[0-9a-z]{8}$/);
    const again = await run(seller, lines([same, record]));
    expect(again).toMatchObject({ created: 0, unchanged: 2 });
  });

  it('changes what is different, and only that', async () => {
    const seller = await shop.aSeller();
    await run(seller, lines([aRow('A'), aRow('B'), aRow('C')]));
    const offers = await shop.db.collection('offers').find({ vendorId: seller.vendorId }).sort({ sku: 1 }).toArray();
    const done = await run(
      seller,
      lines([aRow('A', { price: 45 }), aRow('B', { description: 'Better words.' }), aRow('C')]),
    );
    expect(done).toMatchObject({ created: 0, updated: 2, unchanged: 1, failed: 0 });
    const events = await until(async () => {
      const told = (await shop.published()).filter(({ sequence, payload }) => {
        const { vendorId, submittedByVendorId } = payload as Record<string, string>;
        return (
          sequence === 2 &&
          [vendorId, submittedByVendorId].includes(seller.vendorId) &&
          !('importId' in (payload as object))
        );
      });
      return told.length >= 2 ? told : undefined;
    });
    expect(events.map(({ name, key, topics }) => [name, key, topics?.[0]])).toEqual([
      ['catalog.productChanged', offers[1]?.['productId'], undefined],
      ['catalog.offerChanged', String(offers[0]?._id), `priceChanged:${String(offers[0]?._id)}`],
    ]);
    const product = await shop.db.collection('products').findOne({ _id: offers[0]?.['productId'] });
    expect(product?.['sortPrice']).toBe(4_500);
  });

  it('takes rows by slug path, minor units and attributes as the category defines them', async () => {
    const seller = await shop.aSeller();
    const home = present((await act.category({ slug: 'household', name: 'Household' })).category).id;
    const schema = [
      { key: 'watts', type: 'number', required: true },
      { key: 'dimmable', type: 'boolean' },
    ];
    await act.category({ slug: 'bulbs', name: 'Bulbs', parentId: home, attributeSchema: schema });
    const file = [
      'sku;title;category;priceMinor;currency;attributes.watts;attributes.dimmable;gtin',
      'B1;Bulb;household/bulbs;499;USD;7.5;true;4006381333931',
      'B2;Bulb;bulbs;499;USD;7;maybe;',
      'B3;Bulb;household/bulbs;499;USD;;;',
      'B4;Bulb;garden/bulbs;499;USD;7;;',
    ].join('\n');
    const done = await run(seller, file, 'CSV');
    expect(done).toMatchObject({ created: 1, failed: 3 });
    expect((await errorsOf(done)).map(({ line, field }) => [line, field])).toEqual([
      [3, 'attributes.1.value'],
      [4, 'attributes.watts'],
      [5, 'category'],
    ]);
    const product = await shop.db.collection('products').findOne({ submittedBy: seller.vendorId });
    expect(product?.['attributes']).toMatchObject([
      { key: 'watts', value: 7.5 },
      { key: 'dimmable', value: true },
    ]);
    const offer = await shop.db.collection('offers').findOne({ vendorId: seller.vendorId });
    expect(offer).toMatchObject({ sku: 'B1', price: { amount: 499, currencyCode: 'USD' } });
  });

  it('lists every kind of bad row with its line, and takes over the good ones beside them', async () => {
    const seller = await shop.aSeller();
    const done = await run(
      seller,
      lines([
        aRow('GOOD-1'),
        '{"sku": "BROKEN", ',
        '[1, 2]',
        aRow('NO-TITLE', { title: '' }),
        aRow('NO-PRICE', { price: null }),
        aRow('FRACTION', { price: 49.999 }),
        aRow('ZERO', { price: 0 }),
        aRow('NEGATIVE', { price: -5 }),
        aRow('COIN', { currency: 'DOUBLOON' }),
        aRow('$ne'),
        aRow('OPERATOR', { attributes: { $where: '1' } }),
        '{"sku":"PROTO","title":"x","category":["A"],"price":1,"__proto__":{"x":1}}',
        aRow('FILE', { imageUrl: 'file:///etc/passwd' }),
        aRow('SCRIPT', { imageUrl: 'javascript:alert(1)' }),
        aRow('LONG', { description: 'x'.repeat(70_000) }),
        aRow('LONG-TITLE', { title: 'x'.repeat(201) }),
        aRow('GTIN', { gtin: '123' }),
        aRow('DEEP', { category: ['1', '2', '3', '4', '5', '6', '7', '8', '9'] }),
        aRow('NOWHERE', { category: 'no/such/place' }),
        '',
        aRow('GOOD-1', { price: 1 }),
        aRow('FORMULA', { title: '=HYPERLINK("http://evil")' }),
        aRow('GOOD-2'),
      ]),
    );
    expect(done).toMatchObject({ status: 'COMPLETED', processed: 22, failed: 19, created: 3 });
    const errors = await errorsOf(done);
    expect(errors.map(({ line }) => line)).toEqual([
      2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 21,
    ]);
    expect(errors.every(({ reason }) => reason.length > 5)).toBe(true);
    expect(errors.at(-1)).toMatchObject({ sku: 'GOOD-1', reason: expect.stringContaining('line 1') as string });
    const offers = await shop.db.collection('offers').find({ vendorId: seller.vendorId }).sort({ sku: 1 }).toArray();
    expect(offers.map(({ sku }) => sku as string)).toEqual(['FORMULA', 'GOOD-1', 'GOOD-2']);
    // The same file again: the row that was refused for its repeated sku is refused again and does not win.
    const again = await run(seller, lines([aRow('GOOD-1'), aRow('GOOD-1', { price: 1 })]));
    expect(again).toMatchObject({ unchanged: 1, failed: 1, updated: 0 });
  });

  it('reads bytes that are no text as bad rows', async () => {
    const seller = await shop.aSeller();
    const body = Buffer.concat([Buffer.from([0xff, 0xfe, 0x0a]), Buffer.from(lines([aRow('UTF')]))]);
    expect(await run(seller, body)).toMatchObject({ status: 'COMPLETED', created: 1, failed: 1 });
  });

  it.each([
    ['a file without rows', '\n\n', 'JSONL', /no rows/],
    ['a table without a title', 'sku,price\nA,1\n', 'CSV', /title/],
    ['a table with a column twice', 'title,price,price\nA,1,1\n', 'CSV', /twice/],
    ['a table in UTF-16', Buffer.from('\ufefftitle,price\nÄ,1\n', 'utf16le'), 'CSV', /UTF-8/],
    ['a table that is packed', gzipSync(`title,price\n${'A,1\n'.repeat(100_000)}`), 'CSV', /UTF-8|header/],
    ['a table whose header is a megabyte', `title,${'x'.repeat(1_000_000)}\nA,1\n`, 'CSV', /longer than/],
  ] as const)('fails %s and says why', async (_, body, format, reason) => {
    const seller = await shop.aSeller();
    const done = await run(seller, body, format);
    expect(done.status).toBe('FAILED');
    expect(done.failureReason).toMatch(reason);
  });

  it('does not bring back what its vendor has archived, nor what a moderator has refused', async () => {
    const seller = await shop.aSeller();
    await run(seller, lines([aRow('OLD'), aRow('BAD')]));
    const [bad, old] = await shop.db
      .collection('offers')
      .find({ vendorId: seller.vendorId })
      .sort({ sku: 1 })
      .toArray();
    await act.archive(seller.viewer, old?.['productId'] as string, 1);
    await act.moderate({ id: bad?.['productId'] as string, decision: 'REJECT', reason: 'Not allowed.' });
    const done = await run(seller, lines([aRow('OLD', { price: 1 }), aRow('BAD', { price: 1 })]));
    expect(done).toMatchObject({ updated: 1, failed: 1 });
    const statuses = await shop.db.collection('products').find({ submittedBy: seller.vendorId }).toArray();
    expect(statuses.map(({ status }) => status as string).toSorted()).toEqual(['ARCHIVED', 'REJECTED']);
  });

  it('makes a category once when two feeds bring it at the same time', async () => {
    const sellers = [await shop.aSeller(), await shop.aSeller()];
    const names = Array.from({ length: 30 }, (_, index) => `New shelf ${index}`);
    const file = (prefix: string) =>
      lines(names.map((name, index) => aRow(`${prefix}-${index}`, { category: ['New', name] })));
    const done = await Promise.all(sellers.map((seller, index) => run(seller, file(String(index)))));
    expect(done.map(({ created }) => created)).toEqual([30, 30]);
    expect(await shop.db.collection('categories').countDocuments({ 'names.name': /^New/ })).toBe(31);
  });
});

describe('starting', () => {
  it('is for whoever acts for the vendor, with an upload of their own', async () => {
    const seller = await shop.aSeller();
    const other = await shop.aSeller();
    const uploadId = await upload(shop, seller.viewer, lines([aRow('X')]), types.JSONL);
    const input = { vendorId: seller.vendorId, uploadId, format: 'JSONL' };
    const mutation = 'mutation ($input: CatalogImportInput!) { catalogImportStart(input: $input) { import { id } } }';
    expect((await shop.execute(mutation, { input }, aUser())).errors?.[0]?.extensions['code']).toBe('FORBIDDEN');
    expect(codes(await act.startImport(other.viewer, input))).toEqual(['FORBIDDEN']);
    expect(codes(await act.startImport(other.viewer, { ...input, vendorId: other.vendorId }))).toEqual(['NOT_FOUND']);
    expect(codes(await act.startImport(seller.viewer, { ...input, format: 'CSV' }))).toEqual(['INVALID']);
    expect(codes(await act.startImport(seller.viewer, { ...input, uploadId: 'upl_none' }))).toEqual(['NOT_FOUND']);
    const announced = await act.announce(seller.viewer, { filename: 'f', contentType: types.JSONL, byteSize: 3 });
    expect(codes(await act.startImport(seller.viewer, { ...input, uploadId: announced.uploadId }))).toEqual([
      'INVALID',
    ]);
    const suspended = await shop.aSeller({ status: 'SUSPENDED' });
    expect(codes(await act.startImport(suspended.viewer, { ...input, vendorId: suspended.vendorId }))).toEqual([
      'VENDOR_NOT_ACTIVE',
    ]);
  });

  it('makes one import of an upload that is started ten times at once', async () => {
    await shop.restart({ withWork: false });
    try {
      const seller = await shop.aSeller();
      const uploadId = await upload(shop, seller.viewer, lines([aRow('X')]), types.JSONL);
      const input = { vendorId: seller.vendorId, uploadId, format: 'JSONL' };
      const results = await Promise.all(Array.from({ length: 10 }, () => act.startImport(seller.viewer, input)));
      expect(new Set(results.map((result) => present(result.import).id)).size).toBe(1);
    } finally {
      await shop.restart();
    }
  });

  it('shows an import to its vendor and to operators, and to nobody else', async () => {
    const seller = await shop.aSeller();
    const { id } = await run(seller, lines([aRow('X')]));
    const r = [{ __typename: 'CatalogImport', id }];
    for (const viewer of [aUser(), (await shop.aSeller()).viewer, undefined]) {
      expect(await shop.run(IMPORT, { r }, viewer)).toEqual({ _entities: [null] });
    }
    expect(await shop.run(IMPORT, { r }, shop.operator)).toMatchObject({ _entities: [{ id }] });
  });
});

describe('watching', () => {
  const WATCH = `subscription ($id: ID!) { catalogImportProgress(importId: $id) {
    cursor kind import { id status processed failed } } }`;
  const occurredAt = new Date().toISOString();
  const root = (more: Partial<StreamRoot>): StreamRoot => ({ kind: 'SNAPSHOT', cursor: 'c1', occurredAt, ...more });

  it('begins with how things stand, goes on with what happens, and is for its vendor alone', async () => {
    const seller = await shop.aSeller();
    const { id } = await run(seller, lines([aRow('X'), 'bad']));
    const snapshot = await shop.executeEvent(WATCH, { id }, seller.viewer, root({ key: id }));
    expect(JSON.parse(JSON.stringify(snapshot.data))).toEqual({
      catalogImportProgress: {
        cursor: 'c1',
        kind: 'SNAPSHOT',
        import: { id, status: 'COMPLETED', processed: 2, failed: 1 },
      },
    });
    const [received] = await until(async () => {
      const told = (await shop.published('catalog.importProgressed')).filter(({ key }) => key === id);
      return told.length >= 2 ? told : undefined;
    });
    const live = await shop.executeEvent(WATCH, { id }, seller.viewer, root({ kind: 'LIVE', envelope: received! }));
    expect(JSON.parse(JSON.stringify(live.data))).toMatchObject({
      catalogImportProgress: { kind: 'LIVE', import: { status: 'RECEIVED', processed: 0 } },
    });
    for (const [viewer, code] of [
      [aUser(), 'BAD_USER_INPUT'],
      [{ kind: 'anonymous' } as const, 'UNAUTHENTICATED'],
    ] as const) {
      const refused = await shop.executeEvent(WATCH, { id }, viewer, root({ key: id }));
      expect(refused.errors?.[0]?.extensions['code']).toBe(code);
    }
  });
});

describe('a process that is asked to end in the middle', () => {
  it('C17 goes on behind the last batch, and does nothing twice', async () => {
    const seller = await shop.aSeller();
    const file = lines(Array.from({ length: 3_000 }, (_, index) => (index % 100 === 50 ? 'bad' : aRow(`R-${index}`))));
    const id = await start(seller, file);
    await until(async () => (await lookAt(id, seller)).processed > 0, { intervalMs: 5 });
    await shop.restart({ withWork: false });
    const halfway = await lookAt(id, seller);
    expect(halfway.status).toBe('RUNNING');
    expect(halfway.processed).toBeLessThan(3_000);
    await shop.subgraph.start();
    const done = await finished(id, seller);
    expect(done).toMatchObject({ status: 'COMPLETED', processed: 3_000, failed: 30, created: 2_970, unchanged: 0 });
    expect(await shop.db.collection('offers').countDocuments({ vendorId: seller.vendorId })).toBe(2_970);
    expect(await errorsOf(done)).toHaveLength(30);
  });
});
