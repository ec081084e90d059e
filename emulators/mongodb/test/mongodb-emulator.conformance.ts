import { randomUUID } from 'node:crypto';
import { Binary, Double, MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type EmulatorUser, type MongoEmulator, startMongoEmulator } from '../src/emulator.ts';
import { RawClient, toMessage } from './raw-client.ts';
import { isEmulator, someProducts } from './server-under-test.ts';

const USERS: EmulatorUser[] = [
  { username: 'catalog', password: 'catalog, = secret', databases: ['catalog'] },
  { username: 'reviews', password: 'reviews secret', databases: ['reviews'] },
  { username: 'root', password: 'root secret', databases: ['*'] },
];

async function aClient(url: string): Promise<MongoClient> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 3_000 });
  onTestFinished(() => client.close());
  return client.connect();
}

async function aRawClient(port: number): Promise<RawClient> {
  const client = await RawClient.connect(port);
  onTestFinished(() => client.close());
  return client;
}

describe.runIf(isEmulator)('an emulator with users', () => {
  let emulator: MongoEmulator;
  beforeAll(async () => {
    emulator = await startMongoEmulator({ users: USERS });
  });
  afterAll(() => emulator.stop());

  it('says what it is before anybody signs in', async () => {
    const raw = await aRawClient(emulator.port);
    expect(await raw.command({ hello: 1, $db: 'admin' })).toMatchObject({
      ok: 1,
      setName: 'rs0',
      emulator: 'marketgraph',
    });
    expect(await raw.command({ buildInfo: 1, $db: 'admin' })).toMatchObject({
      emulator: 'marketgraph',
      gitVersion: 'emulator',
    });
  });

  it('lets nobody read or write without signing in', async () => {
    const client = await aClient(emulator.url);
    await expect(client.db('catalog').collection('c').findOne({})).rejects.toMatchObject({ code: 13 });
    await expect(client.db('catalog').collection('c').insertOne({})).rejects.toMatchObject({ code: 13 });
    await expect(client.db('admin').command({ listDatabases: 1 })).rejects.toMatchObject({ code: 13 });
  });

  it('keeps each user to its own databases', async () => {
    const catalog = await aClient(emulator.urlFor('catalog', 'catalog'));
    await catalog.db().collection('c').insertOne({ a: 1 });
    expect(await catalog.db('catalog').collection('c').countDocuments()).toBe(1);
    const reviews = await aClient(emulator.urlFor('reviews', 'reviews'));
    await expect(reviews.db('catalog').collection('c').findOne({})).rejects.toMatchObject({ code: 13 });
    await expect(reviews.db('catalog').collection('c').insertOne({})).rejects.toMatchObject({ code: 13 });
    const across = reviews
      .db('reviews')
      .collection('r')
      .aggregate([{ $merge: { into: { db: 'catalog', coll: 'c' } } }]);
    await expect(across.toArray()).rejects.toMatchObject({ code: 13 });
    await expect(reviews.db('admin').command({ renameCollection: 'catalog.c', to: 'catalog.d' })).rejects.toMatchObject(
      { code: 13 },
    );
    expect((await reviews.db('admin').admin().listDatabases()).databases.map(({ name }) => name)).not.toContain(
      'catalog',
    );
  });

  it('lets a user sign in at its own database and run a transaction', async () => {
    const url = emulator.urlFor('catalog', 'catalog').replace('authSource=admin', 'authSource=catalog');
    const client = await aClient(url);
    const things = client.db().collection('txn');
    await client.withSession((session) => session.withTransaction(() => things.insertOne({ a: 1 }, { session })));
    expect(await things.countDocuments()).toBe(1);
  });

  it.each([
    ['a wrong password', 'catalog', 'wrong', 'admin'],
    ['an unknown user', 'nobody', 'wrong', 'admin'],
    ['a database that is not its own', 'catalog', 'catalog, = secret', 'reviews'],
  ])('refuses %s in the same words', async (_name, username, password, authSource) => {
    const url = new URL(emulator.url);
    const client = new MongoClient(url.href, {
      auth: { username, password },
      authSource,
      serverSelectionTimeoutMS: 3_000,
    });
    onTestFinished(() => client.close());
    await expect(client.connect()).rejects.toMatchObject({ code: 18, message: 'Authentication failed.' });
  });

  it('does not hand one user the cursor or the session of another', async () => {
    const root = await aClient(emulator.urlFor('root', 'catalog'));
    await root.db('catalog').collection('many').insertMany(someProducts(200));
    const raw = await root.db('catalog').command({ find: 'many', batchSize: 1 });
    const catalog = await aClient(emulator.urlFor('catalog', 'catalog'));
    const stolen = catalog.db('catalog').command({ getMore: raw.cursor.id, collection: 'many' });
    await expect(stolen).rejects.toMatchObject({ code: 13 });
  });
});

