import { UUID } from 'bson';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isEqual } from '../bson/compare.ts';
import { keyString } from '../bson/key-string.ts';
import type { Doc, Value } from '../bson/value.ts';
import { startDeadline } from '../deadline.ts';
import { parseIndex } from '../indexes/definition.ts';
import { Collection } from '../storage/collection.ts';
import { committedView } from '../storage/direct-writer.ts';
import { StoredRecord } from '../storage/stored-record.ts';
import { findDocuments, type FindRequest } from './find-documents.ts';
import { compileSort } from './sort.ts';

const context = { view: committedView, deadline: startDeadline(undefined, new AbortController().signal) };

function collectionOf(docs: Doc[], indexes: Doc[]): Collection {
  const collection = new Collection({ number: 1, database: 'test', name: 'things', uuid: new UUID() });
  for (const spec of indexes) {
    if (!collection.index(parseIndex(spec).name)) collection.addIndex(parseIndex(spec));
  }
  for (const [i, doc] of docs.entries()) {
    const stored = { _id: i, ...doc };
    collection.add(new StoredRecord({ id: keyString(i), number: i + 1, doc: stored, version: 1 }), stored);
  }
  return collection;
}

function idsOf(collection: Collection, request: FindRequest): Value[] {
  return findDocuments(collection, request, context).found.map(({ doc }) => doc._id as Value);
}

// Few values, so that filters hit, ranges are empty now and then, and arrays and types mix.
const scalar = fc.constantFrom<Value>(-1, 0, 1, 2, 3, 'a', 'b', 'ba', null, true, new Date(5), 2.5);
const field = fc.oneof(
  { weight: 4, arbitrary: scalar },
  fc.array(scalar, { maxLength: 3 }),
  fc.record({ x: scalar, y: scalar }),
  fc.array(fc.record({ x: scalar, y: scalar }), { maxLength: 2 }),
);
// At most one field holds arrays beside another in an index: two would be refused.
const document = fc.record({ a: field, b: scalar, c: scalar }, { requiredKeys: [] }) as fc.Arbitrary<Doc>;
const path = fc.constantFrom('a', 'b', 'c', 'a.x', 'a.y', '_id');
const condition = fc.oneof(
  scalar,
  fc.record({ $gt: scalar }),
  fc.record({ $gte: scalar, $lt: scalar }),
  fc.record({ $lte: scalar }),
  fc.record({ $in: fc.array(scalar, { maxLength: 3 }) }),
  fc.record({ $ne: scalar }),
  fc.record({ $exists: fc.boolean() }),
  fc.constant<Doc>({ $regex: '^b' }),
) as fc.Arbitrary<Value>;
const conditions = fc.dictionary(path, condition, {
  minKeys: 1,
  maxKeys: 3,
  noNullPrototype: true,
}) as fc.Arbitrary<Doc>;
const filter = fc.oneof(
  { weight: 4, arbitrary: conditions },
  fc.array(conditions, { minLength: 1, maxLength: 3 }).map((list): Doc => ({ $and: list })),
  fc.array(conditions, { minLength: 1, maxLength: 3 }).map((list): Doc => ({ $or: list })),
);
const direction = fc.constantFrom(1, -1);
const sort = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'a.x', '_id'), direction, {
  minKeys: 1,
  maxKeys: 2,
  noNullPrototype: true,
}) as fc.Arbitrary<Doc>;
const index = fc
  .record({
    key: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'a.x', 'a.y'), direction, {
      minKeys: 1,
      maxKeys: 3,
      noNullPrototype: true,
    }),
    sparse: fc.boolean(),
  })
  .filter(({ key }) => !('a' in key && ('a.x' in key || 'a.y' in key))) as unknown as fc.Arbitrary<Doc>;

