import type { Viewer } from '@marketgraph/platform/graphql';
import { aUser } from '@marketgraph/platform/testing';
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

interface SyncedRow {
  sku: string | null;
  outcome: string;
  code: string | null;
  field: string | null;
  reason: string | null;
}
const SYNC = `mutation ($input: CatalogSyncInput!) { catalogSyncBatch(input: $input) {
  rows { sku outcome code field reason } userErrors { code field } } }`;
async function sync(seller: Seller, rows: unknown[], viewer: Viewer = seller.viewer) {
  const { catalogSyncBatch } = await shop.run<{
    catalogSyncBatch: { rows: SyncedRow[] | null; userErrors: { code: string; field: string[] | null }[] };
  }>(SYNC, { input: { vendorId: seller.vendorId, rows } }, viewer);
  return catalogSyncBatch;
}
const outcomes = ({ rows }: { rows: SyncedRow[] | null }) => present(rows).map(({ outcome }) => outcome);
const aRow = (sku: string, more: object = {}) => ({
  sku,
  title: `Thing ${sku}`,
  category: ['Synced'],
  price: 10,
  ...more,
});
const offerOf = async (seller: Seller, sku: string) =>
  present(await shop.db.collection('offers').findOne({ vendorId: seller.vendorId, sku }));
const priceOf = async (seller: Seller, sku: string) =>
  ((await offerOf(seller, sku))['price'] as { amount: number }).amount;
async function feed(seller: Seller, rows: object[]) {
  const body = rows.map((row) => JSON.stringify(row)).join('\n');
  const uploadId = await upload(shop, seller.viewer, body, 'application/x-ndjson');
  const started = await act.startImport(seller.viewer, { vendorId: seller.vendorId, uploadId, format: 'JSONL' });
  const _id = present(started.import, started.userErrors).id as never;
  return until(async () => {
    const state = await shop.db.collection('imports').findOne({ _id });
    return state?.['finishedAt'] ? state : undefined;
  });
}

describe('rows that are brought as their source changes them', () => {
  it('C17 are for sale at once, change what is different, and answer each for itself', async () => {
    const seller = await shop.aSeller();
    const first = await sync(seller, [aRow('A'), aRow('B', { price: 'dear' }), aRow('C')]);
    expect(present(first.rows)).toMatchObject([
      { sku: 'A', outcome: 'CREATED', code: null },
      { sku: 'B', outcome: 'REFUSED', code: 'INVALID', field: 'price' },
      { sku: 'C', outcome: 'CREATED', code: null },
    ]);
    const second = await sync(seller, [aRow('A', { price: 12 }), aRow('C'), aRow('C')]);
    expect(outcomes(second)).toEqual(['UPDATED', 'UNCHANGED', 'REFUSED']);
    const { product } = await shop.run<{ product: { status: string; featuredOffer: object } }>(
      'query ($id: ID!) { product(id: $id) { status featuredOffer { price { amount } } } }',
      { id: (await offerOf(seller, 'A'))['productId'] },
    );
    expect(product).toEqual({ status: 'PUBLISHED', featuredOffer: { price: { amount: 1_200 } } });
    const told = await until(async () => {
      const { _id } = await offerOf(seller, 'A');
      const events = (await shop.published('catalog.offerChanged')).filter(({ key }) => key === String(_id));
      return events.length === 2 ? events : undefined;
    });
    expect(told.map(({ sequence }) => sequence)).toEqual([1, 2]);
  });

  it('C17 never overwrite what is newer at their source, in whatever order and way they come', async () => {
    const seller = await shop.aSeller();
    const at = (sourceVersion: number, price: number) => aRow('V', { sourceVersion, price });
    expect(outcomes(await sync(seller, [at(5, 50)]))).toEqual(['CREATED']);
    expect(outcomes(await sync(seller, [at(4, 40)]))).toEqual(['STALE']);
    expect(await priceOf(seller, 'V')).toBe(5_000);
    expect(outcomes(await sync(seller, [at(7, 70)]))).toEqual(['UPDATED']);
    expect(await feed(seller, [at(6, 60)])).toMatchObject({ status: 'COMPLETED', stale: 1, updated: 0, failed: 0 });
    expect(await priceOf(seller, 'V')).toBe(7_000);
    // A stale row is not taken for the last that was seen: the newest again is still nothing new.
    expect(outcomes(await sync(seller, [at(7, 70)]))).toEqual(['UNCHANGED']);
    // The same words with a higher count move the count.
    expect(outcomes(await sync(seller, [at(9, 70)]))).toEqual(['UNCHANGED']);
    expect(outcomes(await sync(seller, [at(8, 80)]))).toEqual(['STALE']);
    // Who does not count is believed, and does not reset the count.
    expect(outcomes(await sync(seller, [aRow('V', { price: 1 })]))).toEqual(['UPDATED']);
    expect(outcomes(await sync(seller, [at(8, 80)]))).toEqual(['STALE']);
    expect(await priceOf(seller, 'V')).toBe(100);
  });

  it('C17 end with the newest version when twenty of them race', async () => {
    const seller = await shop.aSeller();
    const versions = Array.from({ length: 20 }, (_, index) => index + 1);
    const results = await Promise.all(
      versions.map((version) => sync(seller, [aRow('R', { sourceVersion: version, price: version })])),
    );
    expect(results.flatMap(outcomes).filter((outcome) => outcome === 'CREATED')).toHaveLength(1);
    expect(await priceOf(seller, 'R')).toBe(2_000);
    const { version } = await offerOf(seller, 'R');
    const offerId = String((await offerOf(seller, 'R'))._id);
    expect(await countWritten(shop.db, ({ key }) => key === offerId)).toBe(version);
  });

  it('C17 must be some, not too many, not too long, of a vendor one acts for', async () => {
    const seller = await shop.aSeller();
    const other = await shop.aSeller();
    const codes = async (rows: unknown[], viewer?: Viewer) =>
      (await sync(seller, rows, viewer)).userErrors.map(({ code }) => code);
    expect(await codes([])).toEqual(['INVALID']);
    expect(await codes(Array.from({ length: 101 }, (_, index) => aRow(String(index))))).toEqual(['INVALID']);
    expect(await codes([aRow('X')], other.viewer)).toEqual(['FORBIDDEN']);
    await expect(sync(seller, [aRow('X')], aUser())).rejects.toThrow('FORBIDDEN');
    const { rows } = await sync(seller, [
      aRow('LONG', { description: 'x'.repeat(70_000) }),
      [1, 2],
      'text',
      aRow('NEGATIVE', { sourceVersion: -1 }),
      aRow('OPERATOR', { sourceVersion: { $gt: 0 } }),
      aRow('FRACTION', { sourceVersion: 1.5 }),
    ]);
    expect(present(rows).map(({ outcome, field }) => [outcome, field])).toEqual([
      ['REFUSED', null],
      ['REFUSED', null],
      ['REFUSED', null],
      ['REFUSED', 'sourceVersion'],
      ['REFUSED', null],
      ['REFUSED', 'sourceVersion'],
    ]);
    expect(await shop.db.collection('offers').countDocuments({ vendorId: seller.vendorId })).toBe(0);
  });
});