describe.runIf(isEmulator)('what the emulator does not have', () => {
  let emulator: MongoEmulator;
  let client: MongoClient;
  beforeAll(async () => {
    emulator = await startMongoEmulator();
    client = await new MongoClient(emulator.url).connect();
    await client.db('shop').collection('products').insertMany(someProducts(20));
  });
  afterAll(async () => {
    await client.close();
    await emulator.stop();
  });

  const products = 'products';
  it.each([
    ['a collation', { find: products, collation: { locale: 'en', strength: 2 } }],
    ['text search', { find: products, filter: { $text: { $search: 'x' } } }],
    ['nearness', { find: products, filter: { loc: { $near: [0, 0] } } }],
    ['scripts in a filter', { find: products, filter: { $where: 'true' } }],
    ['schemas in a filter', { find: products, filter: { $jsonSchema: {} } }],
    ['an unknown query operator', { find: products, filter: { price: { $frobnicate: 1 } } }],
    ['an unknown top level operator', { find: products, filter: { $frobnicate: [] } }],
    ['an unknown option', { find: products, frobnicate: 1 }],
    ['index bounds given by hand', { find: products, min: { price: 1 } }],
    ['tailable cursors', { find: products, tailable: true }],
    ['a hint on an index that is not there', { find: products, hint: 'nothing_1' }],
    ['an unknown stage', { aggregate: products, pipeline: [{ $frobnicate: 1 }], cursor: {} }],
    ['a stage of the real server', { aggregate: products, pipeline: [{ $setWindowFields: {} }], cursor: {} }],
    ['an unknown expression', { aggregate: products, pipeline: [{ $set: { a: { $frobnicate: 1 } } }], cursor: {} }],
    [
      'an unknown accumulator',
      { aggregate: products, pipeline: [{ $group: { _id: 1, a: { $frobnicate: 1 } } }], cursor: {} },
    ],
    [
      'an unknown stage inside a lookup',
      {
        aggregate: 'empty',
        pipeline: [{ $lookup: { from: products, as: 'x', pipeline: [{ $frobnicate: 1 }] } }],
        cursor: {},
      },
    ],
    ['scripts in an expression', { aggregate: products, pipeline: [{ $set: { a: { $function: {} } } }], cursor: {} }],
    [
      'an unknown argument of an expression',
      {
        aggregate: products,
        pipeline: [{ $set: { a: { $filter: { input: [], cond: 1, frobnicate: 1 } } } }],
        cursor: {},
      },
    ],
    ['an unknown update operator', { update: products, updates: [{ q: {}, u: { $frobnicate: { a: 1 } } }] }],
    [
      'an unknown modifier of $push',
      { update: products, updates: [{ q: {}, u: { $push: { a: { $each: [], $frobnicate: 1 } } } }] },
    ],
    ['an unknown field of an update', { update: products, updates: [{ q: {}, u: { $set: { a: 1 } }, frobnicate: 1 }] }],
    ['an unknown command', { frobnicate: 1 }],
    ['users as data', { createUser: 'x', pwd: 'y', roles: [] }],
    ['scripts on the server', { mapReduce: products }],
    ['text indexes', { createIndexes: products, indexes: [{ key: { title: 'text' }, name: 't' }] }],
    ['geographic indexes', { createIndexes: products, indexes: [{ key: { loc: '2dsphere' }, name: 'l' }] }],
    [
      'indexes with a collation',
      { createIndexes: products, indexes: [{ key: { a: 1 }, name: 'a', collation: { locale: 'en' } }] },
    ],
    ['capped collections', { create: 'capped', capped: true, size: 1000 }],
    ['views', { create: 'view', viewOn: products, pipeline: [] }],
    ['validators', { create: 'valid', validator: {} }],
    ['more nodes than one', { insert: products, documents: [{}], writeConcern: { w: 2 } }],
    [
      'images before a change',
      { aggregate: products, pipeline: [{ $changeStream: { fullDocumentBeforeChange: 'required' } }], cursor: {} },
    ],
  ])('refuses %s loudly', async (_name, command) => {
    const before = await client.db('shop').collection(products).countDocuments();
    const reply = await client
      .db('shop')
      .command(command)
      .catch((error: unknown) => error);
    const failure = (reply as { writeErrors?: { errmsg: string; code: number }[] }).writeErrors?.[0] ?? reply;
    expect(failure).toMatchObject({ code: expect.any(Number) });
    expect((failure as { errmsg?: string; message?: string }).errmsg ?? (failure as Error).message).toContain(
      'emulator',
    );
    expect(await client.db('shop').collection(products).countDocuments()).toBe(before);
  });

  it('accepts a collation that changes nothing', async () => {
    const found = await client.db('shop').command({ find: products, collation: { locale: 'simple' }, limit: 1 });
    expect(found.cursor.firstBatch).toHaveLength(1);
  });

  it('stops a command that takes longer than it may', async () => {
    const slow = client
      .db('shop')
      .collection(products)
      .aggregate(
        [1, 2, 3, 4].map((n) => ({
          $lookup: {
            from: products,
            as: `j${n}`,
            pipeline: [{ $lookup: { from: products, as: 'k', pipeline: [] } }],
          },
        })),
        { maxTimeMS: 1 },
      );
    await expect(slow.toArray()).rejects.toMatchObject({ code: 50 });
  });

  it('refuses a document beyond 16 MB and stores what is just below', async () => {
    const large = client.db('shop').collection('large');
    const raw = await aRawClient(emulator.port);
    const insert = (size: number) =>
      raw.command(
        { insert: 'large', $db: 'shop' },
        { sequences: { documents: [{ _id: 1, body: new Binary(Buffer.alloc(size)) }] } },
      );
    expect((await insert(16 * 1024 * 1024)).writeErrors[0]).toMatchObject({ code: 10334 });
    expect(await insert(16 * 1024 * 1024 - 200)).toMatchObject({ n: 1 });
    await large.drop();
  });
});

