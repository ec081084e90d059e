import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  anOffer,
  aSeller,
  availableOf,
  end,
  type Harness,
  type LevelPayload,
  reserve,
  type Seller,
  startHarness,
} from './harness.ts';

let harness: Harness;
let seller: Seller;

beforeAll(async () => {
  harness = await startHarness();
  seller = await aSeller(harness);
});
afterAll(() => harness?.stop());

interface Transfer {
  offerId: string;
  quantity: number;
  back?: boolean;
  toWarehouseId?: string;
  by?: Seller;
  key?: string;
}

type TransferPayload = Record<'from' | 'to', LevelPayload['stockLevel']> & {
  userErrors: { __typename: string; code: string; field: string[] | null; requested?: number; available?: number }[];
};

async function transfer({ offerId, quantity, back = false, toWarehouseId, by = seller, key = randomUUID() }: Transfer) {
  const [a, b] = back ? seller.warehouses.toReversed() : seller.warehouses;
  const query = `mutation($input: InventoryTransferInput!, $key: IdempotencyKey!) {
    inventoryTransfer(input: $input, idempotencyKey: $key) {
      from { onHand reserved } to { onHand reserved }
      userErrors { __typename code field ... on InsufficientStockError { requested available } } } }`;
  const input = { offerId, fromWarehouseId: a, toWarehouseId: toWarehouseId ?? b, quantity };
  return (await harness.ask<{ inventoryTransfer: TransferPayload }>(by.viewer, query, { input, key }))
    .inventoryTransfer;
}

const movementsOf = (offerId: string) =>
  harness.db.em.fork().execute<{ reason: string; delta: number; reference: string }[]>(
    `select reason, on_hand_delta as delta, reference_id as reference from stock_movement
        where offer_id = ? and reason like 'TRANSFER%' order by id`,
    [offerId],
  );

describe('a transfer', () => {
  it('moves units to a warehouse that had none, as two movements of one transfer, and nothing is more or less for sale', async () => {
    const offerId = await anOffer(harness, seller, [5]);
    expect(await transfer({ offerId, quantity: 2 })).toEqual({
      from: { onHand: 3, reserved: 0 },
      to: { onHand: 2, reserved: 0 },
      userErrors: [],
    });
    const movements = await movementsOf(offerId);
    expect(movements).toMatchObject([
      { reason: 'TRANSFER_OUT', delta: -2 },
      { reason: 'TRANSFER_IN', delta: 2 },
    ]);
    expect(new Set(movements.map(({ reference }) => reference)).size).toBe(1);
    expect(await availableOf(harness, offerId)).toBe(5);
  });

  it('moves once for a key used twenty times at once, with one answer; another input is refused', async () => {
    const offerId = await anOffer(harness, seller, [5, 5]);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => transfer({ offerId, quantity: 2, key: 'transfer-key-1' })),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toMatchObject({ from: { onHand: 3 }, to: { onHand: 7 } });
    expect(await movementsOf(offerId)).toHaveLength(2);
    const reused = await transfer({ offerId, quantity: 1, key: 'transfer-key-1' });
    expect(reused.userErrors[0]?.code).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  it('leaves what is reserved where it is, and says what is free', async () => {
    const offerId = await anOffer(harness, seller, [5]);
    await reserve(harness, [{ offerId, quantity: 4 }]);
    expect(await transfer({ offerId, quantity: 2 })).toEqual({
      from: null,
      to: null,
      userErrors: [
        {
          __typename: 'InsufficientStockError',
          code: 'INSUFFICIENT_STOCK',
          field: ['quantity'],
          requested: 2,
          available: 1,
        },
      ],
    });
    expect((await transfer({ offerId, quantity: 1 })).userErrors).toEqual([]);
  });

  it('neither makes nor loses a unit while others transfer back and forth and buy', async () => {
    const offerId = await anOffer(harness, seller, [20, 20]);
    let sold = 0;
    await Promise.all(
      Array.from({ length: 60 }, async (_, n) => {
        if (n % 3 < 2) return void (await transfer({ offerId, quantity: (n % 5) + 1, back: n % 3 === 1 }));
        const { reservation } = await reserve(harness, [{ offerId, quantity: 1 }]);
        if (!reservation) return;
        await end(harness, 'Confirm', reservation.id);
        sold += 1;
      }),
    );
    expect(sold).toBe(20);
    const [sums] = await harness.db.em.fork().execute<{ units: number; moved: number }[]>(
      `select (select sum(on_hand)::int from stock_level where offer_id = ?) as units,
                (select sum(on_hand_delta)::int from stock_movement where offer_id = ?) as moved`,
      [offerId, offerId],
    );
    expect(sums).toEqual({ units: 20, moved: 20 });
  });

  it("is refused within one warehouse, to another vendor's, of no units, and by another vendor", async () => {
    const offerId = await anOffer(harness, seller, [5]);
    const other = await aSeller(harness);
    const codeOf = async (attempt: Omit<Transfer, 'offerId'>) =>
      (await transfer({ offerId, ...attempt })).userErrors[0]?.code;
    expect(await codeOf({ quantity: 1, toWarehouseId: seller.warehouses[0] })).toBe('INVALID');
    expect(await codeOf({ quantity: 1, toWarehouseId: other.warehouses[0] })).toBe('NOT_FOUND');
    expect(await codeOf({ quantity: 0 })).toBe('INVALID');
    expect(await codeOf({ quantity: -3 })).toBe('INVALID');
    expect(await codeOf({ quantity: 1, by: other })).toBe('FORBIDDEN');
    expect(await movementsOf(offerId)).toEqual([]);
  });
});
