import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { MongoClient, MongoError, MongoErrorLabel } from 'mongodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { takeTurn } from '../src/mongo/retries-in-turn.ts';
import type { EventEnvelope, NewEvent, OutboxRow } from '../src/messaging/messaging.ts';
import {
  appendToMongoOutbox,
  type EventText,
  inMongoTransaction,
  type MongoDatabase,
  type MongoTransaction,
  mongoInbox,
  mongoOutbox,
  openMongo,
  prepareMongoMessaging,
  toEventText,
} from '../src/mongo/mongo.ts';
import { testIds } from '../src/testing/testing.ts';

const TRACE = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;

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
const startCounting = async () => {
  await database.db.collection<Counter>('counters').deleteMany({});
  await database.db.collection<Counter>('counters').insertOne({ _id: 'all', value: 0 });
};

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
  beforeEach(startCounting);

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

const testedEvent = (sequence: number) => ({
  ...{ name: 'reviews.tested', version: 1, key: `k${sequence % 7}`, sequence },
  payload: { text: 'said' },
});

const lostRace = (): MongoError => {
  const error = new MongoError('somebody else was faster');
  error.addErrorLabel(MongoErrorLabel.TransientTransactionError);
  return error;
};

/** Whatever stands in the documents of an answer of the store as the text of an event. */
const textsIn = (reply: unknown): string[] => {
  const { cursor } = reply as { cursor?: { firstBatch?: { texts?: string[] }[] } };
  return (cursor?.firstBatch ?? []).flatMap(({ texts = [] }) => texts);
};

describe('the outbox of a document store', () => {
  const ids = testIds();
  const outboxOf = () => mongoOutbox(database, 'test');
  const append = (
    from: number,
    to: number,
    into = database,
    as: (event: NewEvent) => NewEvent | EventText = (event) => event,
  ) =>
    inMongoTransaction(into, (transaction) =>
      appendToMongoOutbox(
        transaction,
        Array.from({ length: to - from }, (_, at) => as(testedEvent(from + at))),
        { ids, now: new Date(), trace: TRACE },
      ),
    );
  const publishAll = async (limit: number): Promise<{ batches: number[]; rows: OutboxRow[] }> => {
    const [batches, rows]: [number[], OutboxRow[]] = [[], []];
    const publish = () => outboxOf().publishNext(limit, async (batch) => void rows.push(...batch));
    for (let count = await publish(); count; count = await publish()) batches.push(count);
    return { batches, rows };
  };
  const envelopeOf = ({ envelope }: OutboxRow) =>
    typeof envelope === 'string' ? (JSON.parse(envelope) as EventEnvelope) : envelope;
  const sequencesOf = (rows: readonly OutboxRow[]) => rows.map((row) => envelopeOf(row).sequence);
  const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

  beforeEach(async () => {
    for (const name of ['outbox', 'counters', 'leases']) await database.db.collection(name).deleteMany({});
    await prepareMongoMessaging(database);
  });

  it('keeps the events of one transaction in few documents, and gives each of them as it was, in order', async () => {
    await append(0, 130);
    await append(130, 131, database, toEventText);
    expect(await database.db.collection('outbox').countDocuments()).toBe(4);
    expect(await outboxOf().backlog()).toMatchObject({ count: 131 });
    const { rows, batches } = await publishAll(60);
    const told = { id: expect.stringMatching(/^evt_/) as string, occurredAt: expect.stringMatching(/Z$/) as string };
    expect(rows.map(envelopeOf)).toEqual(numbers(0, 131).map((n) => ({ ...testedEvent(n), ...told, trace: TRACE })));
    expect(new Set(rows.map((row) => envelopeOf(row).id)).size).toBe(131);
    // Whom an event does not concern is told so by its beginning, however it was made.
    for (const row of rows) expect(String(row.envelope)).toMatch(/^\{"trace":"[^"]+","name":"/);
    expect(rows.map(({ position }) => Number(position))).toEqual(numbers(1, 132));
    // Whole documents of 50, 50, 30 and 1: no more once there are as many as were asked for.
    expect(batches).toEqual([100, 31]);
    expect((await outboxOf().backlog()).count).toBe(0);
  });

  it('publishes what its process wrote without reading it again, among what others wrote, in order', async () => {
    const client = new MongoClient(stores.mongodb.reviews, { monitorCommands: true });
    try {
      const own = { client, db: client.db() };
      const outbox = mongoOutbox(own, 'own');
      const told = vi.fn<() => void>();
      outbox.onWritten(told);
      const read: string[] = [];
      client.on('commandSucceeded', ({ reply }) => read.push(...textsIn(reply)));
      const published: OutboxRow[] = [];
      const publish = () => outbox.publishNext(100, async (batch) => void published.push(...batch));
      await append(0, 70, own);
      expect(await publish()).toBe(70);
      expect(read).toEqual([]);
      await append(70, 80, own);
      await append(80, 90);
      await append(90, 100, own);
      expect(await publish()).toBe(30);
      expect(await publish()).toBe(0);
      expect(told).toHaveBeenCalledTimes(3);
      expect(sequencesOf(published)).toEqual(numbers(0, 100));
      // What was published by another is not kept for ever: here it is asked for as a whole again.
      expect(read.map((text) => (JSON.parse(text) as EventEnvelope).sequence)).toEqual(numbers(80, 90));
      await outbox.requeue(new Date(0));
      expect(await publish()).toBe(100);
      expect(published.slice(100)).toEqual(published.slice(0, 100));
    } finally {
      await client.close();
    }
  });

  it('publishes of a transaction that had to begin anew what it wrote in the end', async () => {
    const outbox = outboxOf();
    outbox.onWritten(() => undefined);
    let runs = 0;
    await inMongoTransaction(database, async (transaction) => {
      runs += 1;
      await appendToMongoOutbox(transaction, [testedEvent(runs)], { ids, now: new Date() });
      if (runs < 3) throw lostRace();
    });
    const published: OutboxRow[] = [];
    await outbox.publishNext(10, async (batch) => void published.push(...batch));
    expect(sequencesOf(published)).toEqual([3]);
  });

  it('gives again what was published after a mark, the newest of it when that is too much, or since a time', async () => {
    await append(0, 60);
    await publishAll(500);
    const mark = await outboxOf().lastMark();
    await append(60, 120);
    await publishAll(500);
    expect(await outboxOf().requeueAfter(mark, 1_000)).toBe(60);
    expect(sequencesOf((await publishAll(500)).rows)).toEqual(numbers(60, 120));
    expect(await outboxOf().requeueAfter(0, 15)).toBe(60);
    expect(sequencesOf((await publishAll(500)).rows)).toEqual(numbers(60, 120));
    expect(await outboxOf().requeueAfter(await outboxOf().lastMark(), 15)).toBe(0);
    expect(await outboxOf().requeue(new Date(0))).toBe(120);
    expect(sequencesOf((await publishAll(500)).rows)).toEqual(numbers(0, 120));
  });

  it('still gives the events of documents that hold one each, or several as documents', async () => {
    const event = { name: 'reviews.tested', version: 1, key: 'k', sequence: 5, payload: { text: 'said' } };
    const occurredAt = new Date().toISOString();
    await database.db
      .collection('outbox')
      .insertOne({ _id: 'evt_before' as never, ...event, occurredAt, position: 0, publishedAt: null });
    const envelopes = [6, 7].map((sequence) => ({ id: `evt_before_${sequence}`, ...event, sequence, occurredAt }));
    await database.db.collection('outbox').insertOne({
      ...{ _id: 'evt_before_6' as never, occurredAt, position: 1, count: 2, events: envelopes, publishedAt: null },
    });
    await database.db.collection('counters').insertOne({ _id: 'outbox' as never, next: 2 });
    await append(8, 10);
    expect(await outboxOf().backlog()).toMatchObject({ count: 5, oldest: new Date(occurredAt) });
    const { rows } = await publishAll(2);
    expect(rows[0]).toEqual({ position: '0', envelope: { id: 'evt_before', ...event, occurredAt } });
    expect(rows.slice(1, 3).map(envelopeOf)).toEqual(envelopes);
    expect(sequencesOf(rows)).toEqual([5, 6, 7, 8, 9]);
    expect(await outboxOf().requeueAfter(0, 100)).toBe(5);
  });
});

