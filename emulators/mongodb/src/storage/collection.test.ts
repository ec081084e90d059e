import { UUID } from 'bson';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyString, successor } from '../bson/key-string.ts';
import type { Doc, Value } from '../bson/value.ts';
import { parseIndex } from '../indexes/definition.ts';
import { Collection } from './collection.ts';
import { StoredRecord } from './stored-record.ts';

const INDEXES: Doc[] = [
  { key: { a: 1 } },
  { key: { a: -1, _id: 1 }, name: 'backwards' },
  { key: { 'n.x': 1, b: 1 }, name: 'nested' },
  { key: { b: 1 }, name: 'part', partialFilterExpression: { on: { $exists: true } } },
  { key: { b: 1 }, name: 'either', partialFilterExpression: { $and: [{ on: true }, { a: { $gte: 0 } }] } },
  { key: { a: 1 }, name: 'sparse', sparse: true },
];

const leaf: fc.Arbitrary<Value> = fc.oneof(fc.integer({ min: -2, max: 2 }), fc.constantFrom('s', '', true, null));
const a: fc.Arbitrary<Value> = fc.oneof(leaf, fc.array(leaf, { maxLength: 3 }));
const n: fc.Arbitrary<Value> = fc.oneof(
  fc.record({ x: leaf }),
  fc.array(fc.oneof(leaf, fc.record({ x: leaf })), { maxLength: 3 }),
);
const fields = fc.record({ a, b: leaf, n, on: fc.boolean(), other: leaf }, { requiredKeys: [] }) as fc.Arbitrary<Doc>;

function collectionOf(docs: readonly Doc[]): { collection: Collection; records: StoredRecord[] } {
  const collection = new Collection({ number: 1, database: 'test', name: 'things', uuid: new UUID() });
  for (const spec of INDEXES) collection.addIndex(parseIndex(spec));
  const records = docs.map((doc, i) => new StoredRecord({ id: keyString(i), number: i + 1, doc, version: 1 }));
  for (const [i, record] of records.entries()) collection.add(record, docs[i]!);
  return { collection, records };
}

function entriesOf(collection: Collection): [string, number[]][] {
  const everything = { from: '', to: successor('\uffff') };
  return collection.indexes.map((index) => [
    index.definition.name,
    [...index.scan(everything, false)].map(({ number }) => number),
  ]);
}

describe('a collection', () => {
  it('has the same index entries after changes as if the documents had always been so', () => {
    fc.assert(
      fc.property(
        fc.array(fields, { minLength: 1, maxLength: 5 }),
        fc.array(fc.tuple(fc.nat(4), fields, fc.boolean()), { maxLength: 6 }),
        (first, changes) => {
          const docs = first.map((doc, i): Doc => ({ _id: i, ...doc }));
          const { collection, records } = collectionOf(docs);
          for (const [at, change, isWhole] of changes) {
            const i = at % docs.length;
            const after: Doc = isWhole ? { _id: i, ...change } : { ...docs[i], ...change };
            collection.reindex(records[i]!, docs[i]!, after);
            docs[i] = after;
          }
          expect(entriesOf(collection)).toEqual(entriesOf(collectionOf(docs).collection));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('makes keys again that were made before an index was added', () => {
    const { collection } = collectionOf([]);
    const doc: Doc = { _id: 1, c: 7 };
    const keys = collection.keysOf(doc);
    collection.addIndex(parseIndex({ key: { c: 1 } }));
    collection.add(new StoredRecord({ id: keyString(1), number: 1, doc, version: 1 }), doc, keys);
    expect(collection.index('c_1')!.size).toBe(1);
  });
});
