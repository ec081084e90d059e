import { aUser } from '@marketgraph/platform/testing';
import type { ProductChanged } from '@marketgraph/schema/events/catalog';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Actions,
  actions,
  anonymous,
  openShop,
  present,
  publishedProduct,
  type Seller,
  type Shop,
  until,
} from './shop.ts';

let shop: Shop;
let act: Actions;
let seller: Seller;
let other: Seller;
let lampsId: string;

beforeAll(async () => {
  shop = await openShop();
  act = actions(shop);
  seller = await shop.aSeller();
  other = await shop.aSeller();
  lampsId = present((await act.category({ slug: 'lamps', name: 'Lamps' })).category).id;
});
afterAll(() => shop?.stop());

const aLamp = (input: object = {}) => ({
  vendorId: seller.vendorId,
  title: 'Brass reading lamp',
  categoryId: lampsId,
  variants: [{ title: 'One size' }],
  ...input,
});
const titleOf = (id: string, viewer = anonymous) =>
  shop.run<{ product: { title: string } | null }>('query ($id: ID!) { product(id: $id) { title } }', { id }, viewer);
const codes = (result: { userErrors: { code: string }[] }) => result.userErrors.map(({ code }) => code);

describe('the life of a product', () => {
  it('C1 a vendor creates, submits, an operator approves, and then everybody sees it', async () => {
    const created = present((await act.create(seller.viewer, aLamp({ title: 'A lamp to be approved' }))).product);
    expect(created.status).toBe('DRAFT');
    expect((await titleOf(created.id)).product).toBeNull();
    expect((await titleOf(created.id, seller.viewer)).product).toEqual({ title: 'A lamp to be approved' });

    expect(present((await act.submit(seller.viewer, created.id)).product).status).toBe('PENDING_REVIEW');
    expect((await titleOf(created.id)).product).toBeNull();
    expect((await titleOf(created.id, shop.operator)).product).not.toBeNull();

    expect(present((await act.moderate({ id: created.id, decision: 'APPROVE' })).product).status).toBe('PUBLISHED');
    const { product, products } = await shop.run<{
      product: { id: string };
      products: { edges: { node: { id: string } }[] };
    }>(
      '{ product(slug: "a-lamp-to-be-approved") { id } products(filter: { query: "approved lam" }) { edges { node { id } } } }',
    );
    expect(product.id).toBe(created.id);
    expect(products.edges.map(({ node }) => node.id)).toEqual([created.id]);
    const events = await until(async () => {
      const all = (await shop.published('catalog.productChanged')).filter(({ key }) => key === created.id);
      return all.length === 3 ? all : undefined;
    });
    expect(events.map(({ sequence, payload }) => [sequence, (payload as { status: string }).status])).toEqual([
      [1, 'DRAFT'],
      [2, 'PENDING_REVIEW'],
      [3, 'PUBLISHED'],
    ]);
  });

  it('S1 tells of its forms by what tells them apart and by their codes, the event as well as the answer', async () => {
    const colour = { key: 'colour', value: 'brass' };
    const variants = [
      { title: 'Plain' },
      { title: 'Brass', options: [colour] },
      { title: 'With a code', options: [{ ...colour, value: 'steel' }], gtin: '4006381333931' },
    ];
    const created = present((await act.create(seller.viewer, aLamp({ variants }))).product);
    const ids = created.variants.map(({ id }) => id);
    const event = await until(async () =>
      (await shop.published('catalog.productChanged')).find(({ key }) => key === created.id),
    );
    const told = (event.payload as ProductChanged).variants;
    expect(told).toEqual([
      { id: ids[1], gtin: null, options: [{ ...colour, unit: null }] },
      { id: ids[2], gtin: '4006381333931', options: [{ ...colour, value: 'steel', unit: null }] },
    ]);
    const query = 'query ($id: ID!) { product(id: $id) { variants { id gtin options { key value unit } } } }';
    const { product } = await shop.run<{ product: { variants: object[] } }>(query, { id: created.id }, seller.viewer);
    expect(product.variants).toEqual([{ id: ids[0], gtin: null, options: [] }, ...told!]);
    const plain = present((await act.create(seller.viewer, aLamp())).product);
    const short = await until(async () =>
      (await shop.published('catalog.productChanged')).find(({ key }) => key === plain.id),
    );
    expect(short.payload).not.toHaveProperty('variants');
  });

  it('C1 a buyer cannot create, and nobody without an account', async () => {
    const mutation = 'mutation ($input: ProductInput!) { productCreate(input: $input) { product { id } } }';
    const refused = await shop.execute(mutation, { input: aLamp() }, aUser());
    expect(refused.errors?.[0]?.extensions['code']).toBe('FORBIDDEN');
    const unknown = await shop.execute(mutation, { input: aLamp() });
    expect(unknown.errors?.[0]?.extensions['code']).toBe('UNAUTHENTICATED');
  });

  it('C1 another vendor cannot create for, update, submit or archive', async () => {
    expect(codes(await act.create(other.viewer, aLamp()))).toEqual(['FORBIDDEN']);
    const product = await publishedProduct(act, seller, { categoryId: lampsId, title: 'Not yours' });
    expect(codes(await act.update(other.viewer, product.id, { title: 'Mine' }, product.version))).toEqual([
      'FORBIDDEN',
    ]);
    expect(codes(await act.archive(other.viewer, product.id, product.version))).toEqual(['FORBIDDEN']);
    const draft = present((await act.create(seller.viewer, aLamp({ title: 'Secret plans' }))).product);
    expect(codes(await act.update(other.viewer, draft.id, { title: 'Mine' }, 1))).toEqual(['NOT_FOUND']);
    expect(codes(await act.submit(other.viewer, draft.id))).toEqual(['NOT_FOUND']);
    expect((await titleOf(product.id)).product).toEqual({ title: 'Not yours' });
  });

  it('lets only moderators moderate', async () => {
    const mutation = 'mutation ($input: ProductModerateInput!) { productModerate(input: $input) { product { id } } }';
    const result = await shop.execute(mutation, { input: { id: 'prd_x', decision: 'APPROVE' } }, seller.viewer);
    expect(result.errors?.[0]?.extensions['code']).toBe('FORBIDDEN');
  });

  it('hides what a moderator rejects, and takes it back when it was mended', async () => {
    const { id, version } = await publishedProduct(act, seller, { categoryId: lampsId });
    expect(codes(await act.moderate({ id, decision: 'REJECT' }))).toEqual(['INVALID']);
    expect(present((await act.moderate({ id, decision: 'REJECT', reason: 'Copied text.' })).product).status).toBe(
      'REJECTED',
    );
    expect((await titleOf(id)).product).toBeNull();
    expect(codes(await act.moderate({ id, decision: 'APPROVE' }))).toEqual(['ILLEGAL_TRANSITION']);
    await act.update(seller.viewer, id, { title: 'My own words' }, version + 1);
    await act.submit(seller.viewer, id);
    await act.moderate({ id, decision: 'APPROVE' });
    expect((await titleOf(id)).product).toEqual({ title: 'My own words' });
  });

  it('ends with the archive', async () => {
    const { id, version } = await publishedProduct(act, seller, { categoryId: lampsId });
    expect(codes(await act.archive(seller.viewer, id, version - 1))).toEqual(['VERSION_MISMATCH']);
    expect(present((await act.archive(seller.viewer, id, version)).product).status).toBe('ARCHIVED');
    expect((await titleOf(id)).product).toBeNull();
    expect(codes(await act.update(seller.viewer, id, { title: 'Back' }, version + 1))).toEqual(['ILLEGAL_TRANSITION']);
  });
});

