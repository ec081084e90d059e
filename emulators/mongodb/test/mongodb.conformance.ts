import {
  BSONRegExp,
  Binary,
  Decimal128,
  Double,
  Long,
  MaxKey,
  type Document,
  MinKey,
  ObjectId,
  Timestamp,
  UUID,
} from 'mongodb';
import { describe, expect, it, vi } from 'vitest';
import { EPOCH, EXPIRY_MS, isEmulator, productsIn, someProducts, useServer } from './server-under-test.ts';

const server = useServer();

describe('reading documents', () => {
  it('stores many documents at once and finds them again across batches', async () => {
    const products = server.collection();
    const { insertedCount } = await products.insertMany(someProducts());
    expect(insertedCount).toBe(500);
    expect(await products.find({}).toArray()).toHaveLength(500);
    expect(await products.find({}).batchSize(7).toArray()).toHaveLength(500);
  });

  it('gives a document without an id one, in front of its fields', async () => {
    const things = server.collection();
    const { insertedId } = await things.insertOne({ sku: 'x1' });
    expect(insertedId).toBeInstanceOf(ObjectId);
    expect(Object.keys((await things.findOne({})) ?? {})).toEqual(['_id', 'sku']);
  });

  it('finds by ObjectId, one and several', async () => {
    const products = await productsIn(server);
    const [first, second] = await products.find({ sku: { $in: ['s1', 's2'] } }).toArray();
    expect(await products.findOne({ _id: first?._id })).toEqual(first);
    expect(
      await products.find({ _id: { $in: [first?._id as ObjectId, second?._id as ObjectId] } }).toArray(),
    ).toHaveLength(2);
  });

  it('sorts, skips, limits and projects', async () => {
    const products = await productsIn(server);
    const page = await products
      .find({ price: { $gte: 10 } })
      .sort({ price: -1 })
      .skip(1)
      .limit(2)
      .project({ _id: 0, price: 1 })
      .toArray();
    expect(page).toEqual([{ price: 498 }, { price: 497 }]);
  });

  it('leaves excluded fields out and keeps the order of the others', async () => {
    const products = await productsIn(server);
    const product = await products.findOne({ sku: 's1' }, { projection: { variants: 0, tags: 0 } });
    expect(Object.keys(product ?? {})).toEqual(['_id', 'sku', 'title', 'price', 'attrs']);
  });

  it('projects single array elements by condition, by position and by slice', async () => {
    const products = await productsIn(server);
    const blue = { projection: { variants: { $elemMatch: { c: 'blue' } }, _id: 0 } };
    expect(await products.findOne({ sku: 's3' }, blue)).toEqual({ variants: [{ c: 'blue', q: 6 }] });
    const matched = { projection: { 'variants.$': 1, _id: 0 } };
    expect(await products.findOne({ sku: 's3', 'variants.c': 'blue' }, matched)).toEqual({
      variants: [{ c: 'blue', q: 6 }],
    });
    const sliced = { projection: { sku: 1, tags: { $slice: 1 }, _id: 0 } };
    expect(await products.findOne({ sku: 's3' }, sliced)).toEqual({ sku: 's3', tags: ['t3'] });
  });

  it('projects computed fields', async () => {
    const products = await productsIn(server);
    const computed = { projection: { _id: 0, sku: 1, twice: { $multiply: ['$price', 2] }, 'attrs.size': 1 } };
    expect(await products.findOne({ sku: 's4' }, computed)).toEqual({ sku: 's4', attrs: { size: 1 }, twice: 8 });
  });

  it('lists distinct values, opening arrays', async () => {
    const products = await productsIn(server);
    expect(await products.distinct('tags')).toHaveLength(12);
    expect(await products.distinct('attrs.size', { price: { $lt: 2 } })).toEqual([0, 1]);
  });

  it('counts exactly and by estimate', async () => {
    const products = await productsIn(server);
    expect(await products.countDocuments({ price: { $lt: 10 } }, { skip: 2, limit: 5 })).toBe(5);
    expect(await products.estimatedDocumentCount()).toBe(500);
  });
});