describe('reading by index', () => {
  it('finds what a scan of everything finds', () => {
    fc.assert(
      fc.property(
        fc.array(document, { maxLength: 40, size: 'max' }),
        fc.array(index, { minLength: 1, maxLength: 3 }),
        filter,
        (docs, indexes, wanted) => {
          const found = idsOf(collectionOf(docs, indexes), { filter: wanted });
          const scanned = idsOf(collectionOf(docs, []), { filter: wanted, hint: { $natural: 1 } });
          expect(found.toSorted()).toEqual(scanned.toSorted());
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('finds the same page in the same order', () => {
    fc.assert(
      fc.property(
        fc.record({
          docs: fc.array(document, { maxLength: 40, size: 'max' }),
          indexes: fc.array(index, { minLength: 1, maxLength: 3 }),
          wanted: filter,
          order: sort,
          skip: fc.nat(3),
          limit: fc.integer({ min: 1, max: 10 }),
        }),
        ({ docs, indexes, wanted, order, skip, limit }) => {
          const request = { filter: wanted, sort: order, skip, limit };
          const paged = findDocuments(collectionOf(docs, indexes), request, context).found.map(({ doc }) => doc);
          const scanned = findDocuments(
            collectionOf(docs, []),
            { ...request, hint: { $natural: 1 } },
            context,
          ).found.map(({ doc }) => doc);
          // Documents that are equal under the sort may come in either order; their sort keys may not.
          const { compare } = compileSort(order);
          expect(paged).toHaveLength(scanned.length);
          for (const [i, doc] of paged.entries()) expect(compare(doc, scanned[i] as Doc)).toBe(0);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('uses a partial index only for filters it holds all answers to', () => {
    fc.assert(
      fc.property(fc.array(document, { maxLength: 40, size: 'max' }), conditions, filter, (docs, partial, wanted) => {
        const indexes = ['b', 'c', 'a.x'].map((each): Doc => ({
          key: { [each]: 1 },
          partialFilterExpression: partial,
        }));
        const found = idsOf(collectionOf(docs, indexes), { filter: wanted });
        expect(found.toSorted()).toEqual(idsOf(collectionOf(docs, []), { filter: wanted }).toSorted());
        const both = idsOf(collectionOf(docs, indexes), { filter: { $and: [partial, wanted] } });
        expect(both.toSorted()).toEqual(
          idsOf(collectionOf(docs, []), { filter: { $and: [partial, wanted] } }).toSorted(),
        );
      }),
      { numRuns: 2_000 },
    );
  });

  it('reads no more than it returns when the index fits', () => {
    const docs = Array.from({ length: 5_000 }, (_, i): Doc => ({ shop: i % 10, price: i, note: 'x' }));
    const collection = collectionOf(docs, [{ key: { shop: 1, price: -1 } }]);
    const request = { filter: { shop: 3, price: { $gte: 100, $lt: 4_000 } }, sort: { price: -1 }, limit: 5 };
    const { found, counts, isSortedInMemory } = findDocuments(collection, request, context);
    expect(found.map(({ doc }) => doc.price)).toEqual([3993, 3983, 3973, 3963, 3953]);
    expect([counts.docsExamined, isSortedInMemory]).toEqual([5, false]);
  });

  it('reads a page in order beside an array that is held to one value', () => {
    const docs = Array.from({ length: 5_000 }, (_, i): Doc => ({
      shelves: ['all', `s${i % 10}`],
      title: (i * 7) % 5_000,
    }));
    const collection = collectionOf(docs, [{ key: { shelves: 1, title: 1 } }]);
    for (const direction of [1, -1]) {
      const request = { filter: { shelves: 's3' }, sort: { title: direction }, limit: 5 };
      const { found, counts, isSortedInMemory } = findDocuments(collection, request, context);
      const titles = docs
        .filter(({ shelves }) => (shelves as string[])[1] === 's3')
        .map(({ title }) => title as number);
      const expected = titles.toSorted((a, b) => (a - b) * direction).slice(0, 5);
      expect(found.map(({ doc }) => doc.title)).toEqual(expected);
      expect([counts.docsExamined, isSortedInMemory]).toEqual([5, false]);
    }
  });

  it('follows a joined value into an index', () => {
    const docs = Array.from({ length: 1_000 }, (_, i): Doc => ({ sku: `s${i}` }));
    const collection = collectionOf(docs, [{ key: { sku: 1 } }]);
    const request = { filter: { $expr: { $eq: ['$sku', '$$wanted'] } }, variables: { wanted: 's7' } };
    const { found, counts } = findDocuments(collection, request, context);
    expect(found.map(({ doc }) => doc._id)).toEqual([7]);
    expect(counts.docsExamined).toBe(1);
  });

  it('does not combine two conditions on an array, which two elements may meet', () => {
    const collection = collectionOf([{ a: [0, 10] }, { a: 4 }], [{ key: { a: 1 } }]);
    expect(idsOf(collection, { filter: { a: { $gt: 5, $lt: 3 } } })).toEqual([0]);
  });

  it('sorts arrays by their smallest element, also when the filter looks at another', () => {
    const collection = collectionOf([{ a: [1, 9] }, { a: 5 }], [{ key: { a: 1 } }]);
    expect(idsOf(collection, { filter: { a: { $gt: 3 } }, sort: { a: 1 }, limit: 1 })).toEqual([0]);
  });

  it('does not bound two fields of one array by conditions two elements may meet', () => {
    const docs: Doc[] = [
      {
        v: [
          { c: 'red', q: 1 },
          { c: 'blue', q: 9 },
        ],
      },
    ];
    const collection = collectionOf(docs, [{ key: { 'v.c': 1, 'v.q': 1 } }]);
    expect(idsOf(collection, { filter: { 'v.c': 'red', 'v.q': 9 } })).toEqual([0]);
    expect(idsOf(collection, { filter: { 'v.q': { $gt: 5, $lt: 2 }, 'v.c': 'red' } })).toEqual([0]);
  });
});

describe('sorting with a limit', () => {
  it('keeps the first of many', () => {
    const docs = Array.from({ length: 10_000 }, (_, i): Doc => ({ n: (i * 7_919) % 10_007 }));
    const collection = collectionOf(docs, []);
    const page = findDocuments(collection, { filter: {}, sort: { n: 1 }, skip: 10, limit: 5 }, context).found;
    const expected = docs
      .map(({ n }) => n as number)
      .toSorted((a, b) => a - b)
      .slice(10, 15);
    expect(page.map(({ doc }) => doc.n)).toEqual(expected);
    expect(isEqual(page[0]?.doc.n, expected[0])).toBe(true);
  });
});