describe('who may sell', () => {
  it('A7 refuses a vendor that is not active, and one whose papers were not checked', async () => {
    const applied = await shop.aSeller({ status: 'APPLIED', kycStatus: 'NOT_STARTED' });
    const unchecked = await shop.aSeller({ kycStatus: 'SUBMITTED' });
    const { variantId } = await publishedProduct(act, seller, { categoryId: lampsId });
    const price = { amount: 100, currencyCode: 'EUR' };
    for (const [vendor, code] of [
      [applied, 'VENDOR_NOT_ACTIVE'],
      [unchecked, 'KYC_REQUIRED'],
    ] as const) {
      const { vendorId, viewer } = vendor;
      expect(codes(await act.create(viewer, { ...aLamp(), vendorId }))).toEqual([code]);
      expect(codes(await act.offer(viewer, { vendorId, variantId, sku: 'S1', price }))).toEqual([code]);
    }
  });

  it('asks accounts before it refuses a vendor whose approval is still on its way', async () => {
    const late = await shop.aSeller({ status: 'PENDING_REVIEW', kycStatus: 'SUBMITTED' });
    shop.accounts.set(late.vendorId, { status: 'ACTIVE', kycStatus: 'VERIFIED', version: 2 });
    const { product } = await act.create(late.viewer, { ...aLamp(), vendorId: late.vendorId });
    expect(product?.status).toBe('DRAFT');
  });

  it('learns of an approval by the event of accounts, and lets no late event undo it', async () => {
    const { vendorId, viewer } = await shop.aSeller({ status: 'APPLIED', kycStatus: 'NOT_STARTED' });
    const payload = (status: string) => ({
      vendorId,
      organizationId: 'org_1',
      ownerUserId: 'usr_1',
      handle: 'shop',
      businessName: 'Shop',
      status,
      kycStatus: 'VERIFIED',
      isPrimeEligible: false,
    });
    await shop.tell('accounts', {
      name: 'accounts.vendorChanged',
      key: vendorId,
      sequence: 5,
      payload: payload('ACTIVE'),
    });
    await shop.tell('accounts', {
      name: 'accounts.vendorChanged',
      key: vendorId,
      sequence: 4,
      payload: payload('APPLIED'),
    });
    const created = await until(async () => (await act.create(viewer, { ...aLamp(), vendorId })).product);
    expect(created.status).toBe('DRAFT');
    await until(() =>
      shop.db
        .collection('inbox')
        .countDocuments({ consumer: 'catalog' })
        .then((count) => count >= 2),
    );
    expect(codes(await act.create(viewer, { ...aLamp(), vendorId }))).toEqual([]);
  });
});