describe('matching', () => {
  it.each([
    ['$elemMatch on documents', { variants: { $elemMatch: { c: 'red', q: { $gt: 495 } } } }, 4],
    ['$elemMatch on scalars', { tags: { $elemMatch: { $gte: 't3', $lt: 't9' } } }, 200],
    ['a path through an array', { 'variants.c': 'blue' }, 500],
    ['a path with an array index', { 'variants.1.q': 10 }, 1],
    ['a range of dates', { 'attrs.d': { $lt: new Date(EPOCH + 10 * 1e5) } }, 10],
    ['a regular expression', { title: /^product 1\d$/i }, 10],
    ['$regex with options', { title: { $regex: '^PRODUCT 7$', $options: 'i' } }, 1],
    [
      '$or, $and, $not and $exists',
      { $or: [{ price: 1 }, { $and: [{ price: { $exists: false } }, { sku: { $not: /^s/ } }] }] },
      1,
    ],
    ['$nor', { $nor: [{ price: { $gt: 3 } }, { sku: 's0' }] }, 3],
    ['$size, $all and $nin', { tags: { $size: 2, $all: ['t0', 'u0'] }, sku: { $nin: ['s0'] } }, 14],
    ['$mod', { price: { $mod: [100, 7] } }, 5],
    ['$type by name and number', { price: { $type: 'number' }, title: { $type: 2 } }, 500],
    ['$bitsAllSet', { price: { $bitsAllSet: 0b1_0000_0001, $lt: 260 } }, 2],
    ['$expr over two fields', { $expr: { $eq: ['$price', '$attrs.size'] } }, 3],
    ['a whole document, its field order included', { variants: { c: 'red', q: 5 } }, 1],
    ['a whole document with other field order', { variants: { q: 5, c: 'red' } }, 0],
    ['ranges only within one type', { price: { $gt: '' } }, 0],
    ['null for what is missing', { nothing: null }, 500],
    ['$ne on an array', { tags: { $ne: 't0' } }, 400],
    ['$gte and $lte together', { price: { $gte: 5, $lte: 7 } }, 3],
  ])('understands %s', async (_name, filter: object, expected) => {
    const products = await productsIn(server);
    expect(await products.countDocuments(filter)).toBe(expected);
  });

  it('does not find null in an array of other things', async () => {
    const things = server.collection();
    await things.insertMany([{ a: null }, {}, { a: [1] }, { a: [null] }, { a: { b: 1 } }]);
    expect(await things.countDocuments({ a: null })).toBe(3);
    expect(await things.countDocuments({ 'a.b': null })).toBe(2);
    expect(await things.countDocuments({ a: { $exists: true } })).toBe(4);
  });
});

