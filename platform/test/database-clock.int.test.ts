import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { shiftClock } from '../src/core/core.ts';
import { databaseClock, type Database, openDatabase } from '../src/postgres/postgres.ts';
import { silentLog as log } from '../src/testing/testing.ts';

let stores: Stores;
let orm: Database;

beforeAll(async () => {
  stores = await startTestStores({ only: ['postgres'] });
  orm = await openDatabase({ url: stores.postgres.orders.appUrl, entities: [], log, applicationName: 'test' });
});
afterAll(async () => {
  await orm?.close();
  await stores?.stop();
});
afterEach(() => {
  vi.useRealTimers();
  shiftClock({});
});

/** As far apart as an answer of the database takes. */
const NEAR_MS = 500;

async function databaseMs(): Promise<number> {
  const [row] = await orm.em
    .fork()
    .execute<{ ms: string }[]>('select extract(epoch from clock_timestamp()) * 1000 as ms');
  return Number(row?.ms);
}

it.each([600_000, -600_000, 86_400_000, -86_400_000])(
  'R23 the time of a service is its database’s, on a machine that is %i ms wrong',
  async (wrongMs) => {
    shiftClock({ NODE_ENV: 'test', CLOCK_OFFSET_MS: String(wrongMs) });
    vi.useFakeTimers({ now: Date.now() + wrongMs, toFake: ['Date'] });
    const clock = await databaseClock(orm, log);
    expect(Math.abs(clock.now().getTime() - (await databaseMs()))).toBeLessThan(NEAR_MS);
  },
);

it('R23 goes on when the machine’s clock is set back', async () => {
  const clock = await databaseClock(orm, log);
  const before = clock.now();
  vi.useFakeTimers({ now: Date.now() - 3_600_000, toFake: ['Date'] });
  expect(clock.now().getTime()).toBeGreaterThanOrEqual(before.getTime());
  expect(Math.abs(clock.now().getTime() - (await databaseMs()))).toBeLessThan(NEAR_MS);
});
