import { type ChangeStream, type ChangeStreamDocument, type ClientSession, MongoServerError } from 'mongodb';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { useServer } from './server-under-test.ts';

const server = useServer();

interface Account {
  _id: string;
  b: number;
}

async function accounts(...docs: Account[]) {
  const collection = server.collection<Account>();
  await collection.insertMany(docs);
  return collection;
}

function aSession(): ClientSession {
  const session = server.client.startSession();
  onTestFinished(() => session.endSession());
  return session;
}

describe('transactions', () => {
  it('shows its writes to itself only, until it commits', async () => {
    const a = await accounts({ _id: 'a', b: 100 }, { _id: 'b', b: 0 });
    const session = aSession();
    await session.withTransaction(async () => {
      await a.updateOne({ _id: 'a' }, { $inc: { b: -10 } }, { session });
      expect((await a.findOne({ _id: 'a' }))?.b).toBe(100);
      expect((await a.findOne({ _id: 'a' }, { session }))?.b).toBe(90);
      await a.updateOne({ _id: 'b' }, { $inc: { b: 10 } }, { session });
    });
    expect((await a.find().sort({ _id: 1 }).toArray()).map(({ b }) => b)).toEqual([90, 10]);
  });

  it('leaves nothing behind when it is aborted', async () => {
    const a = await accounts({ _id: 'a', b: 90 });
    const session = aSession();
    session.startTransaction();
    await a.updateOne({ _id: 'a' }, { $set: { b: 0 } }, { session });
    await a.insertOne({ _id: 'x', b: 1 }, { session });
    await a.deleteOne({ _id: 'a' }, { session });
    expect(await a.find({}, { session }).toArray()).toEqual([{ _id: 'x', b: 1 }]);
    await session.abortTransaction();
    expect(await a.find().toArray()).toEqual([{ _id: 'a', b: 90 }]);
  });

  it('reads one moment however long it lasts, by scan and by index', async () => {
    const a = await accounts({ _id: 'a', b: 1 }, { _id: 'b', b: 2 }, { _id: 'c', b: 3 });
    await a.createIndex({ b: 1 });
    const session = aSession();
    session.startTransaction({ readConcern: { level: 'snapshot' } });
    expect(await a.countDocuments({}, { session })).toBe(3);
    await a.updateOne({ _id: 'a' }, { $set: { b: 10 } });
    await a.deleteOne({ _id: 'b' });
    await a.insertOne({ _id: 'd', b: 2 });
    expect(
      (
        await a
          .find({ b: { $lte: 3 } }, { session })
          .sort({ b: 1 })
          .toArray()
      ).map(({ _id }) => _id),
    ).toEqual(['a', 'b', 'c']);
    expect(await a.findOne({ b: 10 }, { session })).toBeNull();
    await session.commitTransaction();
    expect((await a.find().sort({ b: 1 }).toArray()).map(({ _id }) => _id)).toEqual(['d', 'c', 'a']);
  });

  it('refuses to change what somebody else has changed since', async () => {
    const a = await accounts({ _id: 'a', b: 1 });
    const session = aSession();
    session.startTransaction();
    await a.findOne({ _id: 'a' }, { session });
    await a.updateOne({ _id: 'a' }, { $set: { b: 2 } });
    const lost = await a
      .updateOne({ _id: 'a' }, { $inc: { b: 1 } }, { session })
      .catch((error: unknown) => error as MongoServerError);
    expect(lost).toMatchObject({ code: 112 });
    expect((lost as MongoServerError).hasErrorLabel('TransientTransactionError')).toBe(true);
    await session.abortTransaction();
    expect((await a.findOne({ _id: 'a' }))?.b).toBe(2);
  });

  it('moves money exactly once per transfer, forty at a time', async () => {
    const a = await accounts({ _id: 'a', b: 90 }, { _id: 'b', b: 10 });
    await Promise.all(
      Array.from({ length: 40 }, async () => {
        const session = server.client.startSession();
        try {
          await session.withTransaction(async () => {
            const from = await a.findOne({ _id: 'a' }, { session });
            await a.updateOne({ _id: 'a' }, { $set: { b: (from?.b ?? 0) - 1 } }, { session });
            await a.updateOne({ _id: 'b' }, { $inc: { b: 1 } }, { session });
          });
        } finally {
          await session.endSession();
        }
      }),
    );
    expect(await a.find().sort({ _id: 1 }).toArray()).toEqual([
      { _id: 'a', b: 50 },
      { _id: 'b', b: 50 },
    ]);
  });

  it('makes a writer outside wait for the end of the transaction', async () => {
    const a = await accounts({ _id: 'a', b: 1 });
    const session = aSession();
    session.startTransaction();
    await a.updateOne({ _id: 'a' }, { $inc: { b: 10 } }, { session });
    const outside = a.updateOne({ _id: 'a' }, { $inc: { b: 100 } });
    expect((await a.findOne({ _id: 'a' }))?.b).toBe(1);
    await session.commitTransaction();
    await outside;
    expect((await a.findOne({ _id: 'a' }))?.b).toBe(111);
  });

  it('is undone by a duplicate key inside it', async () => {
    const a = server.collection<{ sku: string }>();
    await a.createIndex({ sku: 1 }, { unique: true });
    await a.insertOne({ sku: 's1' });
    const session = aSession();
    const attempt = session.withTransaction(async () => {
      await a.insertOne({ sku: 'tt' }, { session });
      await a.insertOne({ sku: 's1' }, { session });
    });
    await expect(attempt).rejects.toMatchObject({ code: 11000 });
    expect(await a.countDocuments({ sku: 'tt' })).toBe(0);
  });

  it('lets two transactions take one unique key only once', async () => {
    const a = server.collection<{ sku: string }>();
    await a.createIndex({ sku: 1 }, { unique: true });
    const [one, two] = [aSession(), aSession()];
    one.startTransaction();
    two.startTransaction();
    await a.insertOne({ sku: 'x' }, { session: one });
    await expect(a.insertOne({ sku: 'x' }, { session: two })).rejects.toMatchObject({ code: 112 });
    await one.commitTransaction();
    await two.abortTransaction();
    expect(await a.countDocuments({ sku: 'x' })).toBe(1);
  });

  it('can give a unique key from one document to another', async () => {
    const a = server.collection<{ n: number; sku: string }>();
    await a.createIndex({ sku: 1 }, { unique: true });
    await a.insertOne({ n: 1, sku: 'x' });
    const session = aSession();
    await session.withTransaction(async () => {
      await a.updateOne({ n: 1 }, { $set: { sku: 'y' } }, { session });
      await a.insertOne({ n: 2, sku: 'x' }, { session });
    });
    expect(await a.find().sort({ n: 1 }).project({ _id: 0 }).toArray()).toEqual([
      { n: 1, sku: 'y' },
      { n: 2, sku: 'x' },
    ]);
  });

  it('aggregates over its own writes', async () => {
    const a = await accounts({ _id: 'a', b: 1 });
    const session = aSession();
    session.startTransaction();
    await a.insertOne({ _id: 'b', b: 2 }, { session });
    const [sum] = await a.aggregate([{ $group: { _id: null, total: { $sum: '$b' } } }], { session }).toArray();
    expect(sum?.total).toBe(3);
    await session.abortTransaction();
  });

  it('spans collections', async () => {
    const [a, outbox] = [server.collection(), server.collection()];
    const session = aSession();
    await session.withTransaction(async () => {
      await a.insertOne({ product: 1 }, { session });
      await outbox.insertOne({ event: 1 }, { session });
    });
    expect([await a.countDocuments(), await outbox.countDocuments()]).toEqual([1, 1]);
  });
});

