import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { anOffer, aSeller, type Harness, offersOfCatalog, reserve, type Seller, startHarness } from './harness.ts';

let harness: Harness;
let seller: Seller;

beforeAll(async () => {
  harness = await startHarness();
  seller = await aSeller(harness);
});
afterAll(() => harness?.stop());

interface Entry {
  sku: string;
  warehouseCode: string;
  onHand: number;
  sourceVersion: string;
}

interface SyncPayload {
  applied: number;
  skippedStale: number;
  userErrors: { code: string; field: string[] | null }[];
}

async function sync(
  entries: Entry[],
  { key = randomUUID(), by = seller, source = 'erp' }: { key?: string; by?: Seller; source?: string } = {},
): Promise<SyncPayload> {
  const query = `mutation($input: InventorySyncInput!, $key: IdempotencyKey!) {
    inventorySyncBatch(input: $input, idempotencyKey: $key) { applied skippedStale userErrors { code field } } }`;
  const input = { vendorId: seller.vendorId, source, entries };
  return (await harness.ask<{ inventorySyncBatch: SyncPayload }>(by.viewer, query, { input, key })).inventorySyncBatch;
}

const skuOf = (offerId: string) => offersOfCatalog.get(offerId)!.sku;
const counted = (offerId: string, onHand: number, version: number | string, warehouseCode = 'A'): Entry => ({
  sku: skuOf(offerId),
  warehouseCode,
  onHand,
  sourceVersion: String(version),
});

async function onHandOf(offerId: string): Promise<number[]> {
  const rows = await harness.db.em
    .fork()
    .execute<{ on_hand: number }[]>('select on_hand from stock_level where offer_id = ? order by warehouse_id', [
      offerId,
    ]);
  return rows.map(({ on_hand }) => on_hand);
}

async function syncMovementsOf(offerId: string): Promise<number[]> {
  const rows = await harness.db.em
    .fork()
    .execute<{ delta: number }[]>(
      "select on_hand_delta as delta from stock_movement where offer_id = ? and reason = 'SYNC' order by id",
      [offerId],
    );
  return rows.map(({ delta }) => delta);
}

