import { openMongo } from '@marketgraph/platform/mongo';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import type { FindCursor } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CatalogStore, catalogStore, prepareCatalog } from '../src/store/catalog-store.ts';
import { entriesFilter, listedPricesFilter, priceListsFilter } from '../src/store/price-lists.ts';
import { type ProductQuery, productFilter, productSort, publishedFilter } from '../src/store/products.ts';

let stores: Stores;
let store: CatalogStore;

beforeAll(async () => {
  stores = await startTestStores({ only: ['mongodb'] });
  const database = await openMongo({ url: stores.mongodb.catalog, applicationName: 'test' });
  await prepareCatalog(database);
  store = catalogStore(database);
  const statuses = ['PUBLISHED', 'DRAFT'] as const;
  await store.offers.insertMany(
    Array.from({ length: 300 }, (_, index) => ({
      _id: `off_${index}`,
      vendorId: `ven_${index % 10}`,
      sku: `SKU-${index}`,
      productId: `prd_${index}`,
      variantId: `var_${index}`,
      condition: 'NEW' as const,
      price: { amount: 100, currencyCode: 'EUR' },
      status: 'ACTIVE' as const,
      minOrderQuantity: 1,
      orderMultiple: 1,
      returnWindowDays: 30,
      stock: 'UNKNOWN' as const,
      stockSequence: 0,
      createdAt: new Date(0),
      updatedAt: new Date(0),
      version: 1,
    })),
  );
  await store.promotions.insertMany(
    Array.from({ length: 300 }, (_, index) => ({
      _id: `prm_${index}`,
      codeKey: `CODE${index}`,
      usageCount: 0,
      vendorId: `ven_${index % 10}`,
      code: `CODE${index}`,
      name: 'A promotion',
      rule: { kind: 'FREE_SHIPPING' as const },
      conditions: {
        minimumSubtotal: null,
        categoryIds: [],
        productIds: [],
        offerIds: [],
        isPrimeOnly: false,
        isCombinable: false,
      },
      startsAt: null,
      endsAt: null,
      usageLimit: null,
      usageLimitPerBuyer: null,
      isDisabled: false,
      createdAt: new Date(0),
      updatedAt: new Date(0),
      version: 1,
    })),
  );
  await store.priceLists.insertMany(
    Array.from({ length: 300 }, (_, index) => ({
      _id: `prl_${index}`,
      vendorId: `ven_${index % 10}`,
      name: 'A list',
      buyerOrganizationId: `org_${index % 30}`,
      audience: `org_${index % 30}`,
      validFrom: null,
      validUntil: null,
      createdAt: new Date(0),
      updatedAt: new Date(0),
      version: 1,
    })),
  );
  await store.priceListEntries.insertMany(
    Array.from({ length: 3_000 }, (_, index) => ({
      _id: `prl_${index % 300}:off_${index}`,
      priceListId: `prl_${index % 300}`,
      audience: index % 2 === 0 ? 'EVERYBODY' : `org_${index % 30}`,
      offerId: `off_${index % 100}`,
      minQuantity: index,
      maxQuantity: null,
      unitPrice: { amount: 100, currencyCode: 'EUR' },
      validFrom: null,
      validUntil: null,
    })),
  );
  await store.products.insertMany(
    Array.from({ length: 600 }, (_, index) => ({
      _id: `prd_${index}`,
      slug: `slug-${index}`,
      status: statuses[index % 2]!,
      texts: [{ language: 'en', title: `Title ${index}`, description: null }],
      sortTitle: `title ${String(index).padStart(4, '0')}`,
      sortPrice: index,
      words: ['title', String(index)],
      offersRevision: 0,
      brand: null,
      categoryId: `cat_${index % 6}`,
      categoryPath: ['cat_root', `cat_${index % 6}`],
      attributes: [],
      media: [],
      variants: [{ id: `var_${index}`, title: 'One', gtin: null, options: [], weightGrams: null }],
      submittedBy: `ven_${index % 10}`,
      moderation: null,
      createdAt: new Date(index),
      updatedAt: new Date(index),
      version: 1,
    })),
  );
});
afterAll(async () => {
  await store?.database.client.close();
  await stores?.stop();
});

interface Explained {
  plan: string[];
  index: string | undefined;
  examined: number;
}

async function explain(cursor: { explain(verbosity: 'executionStats'): Promise<object> }): Promise<Explained> {
  const explained = (await cursor.explain('executionStats')) as {
    queryPlanner: { winningPlan: Stage };
    executionStats: { totalDocsExamined: number };
  };
  const stages = stagesOf(explained.queryPlanner.winningPlan);
  return {
    plan: stages.map(({ stage }) => stage),
    index: stages.find(({ indexName }) => indexName)?.indexName,
    examined: explained.executionStats.totalDocsExamined,
  };
}

interface Stage {
  stage: string;
  indexName?: string;
  inputStage?: Stage;
  inputStages?: Stage[];
}
function stagesOf(stage: Stage): Stage[] {
  return [stage, ...[stage.inputStage ?? [], stage.inputStages ?? []].flat().flatMap(stagesOf)];
}

