import { anonymous } from '@marketgraph/platform/graphql';
import { sqlStateOf } from '@marketgraph/platform/postgres';
import { aUser } from '@marketgraph/platform/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { adjust, anOffer, aSeller, type Harness, ids, type Seller, set, startHarness } from './harness.ts';

let harness: Harness;
let seller: Seller;

beforeAll(async () => {
  harness = await startHarness();
  seller = await aSeller(harness);
});
afterAll(() => harness?.stop());

describe('stock levels', () => {
  it('I1 I2 keep one level per offer and warehouse, with available = on hand − reserved', async () => {
    const offerId = await anOffer(harness, seller, [5, 3]);
    const { _entities } = await harness.ask<{
      _entities: {
        stockLevels: { available: number; onHand: number; reserved: number; warehouse: { code: string } }[];
      }[];
    }>(
      seller.viewer,
      `query($r: [_Any!]!) { _entities(representations: $r) { ... on Offer { stockLevels { onHand reserved available warehouse { code } } } } }`,
      { r: [{ __typename: 'Offer', id: offerId }] },
    );
    expect(_entities[0]!.stockLevels).toEqual([
      { onHand: 5, reserved: 0, available: 5, warehouse: { code: 'A' } },
      { onHand: 3, reserved: 0, available: 3, warehouse: { code: 'B' } },
    ]);
  });

  it('I2 tell what can be bought of any number of offers in one statement, in the order asked for', async () => {
    const [few, none, unknown] = [await anOffer(harness, seller, [5, 3]), await anOffer(harness, seller, []), 'off_x'];
    const many = await Promise.all(Array.from({ length: 40 }, (_, n) => anOffer(harness, seller, [n])));
    const spy = vi.spyOn(Object.getPrototypeOf(harness.db.em) as typeof harness.db.em, 'execute');
    try {
      const { availability } = await harness.ask<{ availability: { available: number; status: string }[] }>(
        anonymous,
        'query($ids: [ID!]!) { availability(offerIds: $ids) { available status } }',
        { ids: [unknown, few, none, ...many] },
      );
      expect(availability.map(({ available }) => available)).toEqual([0, 8, 0, ...many.map((_, n) => n)]);
      expect(availability.slice(0, 3).map(({ status }) => status)).toEqual([
        'OUT_OF_STOCK',
        'IN_STOCK',
        'OUT_OF_STOCK',
      ]);
      // Whatever else runs meanwhile asks about neither.
      const asked = spy.mock.calls.filter(([sql]) => /from (offer|stock_level)\b/.test(String(sql)));
      expect(asked).toHaveLength(1);
    } finally {
      spy.mockRestore();
    }
  });

  it('I1 are refused by the database itself when they would be negative', async () => {
    const offerId = await anOffer(harness, seller, [5]);
    for (const change of ['on_hand = -1', 'reserved = -1', 'reserved = 6']) {
      const failure = await harness.db.em
        .fork()
        .execute(`update stock_level set ${change} where offer_id = ?`, [offerId])
        .then(
          () => null,
          (error: unknown) => error,
        );
      expect(sqlStateOf(failure), change).toBe('23514');
    }
  });

  it('I3 move once for a key used twice, with the same answer; another input is refused', async () => {
    const offerId = await anOffer(harness, seller, [5]);
    const input = { offerId, warehouseId: seller.warehouses[0], delta: 4, reason: 'RECEIPT' };
    const answers = await Promise.all(Array.from({ length: 20 }, () => adjust(harness, seller, input, 'adjust-key-1')));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]!.stockLevel).toMatchObject({ onHand: 9, version: 3 });
    const reused = await adjust(harness, seller, { ...input, delta: 5 }, 'adjust-key-1');
    expect(reused.userErrors[0]?.code).toBe('IDEMPOTENCY_KEY_REUSED');
    const movements = await harness.db.em
      .fork()
      .execute<{ n: number }[]>('select count(*)::int as n from stock_movement where offer_id = ? and reason = ?', [
        offerId,
        'RECEIPT',
      ]);
    expect(movements[0]!.n).toBe(1);
  });

  it("I3 of another vendor's offer are refused, and of an unknown one not found", async () => {
    const offerId = await anOffer(harness, seller, [5]);
    const other = await aSeller(harness);
    const input = { offerId, warehouseId: seller.warehouses[0], delta: 1, reason: 'RECEIPT' };
    expect((await adjust(harness, other, input)).userErrors[0]?.code).toBe('FORBIDDEN');
    expect((await adjust(harness, seller, { ...input, offerId: ids.next('off') })).userErrors[0]?.code).toBe(
      'NOT_FOUND',
    );
    expect((await adjust(harness, seller, { ...input, warehouseId: other.warehouses[0] })).userErrors[0]?.code).toBe(
      'NOT_FOUND',
    );
  });

  it('I5 lose no update of a hundred writers that each read, add and set', async () => {
    const offerId = await anOffer(harness, seller, [0]);
    const warehouseId = seller.warehouses[0];
    const addOne = async () => {
      for (;;) {
        const [row] = await harness.db.em
          .fork()
          .execute<{ on_hand: number; version: number }[]>(
            'select on_hand, version from stock_level where offer_id = ?',
            [offerId],
          );
        const answer = await set(harness, seller, {
          offerId,
          warehouseId,
          onHand: row!.on_hand + 1,
          expectedVersion: row!.version,
        });
        if (answer.stockLevel) return;
        expect(answer.userErrors[0]?.code).toBe('VERSION_MISMATCH');
      }
    };
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        for (let n = 0; n < 5; n += 1) await addOne();
      }),
    );
    const [row] = await harness.db.em
      .fork()
      .execute<{ on_hand: number }[]>('select on_hand from stock_level where offer_id = ?', [offerId]);
    expect(row!.on_hand).toBe(100);
  });

  it('refuse quantities that are none', async () => {
    const offerId = await anOffer(harness, seller, [5]);
    const warehouseId = seller.warehouses[0];
    for (const onHand of [-1, 1_000_000_001]) {
      expect(
        (await set(harness, seller, { offerId, warehouseId, onHand, expectedVersion: 1 })).userErrors[0]?.code,
      ).toBe('INVALID');
    }
    expect(
      (await adjust(harness, seller, { offerId, warehouseId, delta: 0, reason: 'RECEIPT' })).userErrors[0]?.code,
    ).toBe('INVALID');
    expect(
      (await adjust(harness, seller, { offerId, warehouseId, delta: -6, reason: 'ADJUSTMENT' })).userErrors[0]?.code,
    ).toBe('CONFLICT');
    expect(
      (await adjust(harness, seller, { offerId, warehouseId, delta: 1, reason: 'SALE' })).userErrors[0]?.code,
    ).toBe('INVALID');
  });

  it('show nobody but their vendor what is in which warehouse', async () => {
    const offerId = await anOffer(harness, seller, [5]);
    for (const viewer of [anonymous, aUser(), (await aSeller(harness)).viewer]) {
      const { _entities } = await harness.ask<{ _entities: { stockLevels: unknown }[] }>(
        viewer,
        'query($r: [_Any!]!) { _entities(representations: $r) { ... on Offer { stockLevels { onHand } } } }',
        { r: [{ __typename: 'Offer', id: offerId }] },
      );
      expect(_entities[0]!.stockLevels).toBeNull();
    }
  });

  it('are in at most a hundred warehouses of a vendor', async () => {
    const full = await aSeller(harness);
    const open = (code: string) =>
      harness.ask<{ warehouseUpsert: { warehouse: { id: string } | null; userErrors: { code: string }[] } }>(
        full.viewer,
        'mutation($input: WarehouseInput!) { warehouseUpsert(input: $input) { warehouse { id } userErrors { code } } }',
        { input: { code, name: code, region: 'EU', vendorId: full.vendorId } },
      );
    for (let n = 3; n <= 100; n += 1) await open(`W${n}`);
    expect((await open('ONE-MORE')).warehouseUpsert.userErrors[0]?.code).toBe('LIMIT_EXCEEDED');
    expect((await open('A')).warehouseUpsert.warehouse?.id).toBe(full.warehouses[0]);
  });

  it('have movements that the application cannot change', async () => {
    const failure = await harness.db.em
      .fork()
      .execute("update stock_movement set reason = 'SALE'")
      .then(
        () => null,
        (error: unknown) => error,
      );
    expect(sqlStateOf(failure)).toBe('42501');
  });
});
