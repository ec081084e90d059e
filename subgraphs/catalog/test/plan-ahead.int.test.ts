import { systemClock } from '@marketgraph/platform/core';
import { openMongo } from '@marketgraph/platform/mongo';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ImportDeps } from '../src/commands/command-deps.ts';
import { applyBatch } from '../src/commands/import/apply-batch.ts';
import { planBatch } from '../src/commands/import/plan-batch.ts';
import { prepareRow } from '../src/commands/import/prepare-rows.ts';
import { madeReady } from '../src/commands/import/ready-writes.ts';
import { type KeptCategories, rowCategories } from '../src/commands/import/row-categories.ts';
import type { ImportState } from '../src/domain/catalog-import.ts';
import type { CategoryReference } from '../src/domain/import-row.ts';
import { type CatalogStore, catalogStore } from '../src/store/catalog-store.ts';
import { claimImport, insertImport } from '../src/store/imports.ts';
import { type Actions, actions, ids, openShop, present, type Seller, type Shop } from './shop.ts';

let shop: Shop;
let act: Actions;
let store: CatalogStore;
let seller: Seller;

beforeAll(async () => {
  shop = await openShop();
  // Nobody runs imports here but the test.
  await shop.restart({ withWork: false });
  act = actions(shop);
  store = catalogStore(await openMongo({ url: shop.mongodbUrl, applicationName: 'test' }));
});
afterAll(async () => {
  await store?.database.client.close();
  await shop?.stop();
});

const deps = (): ImportDeps => ({ store, clock: systemClock, ids, publicUrl: 'http://catalog.test' });
const aRow = (sku: string, more: object = {}) => ({
  sku,
  title: `Ahead ${sku}`,
  category: ['Ahead', 'Shelf'],
  price: 10,
  ...more,
});
const rows = (records: readonly object[], from = 1) =>
  records.map((record, at) => prepareRow({ line: from + at, record }, { currencyCode: 'EUR', language: 'en' }));

/** An import that this test runs. */
async function anImport(): Promise<ImportState> {
  const state: ImportState = {
    ...{ id: ids.next('imp'), vendorId: seller.vendorId, uploadId: ids.next('upl'), format: 'JSONL' },
    ...{ currencyCode: 'EUR', language: 'en', status: 'RECEIVED', startedBy: 'usr', line: 0, processed: 0, failed: 0 },
    ...{ created: 0, updated: 0, unchanged: 0, stale: 0, failureReason: null, finishedAt: null, version: 1 },
    createdAt: new Date(),
  };
  await store.database.client.withSession((session) => insertImport(store, state, session));
  return present(await claimImport(store, 'test', new Date())).state;
}
async function take(records: readonly object[], state?: ImportState, from = 1): Promise<ImportState> {
  const batch = { rows: rows(records, from), line: from + records.length - 1, isLast: false };
  return applyBatch(deps(), state ?? (await anImport()), batch, { holder: 'test' });
}
const offerOf = async (sku: string) => present(await store.offers.findOne({ vendorId: seller.vendorId, sku }));

const isImport = (value: unknown): value is ImportState =>
  typeof value === 'object' && value !== null && 'processed' in value;

/** What comes of rows that were planned before `change` and written after it; and whether they were planned again. */
async function takeAcross(records: readonly object[], change: (state: ImportState) => Promise<unknown>) {
  let state = await anImport();
  const from = 1_000;
  const batch = { rows: rows(records, from), line: from + records.length - 1, isLast: true };
  const ahead = await madeReady(deps(), await planBatch(deps(), state, batch.rows, { kept: new Map() }));
  const changed = await change(state);
  if (isImport(changed) && changed.id === state.id) state = changed;
  let again = 0;
  const done = await applyBatch(deps(), state, batch, { holder: 'test', ahead, onOutdated: () => (again += 1) });
  return { ...done, again: again > 0 };
}

