import { ObjectId } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { productsIn, someProducts, useServer } from './server-under-test.ts';

const server = useServer();

describe('aggregation', () => {
  it('groups, sorts and limits unwound elements', async () => {
    const products = await productsIn(server);
    const [first] = await products
      .aggregate([
        { $match: { price: { $lt: 20 } } },
        { $unwind: '$tags' },
        { $group: { _id: '$tags', n: { $sum: 1 }, avg: { $avg: '$price' } } },
        { $sort: { n: -1, _id: 1 } },
        { $limit: 1 },
        { $project: { n: 1 } },
      ])
      .toArray();
    expect(first).toEqual({ _id: 't0', n: 4 });
  });

  it('joins by equal fields and computes over the joined', async () => {
    const products = await productsIn(server);
    const reviews = server.collection();
    await reviews.insertMany([
      { sku: 's5', r: 5 },
      { sku: 's5', r: 4 },
    ]);
    const [product] = await products
      .aggregate([
        { $match: { sku: 's5' } },
        { $lookup: { from: reviews.collectionName, localField: 'sku', foreignField: 'sku', as: 'rs' } },
        { $addFields: { avg: { $avg: '$rs.r' } } },
      ])
      .toArray();
    expect(product?.avg).toBe(4.5);
  });

  it('joins by a pipeline with variables', async () => {
    const products = await productsIn(server);
    const reviews = server.collection();
    await reviews.insertMany([
      { sku: 's5', r: 5 },
      { sku: 's5', r: 4 },
      { sku: 's6', r: 1 },
    ]);
    const pipeline = [
      { $match: { $expr: { $eq: ['$sku', '$$s'] } } },
      { $sort: { r: 1 } },
      { $project: { _id: 0, r: 1 } },
    ];
    const [product] = await products
      .aggregate([
        { $match: { sku: 's5' } },
        { $lookup: { from: reviews.collectionName, let: { s: '$sku' }, pipeline, as: 'rs' } },
      ])
      .toArray();
    expect(product?.rs).toEqual([{ r: 4 }, { r: 5 }]);
  });

  it('answers several questions at once', async () => {
    const products = await productsIn(server);
    const [facets] = await products
      .aggregate([
        {
          $facet: {
            n: [{ $count: 'c' }],
            b: [{ $bucket: { groupBy: '$price', boundaries: [0, 100, 1000], output: { c: { $sum: 1 } } } }],
            top: [{ $sortByCount: '$attrs.size' }, { $limit: 1 }],
          },
        },
      ])
      .toArray();
    expect(facets).toEqual({
      n: [{ c: 500 }],
      b: [
        { _id: 0, c: 100 },
        { _id: 100, c: 400 },
      ],
      top: [{ _id: expect.any(Number), count: 167 }],
    });
  });

  it('groups by identity and returns it as one', async () => {
    const things = server.collection();
    const ids = [new ObjectId(), new ObjectId()];
    await things.insertMany([{ u: ids[0] }, { u: ids[0] }, { u: ids[1] }]);
    const groups = await things.aggregate([{ $group: { _id: '$u', n: { $sum: 1 } } }, { $sort: { n: -1 } }]).toArray();
    expect(groups).toEqual([
      { _id: ids[0], n: 2 },
      { _id: ids[1], n: 1 },
    ]);
  });

  it('collects what a group holds', async () => {
    const things = server.collection();
    await things.insertMany([
      { g: 1, v: 3, o: { a: 1 } },
      { g: 1, v: 1, o: { b: 2 } },
      { g: 1, v: 3 },
    ]);
    const [group] = await things
      .aggregate([
        { $sort: { v: 1, _id: 1 } },
        {
          $group: {
            _id: '$g',
            list: { $push: '$v' },
            set: { $addToSet: '$v' },
            first: { $first: '$v' },
            last: { $last: '$v' },
            min: { $min: '$v' },
            max: { $max: '$v' },
            merged: { $mergeObjects: '$o' },
            count: { $count: {} },
            two: { $firstN: { n: 2, input: '$v' } },
            best: { $top: { sortBy: { v: -1 }, output: '$v' } },
          },
        },
        { $set: { set: { $sortArray: { input: '$set', sortBy: 1 } } } },
      ])
      .toArray();
    expect(group).toEqual({
      _id: 1,
      list: [1, 3, 3],
      set: [1, 3],
      first: 1,
      last: 3,
      min: 1,
      max: 3,
      merged: { a: 1, b: 2 },
      count: 3,
      two: [1, 3],
      best: 3,
    });
  });

  it('writes results into another collection', async () => {
    const products = await productsIn(server);
    const into = server.collection();
    await into.insertOne({ kept: true });
    await products
      .aggregate([
        { $match: { price: { $lt: 5 } } },
        { $project: { sku: 1 } },
        { $merge: { into: into.collectionName } },
      ])
      .toArray();
    expect(await into.countDocuments()).toBe(6);
    const sums = [
      { $match: { price: { $lt: 5 } } },
      { $set: { seen: 1 } },
      {
        $merge: {
          into: into.collectionName,
          whenMatched: [{ $set: { total: { $add: ['$$new.price', 100] } } }],
          whenNotMatched: 'discard',
        },
      },
    ];
    await products.aggregate(sums).toArray();
    expect(await into.countDocuments({ total: { $gte: 100 }, seen: { $exists: false } })).toBe(5);
    await products.aggregate([{ $match: { price: 1 } }, { $out: into.collectionName }]).toArray();
    expect(await into.distinct('sku')).toEqual(['s1']);
  });

  it('walks a graph', async () => {
    const categories = server.collection<{ _id: number; p: number | null }>();
    await categories.insertMany([
      { _id: 1, p: null },
      { _id: 2, p: 1 },
      { _id: 3, p: 2 },
    ]);
    const graph = {
      from: categories.collectionName,
      startWith: '$p',
      connectFromField: 'p',
      connectToField: '_id',
      as: 'anc',
      depthField: 'd',
    };
    const [leaf] = await categories.aggregate([{ $match: { _id: 3 } }, { $graphLookup: graph }]).toArray();
    expect(
      leaf?.anc
        .toSorted((a: { _id: number }, b: { _id: number }) => a._id - b._id)
        .map(({ _id, d }: { _id: number; d: number }) => [_id, d]),
    ).toEqual([
      [1, 1],
      [2, 0],
    ]);
  });

  it('joins collections end to end, and replaces roots', async () => {
    const one = server.collection();
    const two = server.collection();
    await one.insertOne({ inner: { a: 1 } });
    await two.insertOne({ b: 2 });
    const stages = [
      { $replaceRoot: { newRoot: '$inner' } },
      { $unionWith: { coll: two.collectionName, pipeline: [{ $unset: '_id' }] } },
    ];
    expect(await one.aggregate(stages).toArray()).toEqual([{ a: 1 }, { b: 2 }]);
  });

  it('keeps documents without elements when asked, with the index of each', async () => {
    const things = server.collection<{ _id: number; l?: number[] }>();
    await things.insertMany([{ _id: 1, l: [7, 8] }, { _id: 2, l: [] }, { _id: 3 }]);
    const unwound = await things
      .aggregate([{ $unwind: { path: '$l', includeArrayIndex: 'i', preserveNullAndEmptyArrays: true } }])
      .toArray();
    expect(unwound).toEqual([
      { _id: 1, l: 7, i: 0 },
      { _id: 1, l: 8, i: 1 },
      { _id: 2, i: null },
      { _id: 3, i: null },
    ]);
    expect(await things.aggregate([{ $unwind: '$l' }]).toArray()).toHaveLength(2);
  });

  it('takes a sample of the size asked for', async () => {
    const products = await productsIn(server);
    const sample = await products.aggregate([{ $sample: { size: 7 } }]).toArray();
    expect(new Set(sample.map(({ sku }) => sku)).size).toBe(7);
  });

  it('uses an index in front of a pipeline', async () => {
    const things = server.collection();
    await things.insertMany(someProducts(300));
    await things.createIndex({ sku: 1 });
    const plan = await things
      .aggregate([{ $match: { sku: 's7' } }, { $group: { _id: '$tags' } }])
      .explain('executionStats');
    expect(JSON.stringify(plan)).toContain('IXSCAN');
  });
});