const newest: ProductQuery = {
  statuses: ['PUBLISHED'],
  sort: { by: 'createdAt', direction: -1 },
  limit: 20,
};
const byTitle = { sort: { by: 'sortTitle', direction: 1 } } as const;
const byPrice = { sort: { by: 'sortPrice', direction: 1 } } as const;

describe('every list query', () => {
  it.each<[string, string, ProductQuery]>([
    ['the newest', 'byStatusNewest', newest],
    ['by title', 'byStatusTitle', { ...newest, ...byTitle }],
    ['by price', 'byStatusPrice', { ...newest, ...byPrice }],
    ['by price downwards', 'byStatusPrice', { ...newest, sort: { by: 'sortPrice', direction: -1 } }],
    ['a vendor', 'byVendorNewest', { ...newest, vendorId: 'ven_4' }],
    ['the page after', 'byStatusTitle', { ...newest, ...byTitle, after: ['title 0100', 'prd_100'] }],
  ])('C3 of products (%s) is served in order by the index %s', async (_, index, query) => {
    const cursor = store.products
      .find(productFilter(query))
      .sort(productSort(query.sort))
      .limit(query.limit + 1);
    const explained = await explain(cursor);
    expect(explained.plan).toContain('IXSCAN');
    expect(explained.plan).not.toContain('COLLSCAN');
    expect(explained.plan).not.toContain('SORT');
    expect(explained.index).toBe(index);
    expect(explained.examined).toBeLessThanOrEqual(query.limit + 2);
  });

  it.each<[string, ProductQuery]>([
    ['by age', { ...newest, categoryId: 'cat_2' }],
    ['by title', { ...newest, ...byTitle, categoryId: 'cat_2' }],
    ['by price', { ...newest, ...byPrice, categoryId: 'cat_2' }],
    ['by title downwards', { ...newest, sort: { by: 'sortTitle', direction: -1 }, categoryId: 'cat_2' }],
    ['by title, the page after', { ...newest, ...byTitle, categoryId: 'cat_2', after: ['title 0100', 'prd_100'] }],
  ])('C3 of products of a category %s looks at no more products than the page shows', async (_, query) => {
    const explained = await explain(
      store.products
        .find(productFilter(query))
        .sort(productSort(query.sort))
        .limit(query.limit + 1),
    );
    expect(explained.plan).toContain('IXSCAN');
    expect(explained.plan).not.toContain('COLLSCAN');
    expect(explained.plan).not.toContain('SORT');
    expect(explained.index).toMatch(/^byCategory(Newest|Title|Price)$/);
    // After a row of another page: that row is looked at, too.
    expect(explained.examined).toBeGreaterThan(query.limit);
    expect(explained.examined).toBeLessThanOrEqual(query.limit + 2);
  });

  it('C3 of products by words is served by an index', async () => {
    const query = { ...newest, words: ['title', '17'] };
    const explained = await explain(store.products.find(productFilter(query)).sort(productSort(query.sort)).limit(21));
    expect(explained.plan).toContain('IXSCAN');
    expect(explained.plan).not.toContain('COLLSCAN');
  });

  it.each<[string, string, () => FindCursor]>([
    [
      'which products are published',
      '_id_',
      () => store.products.find(publishedFilter(['prd_3', 'prd_4'])) as FindCursor,
    ],
    ['a slug', 'slug', () => store.products.find({ slug: { $in: ['slug-3'] } }) as FindCursor],
    ['a variant', 'variant', () => store.products.find({ 'variants.id': { $in: ['var_3'] } }) as FindCursor],
    ['a shown upload', 'upload', () => store.products.find({ 'media.uploadId': 'upl_1' }) as FindCursor],
    [
      'products below a category by id',
      'byCategory',
      () => store.products.find({ categoryPath: 'cat_1', _id: { $gt: '' } }) as FindCursor,
    ],
    [
      'offers of products',
      'byProduct',
      () => store.offers.find({ productId: { $in: ['prd_1'] }, status: { $ne: 'ARCHIVED' } }) as FindCursor,
    ],
    [
      'offers of a vendor',
      'byVendor',
      () => store.offers.find({ vendorId: 'ven_1', status: 'ACTIVE' }).sort({ _id: 1 }) as FindCursor,
    ],
    ['an offer by sku', 'vendorSku', () => store.offers.find({ vendorId: 'ven_1', sku: { $in: ['A'] } }) as FindCursor],
    [
      'children of a category',
      'siblingName',
      () => store.categories.find({ parentId: { $in: ['cat_1'] } }) as FindCursor,
    ],
    [
      'a promotion by code',
      'code',
      () => store.promotions.find({ codeKey: { $in: ['ABC'] } }) as unknown as FindCursor,
    ],
    [
      'promotions of a vendor',
      'byVendor',
      () =>
        store.promotions.find({ vendorId: 'ven_1', _id: { $lt: 'prm_z' } }).sort({ _id: -1 }) as unknown as FindCursor,
    ],
    [
      'prices in lists, by audience and offer',
      'byAudienceOffer',
      () =>
        store.priceListEntries.find(
          listedPricesFilter({ audiences: ['EVERYBODY', 'org_1'], offerIds: ['off_1', 'off_2'] }, new Date(0)),
        ) as unknown as FindCursor,
    ],
    [
      'entries of a price list in order',
      'byList',
      () =>
        store.priceListEntries
          .find(entriesFilter({ priceListId: 'prl_1' }))
          .sort({ offerId: 1, minQuantity: 1 }) as unknown as FindCursor,
    ],
    ...(['vendorId', 'buyerOrganizationId'] as const).map((of): [string, string, () => FindCursor] => [
      `price lists by ${of}`,
      of === 'vendorId' ? 'byVendor' : 'byOrganization',
      () =>
        store.priceLists
          .find(priceListsFilter({ of, ids: [of === 'vendorId' ? 'ven_3' : 'org_3'], before: 'prl_9' }))
          .sort({ _id: -1 }) as unknown as FindCursor,
    ]),
    [
      'price lists whose offers are to be dropped from the cache',
      'stale',
      () =>
        store.priceLists.find({ staleSince: { $lte: new Date(0) } }).sort({ staleSince: 1 }) as unknown as FindCursor,
    ],
    [
      'the rates stored last',
      'byTime',
      () => store.exchangeRates.find({ asOf: { $lte: new Date(0) } }).sort({ asOf: -1 }) as unknown as FindCursor,
    ],
    ['a subtree', 'path', () => store.categories.find({ path: 'cat_1' }) as FindCursor],
    ['imports to be run', 'open', () => store.imports.find({ isOpen: true }).sort({ createdAt: 1 }) as FindCursor],
    [
      'deals of offers',
      'byOffer',
      () => store.deals.find({ offerId: { $in: ['off_1'] }, endsAt: { $gt: new Date(0) } }) as FindCursor,
    ],
    [
      'deals that run',
      'byEnd',
      () =>
        store.deals
          .find({ endsAt: { $gt: new Date(0), $lte: new Date(1) }, startsAt: { $lte: new Date(0) }, isCanceled: false })
          .sort({ endsAt: 1, _id: 1 }) as FindCursor,
    ],
    [
      'deals to be told of',
      'due',
      () => store.deals.find({ dueAt: { $lte: new Date(0) } }).sort({ dueAt: 1 }) as FindCursor,
    ],
    ['products to screen', 'toScreen', () => store.products.find({ toScreen: true }).sort({ _id: 1 }) as FindCursor],
    [
      'offers whose price jumped',
      'jumped',
      () => store.offers.find({ vendorId: 'ven_1', jumpedAt: { $gt: new Date(0) } }) as FindCursor,
    ],
    ['titles that share a band', 'byBand', () => store.titlePrints.find({ bands: { $in: ['0:1:2'] } }) as FindCursor],
    [
      'open cases',
      'queue',
      () => store.cases.find({ isOpen: true, score: { $lte: 50 } }).sort({ score: -1, _id: 1 }) as FindCursor,
    ],
    [
      'cases of products',
      'bySubject',
      () => store.cases.find({ subjectId: { $in: ['prd_1'] } }).sort({ subjectId: 1, _id: 1 }) as FindCursor,
    ],
    [
      'open reports of somebody',
      'oneOpen',
      () => store.reports.find({ productId: 'prd_1', userId: 'usr_1', isOpen: true }) as FindCursor,
    ],
    [
      'bad rows in order',
      'byLine',
      () => store.importErrors.find({ importId: 'imp_1' }).sort({ line: 1 }) as FindCursor,
    ],
  ])('C3 of %s is served by the index %s', async (_, index, query) => {
    const explained = await explain(query());
    expect(explained.plan).not.toContain('COLLSCAN');
    expect(explained.plan).not.toContain('SORT');
    expect(explained.index).toMatch(new RegExp(`^${index}`));
  });

  it('C11 of the price of an offer looks at no entry of another audience or offer', async () => {
    const wanted = { audiences: ['EVERYBODY', 'org_7'], offerIds: ['off_7', 'off_8'] };
    const theirs = await store.priceListEntries.countDocuments({
      audience: { $in: wanted.audiences },
      offerId: { $in: wanted.offerIds },
    });
    const found = store.priceListEntries.find(listedPricesFilter(wanted, new Date(0)));
    const explained = await explain(found as unknown as FindCursor);
    expect(explained.index).toBe('byAudienceOffer');
    expect(explained.examined).toBe(theirs);
    expect(theirs).toBeGreaterThan(0);
  });

  it('can be prepared again and again', async () => {
    await Promise.all([prepareCatalog(store.database), prepareCatalog(store.database)]);
    expect((await store.products.indexes()).map(({ name }) => name)).toContain('byStatusNewest');
  });
});
