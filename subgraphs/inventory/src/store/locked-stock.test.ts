import type { EntityManager } from '@marketgraph/platform/postgres';
import { expect, it } from 'vitest';
import { lockStock } from './locked-stock.ts';
import { isStale } from './stock-writes.ts';

/** A database that locks one offer and says the stock of two. */
const database = {
  getTransactionContext: () => undefined,
  config: {},
  execute: async (query: string) =>
    query.includes('for update')
      ? [{ offerId: 'off_a', vendorId: 'ven_1', lowStockThreshold: 5, sequence: '1', allowed: null, granted: null }]
      : [{ now: '2026-03-01T10:00:00Z', levels: [{ offerId: 'off_a' }, { offerId: 'off_b' }], reservations: [] }],
} as unknown as EntityManager;

it('I7 stock that was read and is not locked decides nothing: it is asked for again', async () => {
  const wanted = { offerIds: ['off_a'], reservationIds: ['rsv_1'], requestKeys: [] };
  const failure: unknown = await lockStock(database, wanted).catch((error: unknown) => error);
  expect([isStale(failure), String(failure)]).toEqual([true, 'Error: The stock of off_b was read and is not locked.']);
});