describe('C17 a batch that was planned ahead', () => {
  beforeAll(async () => {
    seller = await shop.aSeller();
    await take(['A', 'B', 'C', 'D', 'E', 'F'].map((sku) => aRow(sku)));
  });

  it('is written as it was planned when nothing has changed, with one look at its categories', async () => {
    const records = [aRow('A'), aRow('B', { price: 11 }), aRow('NEW'), aRow('NEWER', { category: ['Ahead', 'New'] })];
    const done = await takeAcross(records, async () => undefined);
    expect(done).toMatchObject({ again: false, created: 2, updated: 1, unchanged: 1, failed: 0 });
    expect((await offerOf('B')).price.amount).toBe(1_100);
  });

  it.each<[what: string, change: (state: ImportState) => Promise<unknown>]>([
    ['left as it is', (state) => take([aRow('C')], state)],
    ['changed', (state) => take([aRow('C', { price: 77 })], state)],
  ])('refuses a sku that the batch before has %s', async (_, change) => {
    const done = await takeAcross([aRow('C', { price: 99 }), aRow('D')], change);
    expect(done).toMatchObject({ again: true, failed: 1 });
    expect((await offerOf('C')).price.amount).not.toBe(9_900);
    const error = await store.importErrors.findOne({ importId: done.id });
    expect(error).toMatchObject({ sku: 'C', line: 1_000, code: 'CONFLICT' });
  });

  it('refuses a sku that the batch before has brought, and takes no category twice', async () => {
    const category = ['Ahead', 'Of both'];
    const done = await takeAcross([aRow('TWICE', { category, price: 99 }), aRow('ONCE', { category })], (state) =>
      take([aRow('TWICE', { category })], state),
    );
    expect(done).toMatchObject({ again: true, created: 2, failed: 1 });
    expect((await offerOf('TWICE')).price.amount).toBe(1_000);
    expect(await store.categories.countDocuments({ 'names.name': 'Of both' })).toBe(1);
  });

  it('keeps what a newer row of another call said of an offer that it left as it is', async () => {
    await take([aRow('V', { sourceVersion: 5 })]);
    const done = await takeAcross([aRow('V', { sourceVersion: 6, price: 12 })], () =>
      take([aRow('V', { sourceVersion: 7, price: 10 })]),
    );
    expect(done).toMatchObject({ again: true, stale: 1, updated: 0 });
    expect((await offerOf('V')).price.amount).toBe(1_000);
  });

  it('changes a price, a product and a slug as they are by then', async () => {
    const { _id, productId, version } = await offerOf('E');
    const priced = await takeAcross([aRow('E', { price: 20 })], () => act.price(seller.viewer, _id, 4_000, version));
    expect(priced).toMatchObject({ again: true, updated: 1 });
    expect(await offerOf('E')).toMatchObject({ version: version + 2, price: { amount: 2_000 } });
    const archived = await takeAcross([aRow('E', { title: 'Another' })], async () => {
      const product = present(await store.products.findOne({ _id: productId }));
      return act.archive(seller.viewer, productId, product.version);
    });
    expect(archived).toMatchObject({ again: true, updated: 0, failed: 1 });
    const named = await takeAcross([aRow('SLUG', { title: 'One slug' })], () =>
      take([aRow('OTHER', { title: 'One slug' })]),
    );
    expect(named).toMatchObject({ again: true, created: 1 });
    expect(await store.products.countDocuments({ slug: /^one-slug/ })).toBe(2);
  });

  it('finds the categories of a feed that has more of them than are kept', async () => {
    const state = await anImport();
    const kept: KeptCategories = new Map();
    const plan = (records: readonly object[]) => planBatch(deps(), state, rows(records), { kept });
    await plan([aRow('KEPT-1')]);
    const [known] = [...kept.values()];
    for (let count = 0; kept.size <= 2_000; count += 1) kept.set(`another ${count}`, present(known));
    const { errors, created } = await plan([aRow('KEPT-2'), aRow('KEPT-3', { category: ['Ahead', 'New again'] })]);
    expect([errors, created]).toEqual([[], 2]);
    expect(kept.size).toBe(1);
  });

  it('finds the categories it has looked up also when what is kept is forgotten before its rows are planned', async () => {
    const reference: CategoryReference = { by: 'names', parts: ['Ahead', 'Shelf'] };
    const look = { kept: new Map(), language: 'en', session: undefined };
    await rowCategories(deps(), [reference], look);
    const found = await rowCategories(deps(), [reference], look);
    look.kept.clear();
    expect(found.find(reference)).toMatchObject({ ok: true, value: { path: [{}, { slug: 'shelf' }] } });
  });

  it('tells of the categories as they are called by then', async () => {
    const shelf = present(await store.categories.findOne({ 'names.name': 'Ahead', parentId: null }));
    const { slug } = shelf;
    const done = await takeAcross([aRow('RENAMED', { category: slug })], () =>
      act.category({ id: shelf._id, slug, name: 'Ahead of others' }),
    );
    expect(done).toMatchObject({ again: true, created: 1 });
    const { productId } = await offerOf('RENAMED');
    const texts = await store.database.db.collection<{ texts: string[] }>('outbox').find().toArray();
    const told = texts.flatMap(({ texts: each }) => each).find((text) => text.includes(`"key":"${productId}"`));
    expect(JSON.parse(present(told))).toMatchObject({ payload: { categoryPath: [{ name: 'Ahead of others' }] } });
  });
});
