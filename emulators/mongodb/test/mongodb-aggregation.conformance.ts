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

describe('expressions', () => {
  const now = new Date('2024-05-17T13:45:12.345Z');
  it.each([
    ['arithmetic', { $add: [1, { $multiply: [2, 3] }, { $subtract: [10, 4] }] }, 13],
    ['integer division as a double', { $divide: [7, 2] }, 3.5],
    ['remainders', { $mod: [-7, 3] }, -1],
    [
      'half-even rounding',
      [{ $round: [2.5] }, { $round: [3.5] }, { $round: [1.005, 2] }, { $round: [1250, -2] }],
      [2, 4, 1, 1200],
    ],
    ['truncation', [{ $trunc: [-1.7] }, { $floor: -1.2 }, { $ceil: 1.2 }, { $abs: -3 }], [-1, -2, 2, 3]],
    ['sums of dates', { $add: [now, 1000] }, new Date(now.getTime() + 1000)],
    ['differences of dates', { $subtract: [now, new Date(0)] }, now.getTime()],
    ['null in arithmetic', { $add: [1, null] }, null],
    ['comparison across types', [{ $gt: ['a', 5] }, { $lt: [null, 0] }, { $cmp: [2, 10] }], [true, true, -1]],
    ['conditions', { $cond: [{ $and: [true, 1, 'x', []] }, 'yes', 'no'] }, 'yes'],
    ['branches', { $switch: { branches: [{ case: { $eq: [1, 2] }, then: 'a' }], default: 'b' } }, 'b'],
    ['$ifNull', { $ifNull: ['$missing', null, 'x'] }, 'x'],
    ['$let', { $let: { vars: { a: 2, b: 3 }, in: { $multiply: ['$$a', '$$b'] } } }, 6],
    [
      '$map, $filter and $reduce',
      {
        $reduce: {
          input: {
            $map: {
              input: { $filter: { input: [1, 2, 3, 4], cond: { $gt: ['$$this', 1] } } },
              as: 'n',
              in: { $multiply: ['$$n', 10] },
            },
          },
          initialValue: 0,
          in: { $add: ['$$value', '$$this'] },
        },
      },
      90,
    ],
    [
      'array access',
      [{ $arrayElemAt: [[1, 2, 3], -1] }, { $first: [[5, 6]] }, { $size: [[1, 2]] }, { $in: [2, [1, 2]] }],
      [3, 5, 2, true],
    ],
    [
      'array slices',
      [{ $slice: [[1, 2, 3], 2] }, { $slice: [[1, 2, 3], 1, 1] }, { $slice: [[1, 2, 3], -2] }],
      [[1, 2], [2], [2, 3]],
    ],
    [
      'array building',
      [
        { $concatArrays: [[1], [2]] },
        { $reverseArray: [[1, 2]] },
        { $range: [0, 6, 2] },
        { $indexOfArray: [['a', 'b'], 'b'] },
      ],
      [[1, 2], [2, 1], [0, 2, 4], 1],
    ],
    [
      '$zip',
      { $zip: { inputs: [[1, 2], ['a']], useLongestLength: true, defaults: [0, 'z'] } },
      [
        [1, 'a'],
        [2, 'z'],
      ],
    ],
    [
      'set membership',
      [
        { $setIsSubset: [[1], [1, 2]] },
        {
          $setEquals: [
            [1, 2],
            [2, 1, 1],
          ],
        },
        { $setDifference: [[1, 2], [1]] },
      ],
      [true, true, [2]],
    ],
    [
      'strings',
      [
        { $concat: ['a', 'b'] },
        { $toUpper: 'abc' },
        { $substrCP: ['hällo', 1, 3] },
        { $strLenCP: '🎈x' },
        { $strLenBytes: 'ä' },
      ],
      ['ab', 'ABC', 'äll', 2, 2],
    ],
    [
      'splitting and trimming',
      [
        { $split: ['a-b', '-'] },
        { $trim: { input: '  x ' } },
        { $ltrim: { input: 'xxy', chars: 'x' } },
        { $indexOfCP: ['hello', 'l'] },
      ],
      [['a', 'b'], 'x', 'y', 2],
    ],
    [
      'replacing',
      [
        { $replaceAll: { input: 'a.a', find: '.', replacement: '!' } },
        { $replaceOne: { input: 'aa', find: 'a', replacement: 'b' } },
      ],
      ['a!a', 'ba'],
    ],
    [
      'regular expressions',
      [{ $regexMatch: { input: 'Abc', regex: /^a/i } }, { $regexFind: { input: 'x12', regex: '\\d(\\d)' } }],
      [true, { match: '12', idx: 1, captures: ['2'] }],
    ],
    [
      'objects',
      [{ $mergeObjects: [{ a: 1 }, null, { b: 2 }] }, { $objectToArray: { a: 1 } }, { $arrayToObject: [[['k', 'v']]] }],
      [{ a: 1, b: 2 }, [{ k: 'a', v: 1 }], { k: 'v' }],
    ],
    [
      'conversions',
      [{ $toString: 5 }, { $toInt: '7' }, { $toDouble: '1.5' }, { $toBool: 0 }, { $toDate: '1970-01-01T00:00:01Z' }],
      ['5', 7, 1.5, false, new Date(1000)],
    ],
    ['conversion with a way out', { $convert: { input: 'x', to: 'int', onError: 'bad', onNull: 'none' } }, 'bad'],
    ['types', [{ $type: 'x' }, { $isNumber: 1 }, { $isArray: [[1]] }], ['string', true, true]],
    [
      'parts of a date',
      [{ $year: now }, { $month: now }, { $dayOfMonth: now }, { $hour: now }, { $dayOfWeek: now }, { $isoWeek: now }],
      [2024, 5, 17, 13, 6, 20],
    ],
    ['formatted dates', { $dateToString: { date: now, format: '%Y-%m-%d %H:%M' } }, '2024-05-17 13:45'],
    ['truncated dates', { $dateTrunc: { date: now, unit: 'day' } }, new Date('2024-05-17T00:00:00Z')],
    [
      'calculated dates',
      { $dateAdd: { startDate: now, unit: 'day', amount: 20 } },
      new Date('2024-06-06T13:45:12.345Z'),
    ],
    ['parsed dates', { $dateFromString: { dateString: '2024-05-17T13:45:12.345Z' } }, now],
    [
      'differences in days',
      { $dateDiff: { startDate: now, endDate: new Date('2024-05-20T00:00:00Z'), unit: 'day' } },
      3,
    ],
    ['summaries', [{ $sum: [[1, 2, 'x']] }, { $avg: [1, 2] }, { $max: [[1, 9]] }, { $min: [3, 2] }], [3, 1.5, 9, 2]],
    ['literals', { $literal: '$notAPath' }, '$notAPath'],
  ])('computes %s', async (_name, expression, expected) => {
    const things = server.collection();
    await things.insertOne({ x: 1 });
    const [result] = await things
      .aggregate([
        { $project: { _id: 0, r: Array.isArray(expression) ? expression : { $ifNull: [expression, null] } } },
      ])
      .toArray();
    expect(result?.r).toEqual(expected);
  });

  it('maps field paths over arrays', async () => {
    const things = server.collection();
    await things.insertOne({ a: [{ b: 1 }, {}, { b: [2, 3] }] });
    const [result] = await things
      .aggregate([{ $project: { _id: 0, r: '$a.b', none: '$a.c.d', gone: '$x.y' } }])
      .toArray();
    expect(result).toEqual({ r: [1, [2, 3]], none: [] });
  });

  it('reports a division by zero', async () => {
    const things = server.collection();
    await things.insertOne({ x: 0 });
    await expect(things.aggregate([{ $set: { y: { $divide: [1, '$x'] } } }]).toArray()).rejects.toThrow(
      /divide by zero/,
    );
  });
});
