import { aUser } from '@marketgraph/platform/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  anOffer,
  aSeller,
  availableOf,
  end,
  type Harness,
  ids,
  orders,
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

const RECEIVE = `mutation($input: StockReturnInput!) { stockReturnReceive(input: $input) { userErrors { code field } } }`;

interface Back {
  id: string;
  orderId: string;
  lines: { offerId: string; quantity: number }[];
}

async function receive(input: Back): Promise<string[]> {
  const answer = await harness.ask<{ stockReturnReceive: { userErrors: { code: string }[] } }>(orders, RECEIVE, {
    input,
  });
  return answer.stockReturnReceive.userErrors.map((error) => error.code);
}

/** Sold to an order: five units, of which the two warehouses gave three and two. */
async function sold(quantity = 5) {
  const offerId = await anOffer(harness, seller, [3, 2]);
  const orderId = ids.next('ord');
  const { reservation } = await reserve(harness, [{ offerId, quantity }], { key: orderId });
  await end(harness, 'Confirm', reservation!.id);
  return { offerId, orderId };
}

const movements = (offerId: string) =>
  harness.db.em.fork().execute<{ warehouse: string; units: number }[]>(
    `select warehouse_id as warehouse, on_hand_delta as units from stock_movement
        where offer_id = ? and reason = 'RETURN' order by id`,
    [offerId],
  );

describe('I16 what comes back of a sale', () => {
  it('is on the shelf again, where it was taken from, as a RETURN movement', async () => {
    const { offerId, orderId } = await sold();
    expect(await availableOf(harness, offerId)).toBe(0);
    expect(await receive({ id: ids.next('gbk'), orderId, lines: [{ offerId, quantity: 4 }] })).toEqual([]);
    expect(await availableOf(harness, offerId)).toBe(4);
    expect(await receive({ id: ids.next('gbk'), orderId, lines: [{ offerId, quantity: 1 }] })).toEqual([]);
    const rows = await movements(offerId);
    const units = (warehouse: string) =>
      rows.filter((row) => row.warehouse === warehouse).reduce((total, row) => total + row.units, 0);
    expect(seller.warehouses.map(units)).toEqual([3, 2]);
  });

  it('comes back once, asked 20 times at once and again later', async () => {
    const { offerId, orderId } = await sold();
    const back = { id: ids.next('gbk'), orderId, lines: [{ offerId, quantity: 2 }] };
    const answers = await Promise.all(Array.from({ length: 20 }, () => receive(back)));
    expect(answers.flat()).toEqual([]);
    expect(await receive(back)).toEqual([]);
    expect(await availableOf(harness, offerId)).toBe(2);
    expect(await receive({ ...back, lines: [{ offerId, quantity: 1 }] })).toEqual(['IDEMPOTENCY_KEY_REUSED']);
    expect(await availableOf(harness, offerId)).toBe(2);
  });

  it('is never more than was sold, however many returns race for it', async () => {
    const { offerId, orderId } = await sold();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => receive({ id: ids.next('gbk'), orderId, lines: [{ offerId, quantity: 2 }] })),
    );
    expect(answers.filter((codes) => codes.length === 0)).toHaveLength(2);
    expect(new Set(answers.flat())).toEqual(new Set(['INVALID']));
    expect(await availableOf(harness, offerId)).toBe(4);
  });

  it('is nothing when nothing was sold, and a whole return or none of it', async () => {
    const { offerId, orderId } = await sold();
    const lines = [{ offerId, quantity: 1 }];
    expect(await receive({ id: ids.next('gbk'), orderId: ids.next('ord'), lines })).toEqual(['NOT_FOUND']);
    const held = ids.next('ord');
    const other = await anOffer(harness, seller, [4]);
    await reserve(harness, [{ offerId: other, quantity: 1 }], { key: held });
    expect(await receive({ id: ids.next('gbk'), orderId: held, lines: [{ offerId: other, quantity: 1 }] })).toEqual([
      'NOT_FOUND',
    ]);
    const id = ids.next('gbk');
    expect(await receive({ id, orderId, lines: [...lines, { offerId: other, quantity: 1 }] })).toEqual(['INVALID']);
    for (const bad of [[], [{ offerId, quantity: 0 }], [{ offerId, quantity: -1 }]]) {
      expect(await receive({ id, orderId, lines: bad })).toEqual(['INVALID']);
    }
    expect(await availableOf(harness, offerId)).toBe(0);
    expect(await receive({ id, orderId, lines })).toEqual([]);
  });

  it('is for orders alone', async () => {
    const input = { id: ids.next('gbk'), orderId: ids.next('ord'), lines: [{ offerId: ids.next('off'), quantity: 1 }] };
    for (const viewer of [
      seller.viewer,
      aUser({ roles: ['OPERATOR'] }),
      { kind: 'service', service: 'payments' },
    ] as const) {
      await expect(harness.ask(viewer, RECEIVE, { input })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    }
  });
});