describe('a batch of counts', () => {
  it('I13 is taken over, with a movement per difference; the same batch again is a no-op, older versions are skipped', async () => {
    const [first, second] = [await anOffer(harness, seller, [5]), await anOffer(harness, seller, [7])];
    const batch = [counted(first, 9, 100), counted(second, 7, 100), counted(second, 3, 100, 'B')];
    expect(await sync(batch)).toEqual({ applied: 3, skippedStale: 0, userErrors: [] });
    expect([await onHandOf(first), await onHandOf(second)]).toEqual([[9], [7, 3]]);
    expect(await sync(batch)).toEqual({ applied: 0, skippedStale: 3, userErrors: [] });
    expect(await sync([counted(first, 1, 99), counted(second, 8, 101)])).toMatchObject({ applied: 1, skippedStale: 1 });
    expect([await onHandOf(first), await onHandOf(second)]).toEqual([[9], [8, 3]]);
    expect(await syncMovementsOf(first)).toEqual([4]);
    expect(await syncMovementsOf(second)).toEqual([3, 1]);
  });

  it('I13 compares versions as numbers, per warehouse and per source', async () => {
    const offerId = await anOffer(harness, seller, [1, 1]);
    expect(await sync([counted(offerId, 2, 9)])).toMatchObject({ applied: 1 });
    expect(await sync([counted(offerId, 3, 10)])).toMatchObject({ applied: 1 });
    expect(await sync([counted(offerId, 4, 9, 'B')])).toMatchObject({ applied: 1 });
    expect(await sync([counted(offerId, 5, 1)], { source: 'wms' })).toMatchObject({ applied: 1 });
    expect(await onHandOf(offerId)).toEqual([5, 4]);
  });

  it('I13 names unknown SKUs and warehouses and what is no count, each at its place, and takes over the rest', async () => {
    const offerId = await anOffer(harness, seller, [5]);
    const held = await anOffer(harness, seller, [5]);
    await reserve(harness, [{ offerId: held, quantity: 4 }]);
    const answer = await sync([
      { ...counted(offerId, 1, 1), sku: 'no-such-sku' },
      counted(offerId, 1, 1, 'NOWHERE'),
      counted(offerId, -1, 1),
      counted(offerId, 1, '1.5'),
      counted(held, 3, 1),
      counted(offerId, 6, 1),
    ]);
    expect(answer).toEqual({
      applied: 1,
      skippedStale: 0,
      userErrors: [
        { code: 'NOT_FOUND', field: ['entries', '0', 'sku'] },
        { code: 'NOT_FOUND', field: ['entries', '1', 'warehouseCode'] },
        { code: 'INVALID', field: ['entries', '2', 'onHand'] },
        { code: 'INVALID', field: ['entries', '3', 'sourceVersion'] },
        { code: 'CONFLICT', field: ['entries', '4', 'onHand'] },
      ],
    });
    expect(await onHandOf(offerId)).toEqual([6]);
    // Refused is not taken over: the same version may come again once there is room for it.
    expect(await sync([counted(held, 4, 1)])).toMatchObject({ applied: 1 });
  });

  it('I13 of 1,000 entries is one batch, in the order of its entries; of 1,001, of none, by others: refused', async () => {
    const offers = await Promise.all(Array.from({ length: 4 }, () => anOffer(harness, seller, [0])));
    const entries = Array.from({ length: 1_000 }, (_, n) => counted(offers[n % 4]!, n, n + 1));
    expect(await sync(entries)).toEqual({ applied: 1_000, skippedStale: 0, userErrors: [] });
    expect(await Promise.all(offers.map(onHandOf))).toEqual([[996], [997], [998], [999]]);
    for (const bad of [[...entries, counted(offers[0]!, 1, 5_000)], []]) {
      expect((await sync(bad)).userErrors).toMatchObject([{ code: 'INVALID', field: ['entries'] }]);
    }
    const other = await aSeller(harness);
    expect((await sync([counted(offers[0]!, 1, 5_000)], { by: other })).userErrors[0]?.code).toBe('FORBIDDEN');
    expect(await onHandOf(offers[0]!)).toEqual([996]);
  });

  it('I13 asks the database no more for fifty entries than for two, those that open a level among them', async () => {
    const statementsFor = async (count: number) => {
      const offers = await Promise.all(Array.from({ length: count / 2 }, () => anOffer(harness, seller, [1])));
      const entries = offers.flatMap((offerId) => [counted(offerId, 5, 1), counted(offerId, 6, 1, 'B')]);
      const spy = vi.spyOn(Object.getPrototypeOf(harness.db.em) as typeof harness.db.em, 'execute');
      try {
        expect(await sync(entries)).toMatchObject({ applied: count });
        return spy.mock.calls.filter(([sql]) => /stock_|offer set/.test(String(sql))).length;
      } finally {
        spy.mockRestore();
      }
    };
    const few = await statementsFor(2);
    expect(few).toBeGreaterThan(0);
    expect(await statementsFor(50)).toBe(few);
  });

  it('I13 with one key twenty times at once has one effect and one answer; another input is refused', async () => {
    const offerId = await anOffer(harness, seller, [5]);
    const entries = [counted(offerId, 8, 7), { ...counted(offerId, 1, 1), sku: 'no-such-sku' }];
    const answers = await Promise.all(Array.from({ length: 20 }, () => sync(entries, { key: 'sync-key-1' })));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toMatchObject({ applied: 1, userErrors: [{ code: 'NOT_FOUND' }] });
    expect(await syncMovementsOf(offerId)).toEqual([3]);
    const reused = await sync(entries.slice(0, 1), { key: 'sync-key-1' });
    expect(reused.userErrors[0]?.code).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  it('I13 agrees whatever order two batches of one version line come in', async () => {
    const offerId = await anOffer(harness, seller, [0]);
    await Promise.all(Array.from({ length: 30 }, (_, n) => sync([counted(offerId, n * 2, n + 1)])));
    expect(await onHandOf(offerId)).toEqual([58]);
  });
});