describe('types', () => {
  it('returns every type as it was stored', async () => {
    const things = server.collection();
    const doc: Document = {
      _id: new ObjectId(),
      int: 5,
      double: new Double(5),
      fraction: 0.5,
      long: Long.fromNumber(5),
      huge: Long.fromString('9007199254740993'),
      decimal: Decimal128.fromString('12.340'),
      date: new Date(EPOCH),
      binary: new Binary(Buffer.from([1, 2, 255])),
      uuid: new UUID('11111111-2222-4333-8444-555555555555'),
      regex: new BSONRegExp('^a', 'i'),
      time: new Timestamp({ t: 7, i: 9 }),
      min: new MinKey(),
      max: new MaxKey(),
      text: 'ünï\u0000cøde 🎈',
      nested: { list: [1, [2, { three: null }]], empty: {}, none: [] },
      yes: true,
    };
    await things.insertOne(doc);
    const found = await things.findOne(
      { _id: doc._id },
      { promoteValues: false, promoteBuffers: false, bsonRegExp: true },
    );
    expect(found?.double).toEqual(new Double(5));
    expect(found?.long).toEqual(Long.fromNumber(5));
    expect(String(found?.huge)).toBe('9007199254740993');
    expect(String(found?.decimal)).toBe('12.340');
    const types = await things
      .aggregate([
        { $project: { _id: 0, types: { $map: { input: { $objectToArray: '$$ROOT' }, in: { $type: '$$this.v' } } } } },
      ])
      .toArray();
    expect(types[0]?.types).toEqual([
      ...['objectId', 'int', 'double', 'double', 'long', 'long', 'decimal', 'date', 'binData', 'binData', 'regex'],
      ...['timestamp', 'minKey', 'maxKey', 'string', 'object', 'bool'],
    ]);
    const again = await things.findOne<Document>({}, { bsonRegExp: true, promoteBuffers: false });
    const { uuid, binary, text, nested, regex, time } = again ?? {};
    expect(uuid.toString()).toBe('11111111-2222-4333-8444-555555555555');
    expect([...binary.value()]).toEqual([1, 2, 255]);
    expect({ text, nested, regex, time }).toEqual({
      text: doc.text,
      nested: doc.nested,
      regex: doc.regex,
      time: doc.time,
    });
  });

  it('adds to and compares decimals exactly', async () => {
    const things = server.collection();
    await things.insertOne({ sku: 'dec', d: Decimal128.fromString('12.34') });
    await things.updateOne({ sku: 'dec' }, { $inc: { d: Decimal128.fromString('1.00') } });
    expect(String((await things.findOne({ sku: 'dec' }))?.d)).toBe('13.34');
    expect(await things.countDocuments({ d: { $gt: Decimal128.fromString('5') } })).toBe(1);
    expect(await things.countDocuments({ d: 13.34 })).toBe(0);
  });

  it('adds to a 64-bit integer beyond 2^53 without losing a unit', async () => {
    const things = server.collection();
    await things.insertOne({ sku: 'lng', l: Long.fromString('9007199254740993') });
    await things.updateOne({ sku: 'lng' }, { $inc: { l: Long.fromNumber(2) } });
    expect(String((await things.findOne({ sku: 'lng' }))?.l)).toBe('9007199254740995');
    expect(await things.countDocuments({ l: Long.fromString('9007199254740995') })).toBe(1);
    expect(await things.countDocuments({ l: Long.fromString('9007199254740994') })).toBe(0);
  });

  it('treats equal numbers of different types as one value, in filters and as ids', async () => {
    const things = server.collection<{ _id: number | Double }>();
    await things.insertOne({ _id: 5 });
    await expect(things.insertOne({ _id: new Double(5) })).rejects.toMatchObject({ code: 11000 });
    expect(await things.countDocuments({ _id: Long.fromNumber(5) as unknown as number })).toBe(1);
  });

  it('sorts values of all types in one order', async () => {
    const things = server.collection();
    const values = [
      new MinKey(),
      null,
      -1,
      3,
      'a',
      { a: 1 },
      [0],
      new Binary(Buffer.from('x')),
      new ObjectId(),
      false,
      true,
      new Date(0),
      new MaxKey(),
    ];
    await things.insertMany(values.map((v, i) => ({ i, v: { v } })).toReversed());
    const sorted = await things.find({}).sort({ v: 1 }).project({ i: 1, _id: 0 }).toArray();
    expect(sorted.map(({ i }) => i)).toEqual([...values.keys()]);
  });
});