/** An empty stream answers soon, instead of after the second it waits by default. */
const QUICK = { maxAwaitTimeMS: 50 };

/** The stream has told the server where it begins: what happens from now on is seen. */
function isOpen(stream: ChangeStream): Promise<void> {
  return vi.waitFor(() => expect(stream.resumeToken).toBeDefined());
}

describe('change streams', () => {
  it('tells of changes as they happen and resumes where it was', async () => {
    const things = server.collection();
    await things.insertOne({ sku: 'before' });
    const stream = things.watch([{ $match: { operationType: { $in: ['insert', 'update'] } } }], {
      fullDocument: 'updateLookup',
    });
    onTestFinished(() => stream.close());
    const inserted = stream.next();
    await isOpen(stream);
    await things.insertOne({ sku: 'cs1' });
    const first = (await inserted) as ChangeStreamDocument & { fullDocument: { sku: string } };
    expect(first).toMatchObject({
      operationType: 'insert',
      fullDocument: { sku: 'cs1' },
      ns: { coll: things.collectionName },
    });
    await stream.close();

    await things.updateOne({ sku: 'cs1' }, { $set: { v: 2 } });
    const resumed = things.watch([], { resumeAfter: first._id, fullDocument: 'updateLookup' });
    onTestFinished(() => resumed.close());
    expect(await resumed.next()).toMatchObject({
      operationType: 'update',
      fullDocument: { v: 2 },
      updateDescription: { updatedFields: { v: 2 }, removedFields: [] },
    });
  });

  it('describes updates by the paths they touched', async () => {
    const things = server.collection<{ a?: object; list?: number[]; gone?: number; z?: number }>();
    await things.insertOne({ a: { x: 1, y: 1 }, list: [1, 2], gone: 1 });
    const stream = things.watch([], QUICK);
    onTestFinished(() => stream.close());
    await stream.tryNext();
    await things.updateOne({}, { $set: { 'a.x': 2, 'n.e.w': 1 }, $unset: { gone: '' }, $push: { list: 3 } });
    expect(await stream.next()).toMatchObject({
      updateDescription: { updatedFields: { 'a.x': 2, 'list.2': 3, n: { e: { w: 1 } } }, removedFields: ['gone'] },
    });
    await things.replaceOne({}, { z: 1 });
    expect(await stream.next()).toMatchObject({ operationType: 'replace', fullDocument: { z: 1 } });
    await things.deleteOne({});
    expect(await stream.next()).toMatchObject({ operationType: 'delete', documentKey: { _id: expect.anything() } });
  });

  it('tells of a transaction when it is committed, and never of an aborted one', async () => {
    const things = server.collection();
    await things.insertOne({ n: 0 });
    const stream = things.watch([], QUICK);
    onTestFinished(() => stream.close());
    await stream.tryNext();
    const session = aSession();
    session.startTransaction();
    await things.insertOne({ n: 1 }, { session });
    await session.abortTransaction();
    await session.withTransaction(async () => {
      await things.insertOne({ n: 2 }, { session });
      await things.insertOne({ n: 3 }, { session });
    });
    const events = [await stream.next(), await stream.next()];
    expect(events.map((event) => (event as { fullDocument?: { n: number } }).fullDocument?.n)).toEqual([2, 3]);
    expect(events[0]).toHaveProperty('txnNumber');
  });

  it('watches a whole database and ends when its collection is dropped', async () => {
    const things = server.collection();
    await things.insertOne({ n: 0 });
    const [whole, one] = [
      server.db.watch([{ $match: { 'ns.coll': things.collectionName } }], QUICK),
      things.watch([], QUICK),
    ];
    onTestFinished(async () => {
      await Promise.all([whole.close(), one.close()]);
    });
    await Promise.all([whole.tryNext(), one.tryNext()]);
    await things.insertOne({ n: 1 });
    await things.drop();
    expect([await whole.next(), await whole.next()]).toMatchObject([
      { operationType: 'insert' },
      { operationType: 'drop' },
    ]);
    expect([await one.next(), await one.next(), await one.next()]).toMatchObject([
      { operationType: 'insert' },
      { operationType: 'drop' },
      { operationType: 'invalidate' },
    ]);
  });
});