describe('editing', () => {
  it('C8 refuses an edit made from an older version, and says which is current', async () => {
    const { id, version } = await publishedProduct(act, seller, { categoryId: lampsId });
    const first = await act.update(seller.viewer, id, { title: 'First' }, version);
    expect(first.product?.version).toBe(version + 1);
    const second = await act.update(seller.viewer, id, { title: 'Second' }, version);
    expect(codes(second)).toEqual(['VERSION_MISMATCH']);
    expect(second.userErrors[0]?.message).toContain(String(version + 1));
  });

  it('lets one of twenty edits of the same version through', async () => {
    const { id, version } = await publishedProduct(act, seller, { categoryId: lampsId });
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) => act.update(seller.viewer, id, { title: `Edit ${index}` }, version)),
    );
    expect(results.filter(({ product }) => product)).toHaveLength(1);
    expect(new Set(results.flatMap(codes))).toEqual(new Set(['VERSION_MISMATCH']));
  });

  it('gives the same product for the same idempotency key, also when both come at once', async () => {
    const key = 'create-this-lamp-once';
    const input = aLamp({ title: 'Only once' });
    const results = await Promise.all(Array.from({ length: 8 }, () => act.create(seller.viewer, input, key)));
    expect(new Set(results.map(({ product }) => present(product).id)).size).toBe(1);
    expect(await shop.db.collection('products').countDocuments({ slug: /^only-once/ })).toBe(1);
    expect(codes(await act.create(seller.viewer, aLamp({ title: 'Another' }), key))).toEqual([
      'IDEMPOTENCY_KEY_REUSED',
    ]);
  });

  it('gives two products of one title two slugs, also when both come at once', async () => {
    const results = await Promise.all(
      Array.from({ length: 6 }, () => act.create(seller.viewer, aLamp({ title: 'Twin lamp' }))),
    );
    const slugs = results.map(({ product }) => present(product).slug);
    expect(new Set(slugs).size).toBe(6);
    expect(slugs).toContain('twin-lamp');
  });

  it('C16 answers in the language asked for, else a related one, else the source', async () => {
    const { id } = await publishedProduct(act, seller, {
      categoryId: lampsId,
      title: 'Reading lamp',
      description: 'To read by.',
      translations: [
        { language: 'de', title: 'Leselampe', description: 'Zum Lesen.' },
        { language: 'pt-BR', title: 'Luminária' },
      ],
    });
    const { product } = await shop.run<{ product: Record<string, string> }>(
      `query ($id: ID!) { product(id: $id) { plain: title de: title(language: "de") at: title(language: "de-AT")
        pt: title(language: "pt") fr: title(language: "fr") words: description(language: "de") } }`,
      { id },
    );
    expect(product).toEqual({
      plain: 'Reading lamp',
      de: 'Leselampe',
      at: 'Leselampe',
      pt: 'Luminária',
      fr: 'Reading lamp',
      words: 'Zum Lesen.',
    });
  });
});