describe('indexes', () => {
  it('refuses a second document with a unique key, and says which', async () => {
    const things = server.collection();
    await things.createIndex({ sku: 1 }, { unique: true });
    await things.insertOne({ sku: 's1' });
    await expect(things.insertOne({ sku: 's1' })).rejects.toMatchObject({
      code: 11000,
      keyPattern: { sku: 1 },
      keyValue: { sku: 's1' },
    });
    await things.insertOne({ sku: 's2' });
    await expect(things.updateOne({ sku: 's2' }, { $set: { sku: 's1' } })).rejects.toMatchObject({ code: 11000 });
    expect(await things.countDocuments({ sku: 's2' })).toBe(1);
  });

  it('creates compound, partial and expiring indexes and lists them', async () => {
    const things = server.collection();
    await things.createIndexes([
      { key: { 'attrs.size': 1, price: -1 } },
      { key: { exp: 1 }, expireAfterSeconds: 1 },
      { key: { slug: 1 }, unique: true, partialFilterExpression: { status: 'published' } },
    ]);
    const indexes = await things.indexes();
    expect(indexes.map(({ name }) => name)).toEqual(['_id_', 'attrs.size_1_price_-1', 'exp_1', 'slug_1']);
    expect(indexes[2]?.expireAfterSeconds).toBe(1);
    await things.dropIndex('exp_1');
    expect(await things.indexes()).toHaveLength(3);
  });

  it('applies a partial unique index only to the documents it covers', async () => {
    const things = server.collection();
    await things.createIndex({ slug: 1 }, { unique: true, partialFilterExpression: { status: 'published' } });
    await things.insertMany([
      { slug: 'a', status: 'draft' },
      { slug: 'a', status: 'draft' },
      { slug: 'a', status: 'published' },
    ]);
    await expect(things.insertOne({ slug: 'a', status: 'published' })).rejects.toMatchObject({ code: 11000 });
    await expect(things.updateOne({ status: 'draft' }, { $set: { status: 'published' } })).rejects.toMatchObject({
      code: 11000,
    });
    expect(await things.countDocuments({ slug: 'a' })).toBe(3);
  });

  it('does not build a unique index over duplicates', async () => {
    const things = server.collection();
    await things.insertMany([{ a: 1 }, { a: 1 }]);
    await expect(things.createIndex({ a: 1 }, { unique: true })).rejects.toMatchObject({ code: 11000 });
    expect(await things.indexes()).toHaveLength(1);
  });

  it('removes documents whose time is over, and only those', { timeout: EXPIRY_MS + 10_000 }, async () => {
    const things = server.collection();
    await things.createIndex({ exp: 1 }, { expireAfterSeconds: 1 });
    await things.insertMany([
      { sku: 'old', exp: new Date(Date.now() - 5_000) },
      { sku: 'new', exp: new Date(Date.now() + 600_000) },
      { sku: 'no date', exp: 1 },
    ]);
    await vi.waitFor(async () => expect(await things.countDocuments({ sku: 'old' })).toBe(0), {
      timeout: EXPIRY_MS,
      interval: 100,
    });
    expect(await things.countDocuments({})).toBe(2);
  });

  it('reads an indexed page by its index and in its order', async () => {
    const things = server.collection();
    await things.insertMany(Array.from({ length: 2_000 }, (_, i) => ({ shop: i % 4, at: i, note: 'x' })));
    await things.createIndex({ shop: 1, at: -1 });
    const page = things
      .find({ shop: 2, at: { $lt: 1_000 } })
      .sort({ at: -1 })
      .limit(10);
    expect((await page.clone().toArray()).map(({ at }) => at)).toEqual([
      998, 994, 990, 986, 982, 978, 974, 970, 966, 962,
    ]);
    const plan = await page.explain('executionStats');
    expect(JSON.stringify(plan.queryPlanner.winningPlan)).toContain('IXSCAN');
    expect(plan.executionStats.totalDocsExamined).toBe(10);
  });

  it('says so when it has to read everything', async () => {
    const things = server.collection();
    await things.insertMany(someProducts(50));
    const plan = await things.find({ title: 'Product 3' }).explain('executionStats');
    expect(JSON.stringify(plan.queryPlanner.winningPlan)).toContain('COLLSCAN');
    expect(plan.executionStats.totalDocsExamined).toBe(50);
  });
});

/** The emulator must say that it cannot; anything else than an answer or a refusal is a silent difference. */
const REFUSED = { code: 238, message: expect.stringContaining('emulator') };

describe('what the emulator may refuse but never ignore', () => {
  it('searches text', async () => {
    const products = await productsIn(server);
    const found = await products
      .createIndex({ title: 'text' })
      .then(() => products.countDocuments({ $text: { $search: 'product' } }))
      .catch((error: unknown) => error);
    expect(found).toEqual(isEmulator ? expect.objectContaining(REFUSED) : 500);
    await expect(products.countDocuments({ $text: { $search: 'nothing' } }).catch(() => 0)).resolves.toBe(0);
  });

  it('compares under a collation', async () => {
    const products = await productsIn(server);
    const collation = { locale: 'en', strength: 2 };
    const found = await products.countDocuments({ sku: 'S5' }, { collation }).catch((error: unknown) => error);
    expect(found).toEqual(isEmulator ? expect.objectContaining(REFUSED) : 1);
  });

  it('finds what is near', async () => {
    const places = server.collection();
    await places.insertOne({ loc: { type: 'Point', coordinates: [0, 0] } });
    const near = { $near: { $geometry: { type: 'Point', coordinates: [0, 0.001] }, $maxDistance: 1000 } };
    const found = await places
      .createIndex({ loc: '2dsphere' })
      .then(async () => (await places.find({ loc: near }).toArray()).length)
      .catch((error: unknown) => error);
    expect(found).toEqual(isEmulator ? expect.objectContaining(REFUSED) : 1);
  });
});