describe('the inbox of a document store', () => {
  const event = (id: string) => ({
    ...{ id, name: 'reviews.tested', version: 1, occurredAt: new Date().toISOString() },
    ...{ key: id, sequence: 1, payload: {} },
  });
  const counted = async (handled: readonly EventEnvelope[], { db, session }: MongoTransaction) => {
    const counters = db.collection<Counter>('counters');
    await counters.updateOne({ _id: 'all' }, { $inc: { value: handled.length } }, { session });
  };
  const count = async () => (await database.db.collection<Counter>('counters').findOne({ _id: 'all' }))!.value;
  const inbox = () => mongoInbox(database);

  beforeEach(async () => {
    await database.db.collection('inbox').deleteMany({});
    await prepareMongoMessaging(database);
    await startCounting();
  });

  it('X2 has one effect of each event of a crowd, whether it came before, twice in it, or in another crowd at once', async () => {
    await inbox().once('test', 'evt_1', (transaction) => counted([event('evt_1')], transaction));
    const ids = ['evt_1', 'evt_2', 'evt_3', 'evt_2'];
    expect(await inbox().onceTogether!('test', ids.map(event), counted)).toBe(2);
    expect(await count()).toBe(3);
    expect(await inbox().once('test', 'evt_3', () => Promise.reject(new Error('again')))).toBe(false);
    expect(await inbox().onceTogether!('another', ids.map(event), counted)).toBe(3);
    expect(await count()).toBe(6);
    const crowd = Array.from({ length: 40 }, (_, at) => event(`evt_crowd_${at}`));
    const ends = await Promise.allSettled(
      [crowd, crowd, crowd].map((one) => inbox().onceTogether!('test', one, counted)),
    );
    // One that lost may be told so by the index; whoever handles the events by themselves then finds them handled.
    expect(ends.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
    expect(await count()).toBe(46);
  });

  it('X2 remembers none of a crowd whose effect failed', async () => {
    const crowd = ['evt_1', 'evt_2'].map(event);
    const failing = inbox().onceTogether!('test', crowd, async (handled, transaction) => {
      await counted(handled, transaction);
      throw new Error('in the end');
    });
    await expect(failing).rejects.toThrow('in the end');
    expect(await count()).toBe(0);
    expect(await inbox().onceTogether!('test', crowd, counted)).toBe(2);
  });
});
