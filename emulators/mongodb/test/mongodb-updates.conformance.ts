import { Long } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { productsIn, useServer } from './server-under-test.ts';

const server = useServer();

/** One document, one update, what is left of it. */
async function updated(
  before: object,
  update: object,
  options: object = {},
  filter: object = {},
): Promise<object | null> {
  const things = server.collection();
  await things.insertOne({ ...before });
  await things.updateOne(filter, update, options);
  return things.findOne({}, { projection: { _id: 0 } });
}

describe('update operators', () => {
  it.each([
    [
      '$set on a path, $inc and $unset',
      { a: { size: 1 }, p: 1, t: 'x' },
      { $set: { 'a.size': 9, n: { a: 1 } }, $inc: { p: 5 }, $unset: { t: '' } },
      { a: { size: 9 }, p: 6, n: { a: 1 } },
    ],
    [
      '$push with modifiers on a missing array',
      {},
      { $push: { h: { $each: [3, 1, 2], $sort: 1, $slice: -2 } } },
      { h: [2, 3] },
    ],
    [
      '$push with modifiers on an array',
      { h: [9, 0] },
      { $push: { h: { $each: [3, 1, 2], $sort: 1, $slice: -2 } } },
      { h: [3, 9] },
    ],
    ['$push at a position', { h: [1, 4] }, { $push: { h: { $each: [2, 3], $position: 1 } } }, { h: [1, 2, 3, 4] }],
    [
      '$push sorted by a field',
      { h: [{ s: 3 }] },
      { $push: { h: { $each: [{ s: 1 }, { s: 2 }], $sort: { s: -1 } } } },
      { h: [{ s: 3 }, { s: 2 }, { s: 1 }] },
    ],
    [
      '$addToSet, $max and $rename',
      { h: [3], p: 6, n: { a: 1 } },
      { $addToSet: { h: 3 }, $max: { p: 100 }, $rename: { n: 'm' } },
      { h: [3], p: 100, m: { a: 1 } },
    ],
    ['$addToSet with $each', { h: [1] }, { $addToSet: { h: { $each: [1, 2, 2] } } }, { h: [1, 2] }],
    ['$pull by value and $mul', { h: [2, 3, 2], p: 100 }, { $pull: { h: 2 }, $mul: { p: 2 } }, { h: [3], p: 200 }],
    [
      '$pull by condition',
      {
        h: [
          { q: 1, x: 1 },
          { q: 5, x: 2 },
        ],
      },
      { $pull: { h: { q: { $gte: 3 } } } },
      { h: [{ q: 1, x: 1 }] },
    ],
    [
      '$pullAll and $pop',
      { h: [1, 2, 3, 1], g: [1, 2, 3] },
      { $pullAll: { h: [1, 3] }, $pop: { g: -1 } },
      { h: [2], g: [2, 3] },
    ],
    ['$min', { p: 5 }, { $min: { p: 3, q: 7 } }, { p: 3, q: 7 }],
    ['$bit', { b: 0b1100 }, { $bit: { b: { and: 0b0110 } } }, { b: 0b0100 }],
    ['$unset of an array element', { h: [1, 2, 3] }, { $unset: { 'h.1': '' } }, { h: [1, null, 3] }],
    ['$set beyond the end of an array', { h: [1] }, { $set: { 'h.3': 4 } }, { h: [1, null, null, 4] }],
    ['$inc on a missing path', {}, { $inc: { 'a.b': 2 } }, { a: { b: 2 } }],
    [
      'a pipeline',
      { p: 4, t: 'x' },
      [{ $set: { double: { $multiply: ['$p', 2] } } }, { $unset: 't' }],
      { p: 4, double: 8 },
    ],
  ])('applies %s', async (_name, before, update, after) => {
    expect(await updated(before, update)).toEqual(after);
  });

  it('updates the element the filter matched', async () => {
    const before = {
      v: [
        { c: 'red', q: 1 },
        { c: 'blue', q: 2 },
      ],
    };
    const after = {
      v: [
        { c: 'red', q: 1 },
        { c: 'blue', q: 99 },
      ],
    };
    expect(await updated(before, { $set: { 'v.$.q': 99 } }, {}, { 'v.c': 'blue' })).toEqual(after);
    expect(await updated(before, { $set: { 'v.$.q': 99 } }, {}, { v: { $elemMatch: { c: 'blue', q: 2 } } })).toEqual(
      after,
    );
  });

  it('updates the elements an array filter picks, and all of them', async () => {
    const before = {
      v: [
        { c: 'red', q: 1 },
        { c: 'blue', q: 2 },
      ],
    };
    expect(await updated(before, { $set: { 'v.$[e].q': 77 } }, { arrayFilters: [{ 'e.c': 'red' }] })).toEqual({
      v: [
        { c: 'red', q: 77 },
        { c: 'blue', q: 2 },
      ],
    });
    expect(await updated(before, { $inc: { 'v.$[].q': 1 } })).toEqual({
      v: [
        { c: 'red', q: 2 },
        { c: 'blue', q: 3 },
      ],
    });
  });

  it('counts what was matched apart from what was changed', async () => {
    const things = server.collection();
    await things.insertMany([{ a: 1 }, { a: 2 }]);
    const result = await things.updateMany({}, { $set: { a: 2 } });
    expect([result.matchedCount, result.modifiedCount]).toEqual([2, 1]);
  });

  it.each([
    ['a number added to text', { a: 'x' }, { $inc: { a: 1 } }, 14],
    ['two operators on one path', { a: 1 }, { $set: { a: 2 }, $inc: { a: 1 } }, 40],
    ['a path and a part of it', {}, { $set: { a: {}, 'a.b': 1 } }, 40],
    ['a field inside a number', { a: 1 }, { $set: { 'a.b': 1 } }, 28],
    ['a push to what is no array', { a: 1 }, { $push: { a: 1 } }, 2],
    ['another identity', { a: 1 }, { $set: { _id: 'other' } }, 66],
    ['an unknown operator', { a: 1 }, { $frobnicate: { a: 1 } }, 9],
    ['an overflowing 64-bit integer', { a: Long.MAX_VALUE }, { $inc: { a: 1 } }, 2],
  ])('refuses %s and changes nothing', async (_name, before: object, update: object, code) => {
    const things = server.collection();
    await things.insertOne({ ...before });
    await expect(things.updateOne({}, update)).rejects.toMatchObject({ code });
    const found = await things.findOne({}, { projection: { _id: 0 }, promoteValues: false });
    expect(JSON.stringify(found)).toBe(JSON.stringify(await roundTrip(before)));
  });

  /** The same document through the same types. */
  async function roundTrip(doc: object): Promise<object | null> {
    const things = server.collection();
    await things.insertOne({ ...doc });
    return things.findOne({}, { projection: { _id: 0 }, promoteValues: false });
  }
});