describe.runIf(isEmulator)('the wire protocol', () => {
  let emulator: MongoEmulator;
  beforeAll(async () => {
    emulator = await startMongoEmulator();
  });
  afterAll(() => emulator.stop());

  it('takes documents beside the command, and checksums', async () => {
    const raw = await aRawClient(emulator.port);
    const documents = [{ a: 1 }, { a: new Double(2) }];
    expect(
      await raw.command({ insert: 'c', $db: 'wire' }, { sequences: { documents }, withChecksum: true }),
    ).toMatchObject({ n: 2, ok: 1 });
    expect(await raw.command({ count: 'c', $db: 'wire' })).toMatchObject({ n: 2 });
  });

  it('ends a connection whose checksum is wrong', async () => {
    const raw = await aRawClient(emulator.port);
    const message = toMessage({ command: { ping: 1, $db: 'wire' }, withChecksum: true }, 7);
    message[message.length - 1] = (message.at(-1) ?? 0) ^ 1;
    raw.send(message);
    expect(await raw.reply()).toMatchObject({ ok: 0, code: 17 });
    await expect(raw.reply()).rejects.toThrow('closed');
  });

  it('does not answer a message that wants no answer', async () => {
    const raw = await aRawClient(emulator.port);
    raw.send(
      toMessage(
        { command: { insert: 'quiet', documents: [{ a: 1 }], $db: 'wire', writeConcern: { w: 0 } }, flags: 2 },
        1,
      ),
    );
    expect(await raw.command({ count: 'quiet', $db: 'wire' })).toMatchObject({ n: 1 });
  });

  it('answers messages that arrive in pieces and many that arrive at once', async () => {
    const raw = await aRawClient(emulator.port);
    const message = toMessage({ command: { ping: 1, $db: 'wire' } }, 1);
    for (const byte of message) raw.send(Buffer.from([byte]));
    expect(await raw.reply()).toMatchObject({ ok: 1 });
    raw.send(Buffer.concat(Array.from({ length: 300 }, () => message)));
    for (let i = 0; i < 300; i++) expect(await raw.reply()).toMatchObject({ ok: 1 });
  });

  it.each([
    ['a length beyond the limit', [0, 0, 0, 0x10]],
    ['a negative length', [0xff, 0xff, 0xff, 0xff]],
    ['an unknown operation', [16, 0, 0, 0]],
  ])('refuses %s and ends the connection', async (_name, length) => {
    const raw = await aRawClient(emulator.port);
    raw.send(Buffer.concat([Buffer.from(length), Buffer.alloc(12)]));
    expect(await raw.reply()).toMatchObject({ ok: 0, code: 17 });
    await expect(raw.reply()).rejects.toThrow('closed');
  });

  it('answers malformed documents with an error and goes on', async () => {
    const raw = await aRawClient(emulator.port);
    const message = toMessage({ command: { ping: 1, $db: 'wire' } }, 1);
    // The type of the first element becomes one that does not exist.
    message[25] = 0x55;
    raw.send(message);
    expect(await raw.reply()).toMatchObject({ ok: 0, code: 22 });
    expect(await raw.command({ ping: 1, $db: 'wire' })).toMatchObject({ ok: 1 });
  });

  it('survives documents nested without end', async () => {
    const raw = await aRawClient(emulator.port);
    let nested: object = {};
    for (let i = 0; i < 500; i++) nested = { a: nested };
    expect(await raw.command({ insert: 'deep', documents: [nested], $db: 'wire' })).toMatchObject({
      ok: 0,
      code: 15,
    });
    expect(await raw.command({ ping: 1, $db: 'wire' })).toMatchObject({ ok: 1 });
  });

  it('ends a transaction whose client is gone', async () => {
    const client = await aClient(emulator.url);
    const things = client.db('wire').collection<{ _id: string; n: number }>('dying');
    await things.insertOne({ _id: 'a', n: 0 });
    const raw = await aRawClient(emulator.port);
    const lsid = { id: new Binary(Buffer.from(randomUUID().replaceAll('-', ''), 'hex'), 4) };
    const update = {
      update: 'dying',
      updates: [{ q: { _id: 'a' }, u: { $inc: { n: 100 } } }],
      lsid,
      txnNumber: 1,
      autocommit: false,
      startTransaction: true,
      $db: 'wire',
    };
    expect(await raw.command(update)).toMatchObject({ n: 1, ok: 1 });
    const waiting = things.updateOne({ _id: 'a' }, { $inc: { n: 1 } });
    raw.close();
    await waiting;
    expect(await things.findOne({ _id: 'a' })).toEqual({ _id: 'a', n: 1 });
  });
});
