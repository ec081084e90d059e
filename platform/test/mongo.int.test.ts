import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { takeTurn } from '../src/mongo/retries-in-turn.ts';
import { inMongoTransaction, type MongoDatabase, openMongo } from '../src/mongo/mongo.ts';

interface Counter {
  _id: string;
  value: number;
}

let stores: Stores;
let database: MongoDatabase;

beforeAll(async () => {
  stores = await startTestStores({ only: ['mongodb'] });
  database = await openMongo({ url: stores.mongodb.reviews, applicationName: 'test' });
});
afterAll(async () => {
  await database?.client.close();
  await stores?.stop();
});
beforeEach(async () => {
  await database.db.collection<Counter>('counters').deleteMany({});
  await database.db.collection<Counter>('counters').insertOne({ _id: 'all', value: 0 });
});

/** What is read is written: one of two at once has to begin anew. */
const increment = (): Promise<number> => {
  let runs = 0;
  return inMongoTransaction(database, async ({ db, session }) => {
    runs += 1;
    const counters = db.collection<Counter>('counters');
    const { value } = (await counters.findOne({ _id: 'all' }, { session }))!;
    await counters.updateOne({ _id: 'all' }, { $set: { value: value + 1 } }, { session });
    return runs;
  });
};

describe('transactions that lost a race', () => {
  it('try again one after another: a hundred writers of one document cost a few runs each, not a hundred', async () => {
    const writers = 100;
    const runs = await Promise.all(Array.from({ length: writers }, increment));
    expect(await database.db.collection<Counter>('counters').findOne({ _id: 'all' })).toMatchObject({ value: writers });
    // All of them at once again and again would be about half of the square.
    expect(runs.reduce((all, one) => all + one, 0)).toBeLessThan(writers * 5);
  });

  it('give their turn back when their work fails', async () => {
    const failing = async () => {
      let runs = 0;
      await inMongoTransaction(database, async ({ db, session }) => {
        runs += 1;
        await db.collection<Counter>('counters').updateOne({ _id: 'all' }, { $inc: { value: 1 } }, { session });
        if (runs > 1) throw new Error('no more');
      });
    };
    const ends = await Promise.allSettled(Array.from({ length: 20 }, failing));
    expect(ends.some(({ status }) => status === 'rejected')).toBe(true);
    expect(await increment()).toBe(1);
    expect(await Promise.all([increment(), increment(), increment()])).toHaveLength(3);
  });

  it('are not held up by one that keeps its turn', async () => {
    const told: string[] = [];
    await takeTurn(database.client, { turnMs: 1 });
    const giveBack = await takeTurn(database.client);
    const next = takeTurn(database.client).then((end) => {
      told.push('the next one has its turn');
      end();
    });
    told.push('the second gives its turn back');
    giveBack();
    await next;
    expect(told).toEqual(['the second gives its turn back', 'the next one has its turn']);
  });
});