describe('upserts and replacements', () => {
  it('builds a new document from the filter, the update and what only applies to new ones', async () => {
    const things = server.collection();
    const result = await things.updateOne(
      { sku: 'new', 'at.x': 3, n: { $gt: 1 } },
      { $set: { a: 1 }, $setOnInsert: { b: 2 } },
      { upsert: true },
    );
    expect(result.upsertedId).not.toBeNull();
    const { _id, ...rest } = (await things.findOne({})) ?? {};
    expect(_id).toEqual(result.upsertedId);
    expect(rest).toEqual({ sku: 'new', at: { x: 3 }, a: 1, b: 2 });
  });

  it('takes the identity of an upserted document from the filter', async () => {
    const things = server.collection<{ _id: string; n?: number }>();
    await things.updateOne({ _id: 'mine' }, { $inc: { n: 1 } }, { upsert: true });
    await things.updateOne({ _id: 'mine' }, { $inc: { n: 1 }, $setOnInsert: { n2: 1 } as never }, { upsert: true });
    expect(await things.find().toArray()).toEqual([{ _id: 'mine', n: 2 }]);
  });

  it('replaces all but the identity', async () => {
    const things = server.collection();
    const { insertedId } = await things.insertOne({ sku: 'r', a: 1 });
    await things.replaceOne({ sku: 'r' }, { sku: 'r', z: 1 });
    expect(await things.findOne({})).toEqual({ _id: insertedId, sku: 'r', z: 1 });
  });
});

describe('find and modify', () => {
  it('answers the document after the change, before it, or the one it removed', async () => {
    const products = await productsIn(server);
    const after = await products.findOneAndUpdate({ sku: 's9' }, { $inc: { price: 1 } }, { returnDocument: 'after' });
    expect(after?.price).toBe(10);
    const before = await products.findOneAndUpdate(
      { sku: 's9' },
      { $inc: { price: 1 } },
      { projection: { price: 1, _id: 0 } },
    );
    expect(before).toEqual({ price: 10 });
    const dearest = await products.findOneAndDelete({}, { sort: { price: -1 } });
    expect(dearest?.price).toBe(499);
    expect(await products.findOneAndDelete({ sku: 'nobody' })).toBeNull();
  });

  it('counts concurrently without losing one', async () => {
    const counters = server.collection<{ _id: string; n: number }>();
    await Promise.all(
      Array.from({ length: 200 }, () => counters.findOneAndUpdate({ _id: 'c' }, { $inc: { n: 1 } }, { upsert: true })),
    );
    expect((await counters.findOne({ _id: 'c' }))?.n).toBe(200);
  });

  it('lets one of many conditional updates win', async () => {
    const products = await productsIn(server);
    const results = await Promise.all(
      Array.from({ length: 20 }, () => products.updateOne({ sku: 's11', price: 11 }, { $set: { price: 12 } })),
    );
    expect(results.reduce((sum, { modifiedCount }) => sum + modifiedCount, 0)).toBe(1);
  });
});

describe('bulk writes', () => {
  it('runs mixed operations in order', async () => {
    const things = server.collection();
    const result = await things.bulkWrite([
      { insertOne: { document: { sku: 'b1' } } },
      { updateOne: { filter: { sku: 'b1' }, update: { $set: { v: 1 } } } },
      { updateOne: { filter: { sku: 'b2' }, update: { $set: { v: 2 } }, upsert: true } },
      { deleteOne: { filter: { sku: 'b1' } } },
    ]);
    expect([result.insertedCount, result.modifiedCount, result.upsertedCount, result.deletedCount]).toEqual([
      1, 1, 1, 1,
    ]);
    expect(await things.distinct('sku')).toEqual(['b2']);
  });

  it('stops at the first error when ordered, goes on when not', async () => {
    const things = server.collection<{ _id: number }>();
    const docs = [{ _id: 1 }, { _id: 1 }, { _id: 2 }];
    await expect(things.insertMany(docs)).rejects.toMatchObject({ code: 11000, insertedCount: 1 });
    expect(await things.countDocuments()).toBe(1);
    await expect(things.insertMany(docs, { ordered: false })).rejects.toMatchObject({ code: 11000, insertedCount: 1 });
    expect(await things.countDocuments()).toBe(2);
  });

  it('removes one or many', async () => {
    const products = await productsIn(server);
    expect((await products.deleteOne({ tags: 't0' })).deletedCount).toBe(1);
    expect((await products.deleteMany({ tags: 't0' })).deletedCount).toBe(99);
    expect(await products.countDocuments({})).toBe(400);
  });
});
