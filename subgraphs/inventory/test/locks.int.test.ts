import { type EntityManager, inTransaction } from '@marketgraph/platform/postgres';
import { until } from '@marketgraph/platform/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reserveStock } from '../src/commands/reserve-stock.ts';
import { lockStock } from '../src/store/locked-stock.ts';
import { aSeller, type Harness, ids, type Seller, startHarness } from './harness.ts';
import { type Commands, startCommands, writeOffer } from './rounds-harness.ts';

let harness: Harness;
let seller: Seller;
let commands: Commands;

beforeAll(async () => {
  harness = await startHarness({ sweepIntervalMs: 60_000 });
  seller = await aSeller(harness);
  commands = await startCommands(harness);
});
afterAll(async () => {
  await commands?.stop();
  await harness?.stop();
});

/** What a server may come to for the same statement, by how large it takes the tables for. */
const PLANS = [
  '',
  'enable_hashagg',
  'enable_hashagg, enable_seqscan',
  'enable_hashagg, enable_seqscan, enable_hashjoin, enable_mergejoin',
  'enable_hashagg, enable_seqscan, enable_hashjoin, enable_nestloop',
  'enable_nestloop',
  'enable_indexscan, enable_bitmapscan',
];

async function anOfferWithUnits(): Promise<string> {
  const offerId = ids.next('off');
  await writeOffer(harness.db, offerId, [9], { warehouses: seller.warehouses, vendorId: seller.vendorId });
  return offerId;
}

async function isWaitedFor(em: EntityManager): Promise<boolean> {
  const [row] = await em.execute<{ waiting: boolean }[]>(
    `select exists (select 1 from pg_stat_activity
                     where datname = current_database() and wait_event_type = 'Lock') as waiting`,
  );
  return row!.waiting;
}

describe('I7 whoever waited for an offer that was changed meanwhile has it locked', () => {
  it.each(PLANS)('with a plan without "%s"', async (disabled) => {
    // The one that is waited for comes after another: a plan that reads ahead has passed it by then.
    const [free, held] = [await anOfferWithUnits(), await anOfferWithUnits()];
    const requestKey = ids.next('key');
    const lines = [{ offerId: held, quantity: 2 }];
    const made = await reserveStock(commands.deps, { cartId: ids.next('crt'), requestKey, lines });
    if (made.kind !== 'reserved') throw new Error(JSON.stringify(made));
    const begun = Promise.withResolvers<void>();
    const letGo = Promise.withResolvers<void>();
    const changing = inTransaction(harness.db, async (em) => {
      await em.execute('update offer set sequence = sequence + 1 where offer_id = ?', [held]);
      begun.resolve();
      await letGo.promise;
    });
    await begun.promise;
    const waiting = inTransaction(harness.db, async (em) => {
      for (const name of disabled.split(', ')) if (name) await em.execute(`set local ${name} to off`);
      return lockStock(em, { offerIds: [free], reservationIds: [made.reservation.id], requestKeys: [] });
    });
    await until(() => isWaitedFor(harness.db.em.fork()));
    letGo.resolve();
    await changing;
    const { offers, stock } = await waiting;
    expect(offers.map(({ offerId }) => offerId)).toEqual([held, free].toSorted());
    expect(offers.find(({ offerId }) => offerId === held)?.sequence).toBe(2);
    expect(stock.reservations).toMatchObject([{ id: made.reservation.id, status: 'ACTIVE', lines: [{ quantity: 2 }] }]);
  });
});
