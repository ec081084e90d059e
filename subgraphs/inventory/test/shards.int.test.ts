import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shardOf } from '../src/store/shard.ts';
import { anOffer, aSeller, availableOf, end, type Harness, ids, reserve, startHarness } from './harness.ts';
import { agreesWithOneThread, type Place } from './one-thread-model.ts';

/** Two inventories, each with a database and a counter of its own. */
const shards: Place[] = [];
const placeOf = (offerId: string): Place => shards[shardOf(offerId, shards.length)]!;

beforeAll(async () => {
  for (let shard = 0; shard < 2; shard += 1) {
    const harness = await startHarness({ sweepIntervalMs: 60_000 });
    // Known before the next may fail, so that it is stopped.
    shards.push({ harness, seller: { viewer: { kind: 'anonymous' }, vendorId: '', warehouses: ['', ''] } });
    shards[shard]!.seller = await aSeller(harness);
  }
});
afterAll(async () => {
  for (const { harness } of shards) await harness.stop();
});

async function offersIn({ db }: Harness): Promise<string[]> {
  const rows = await db.em.fork().execute<{ id: string }[]>('select distinct offer_id as id from stock_level');
  return rows.map(({ id }) => id);
}

describe('stock in two databases, by the shard of the offer', () => {
  it('I17 I7 agrees with a one-thread model as stock in one database does', async () => {
    await expect(agreesWithOneThread(placeOf, 60)).resolves.toBeUndefined();
  });

  it('I17 I6 gives the last unit of each of many offers to exactly one of many who ask at once', async () => {
    const offers = Array.from({ length: 12 }, () => ids.next('off'));
    for (const offerId of offers) await anOffer(placeOf(offerId).harness, placeOf(offerId).seller, [1], offerId);
    const won = await Promise.all(
      offers.map(async (offerId) => {
        const { harness } = placeOf(offerId);
        const answers = await Promise.all(
          Array.from({ length: 20 }, () => reserve(harness, [{ offerId, quantity: 1 }])),
        );
        return answers.flatMap(({ reservation }) => reservation ?? []);
      }),
    );
    expect(won.map((each) => each.length)).toEqual(offers.map(() => 1));
    for (const [index, offerId] of offers.entries()) {
      const { harness } = placeOf(offerId);
      expect((await end(harness, 'Confirm', won[index]![0]!.id)).reservation?.status).toBe('CONFIRMED');
      expect(await availableOf(harness, offerId)).toBe(0);
    }
  });

  it('I17 is all of an offer in its own database, and nothing of it in the other', async () => {
    for (const [shard, { harness }] of shards.entries()) {
      const offers = await offersIn(harness);
      expect(offers.length).toBeGreaterThan(0);
      expect(offers.map((offerId) => shardOf(offerId, shards.length))).toEqual(offers.map(() => shard));
    }
  });
});
