import { describe, expect, it } from 'vitest';
import { useServer } from './server-under-test.ts';

const server = useServer();

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