describe('two at once', () => {
  it('lets one of two moderators decide, and one of two archivers archive', async () => {
    const { product } = await act.create(seller.viewer, aLamp());
    const { id } = present(product);
    await act.submit(seller.viewer, id);
    const verdicts = await Promise.all([
      act.moderate({ id, decision: 'APPROVE' }),
      act.moderate({ id, decision: 'REJECT', reason: 'No.' }),
      act.moderate({ id, decision: 'APPROVE' }),
    ]);
    // A published product may still be rejected: what may not be is that two approve, or approve what was refused.
    const statuses = verdicts.flatMap((verdict) => verdict.product?.status ?? []);
    expect(statuses.filter((status) => status === 'PUBLISHED').length).toBeLessThanOrEqual(1);
    const stored = await shop.db.collection('products').findOne({ _id: id as never });
    expect(stored?.['version']).toBe(2 + statuses.length);

    const archived = await Promise.all(
      [1, 2, 3].map(() => act.archive(seller.viewer, id, stored?.['version'] as number)),
    );
    expect(archived.filter((result) => result.product)).toHaveLength(1);
  });

  it('submits once, however often it is asked', async () => {
    const { id } = present((await act.create(seller.viewer, aLamp())).product);
    const results = await Promise.all([1, 2, 3, 4].map(() => act.submit(seller.viewer, id)));
    expect(results.filter((result) => result.product)).toHaveLength(1);
    expect(new Set(results.flatMap(codes))).toEqual(new Set(['ILLEGAL_TRANSITION']));
  });
});

describe('the process', () => {
  it('says of each store whether it can be used', async () => {
    const { ready, checks } = await shop.subgraph.readiness();
    expect(ready).toBe(true);
    expect(Object.keys(checks)).toEqual(['mongodb', 'redis']);
  });
});

describe('bad input', () => {
  it('answers null for references that are no texts', async () => {
    const query = 'query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }';
    const r = [
      { __typename: 'Product', id: { $ne: null } },
      { __typename: 'ProductVariant', id: ['a'] },
      { __typename: 'Offer', id: 5 },
      { __typename: 'Offer', vendor: { id: { $gt: '' } }, sku: { $gt: '' } },
      { __typename: 'Category', id: { $regex: '.' } },
      { __typename: 'Vendor', id: null },
      { __typename: 'CatalogImport' },
    ];
    for (const viewer of [shop.operator, { kind: 'service', service: 'orders' } as const]) {
      expect(await shop.run(query, { r }, viewer)).toEqual({ _entities: r.map(() => null) });
    }
  });

  it.each([
    ['an operator as a value', { attributes: [{ key: 'colour', value: { $ne: 1 } }] }, ['attributes', '0', 'value']],
    ['an operator as a key', { attributes: [{ key: '$where', value: 'x' }] }, ['attributes', '0', 'key']],
    ['a dotted key', { attributes: [{ key: 'a.b', value: 'x' }] }, ['attributes', '0', 'key']],
    ['a prototype key', { attributes: [{ key: '__proto__', value: 'x' }] }, ['attributes', '0', 'key']],
    ['a list as a value', { attributes: [{ key: 'colour', value: ['x'] }] }, ['attributes', '0', 'value']],
    ['an empty title', { title: ' ' }, ['title']],
    ['a title with a NUL', { title: 'a\u0000b' }, ['title']],
    ['a title that never ends', { title: 'x'.repeat(201) }, ['title']],
    ['no variant', { variants: [] }, ['variants']],
    ['a wrong check digit', { variants: [{ title: 'One', gtin: '4006381333932' }] }, ['variants', '0', 'gtin']],
    ['a negative weight', { variants: [{ title: 'One', weightGrams: -1 }] }, ['variants', '0', 'weightGrams']],
    ['twins', { variants: [{ title: 'One' }, { title: 'Two' }] }, ['variants', '1', 'options']],
    ['an unknown upload', { mediaUploadIds: ['upl_01J0000000000000000000NONE'] }, ['mediaUploadIds', '0']],
  ])('refuses %s and stores nothing', async (_, input, field) => {
    const before = await shop.db.collection('products').countDocuments();
    const result = await act.create(seller.viewer, aLamp(input));
    expect(result.product).toBeNull();
    expect(result.userErrors.map((error) => error.field)).toContainEqual(field);
    expect(await shop.db.collection('products').countDocuments()).toBe(before);
  });

  it('tells everything that is wrong at once', async () => {
    const result = await act.create(
      seller.viewer,
      aLamp({ title: '', attributes: [{ key: 'a.b', value: 1 }], variants: [] }),
    );
    expect(result.userErrors.map(({ field }) => field?.[0])).toEqual(['title', 'attributes', 'variants']);
  });

  it('answers null for ids nobody has', async () => {
    const answer = await shop.run(
      '{ a: product(id: "prd_nobody") { id } b: offer(id: "{$ne:1}") { id } c: category(slug: "no") { id } }',
    );
    expect(answer).toEqual({ a: null, b: null, c: null });
  });
});
