import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { Catalog } from '../store/catalog.ts';
import type { Collection } from '../store/collection.ts';
import { parseSearchParameters } from './parameters.ts';
import { search } from './run.ts';
import { firstOf } from './top-rows.ts';

interface Thing {
  id: string;
  title: string;
  text: string;
  tags: string[];
  price: number;
  stars?: number;
  inStock: boolean;
}
interface Answer {
  found: number;
  hits: { document: Thing; text_match: number }[];
  facet_counts: { field_name: string; counts: { value: string; count: number }[] }[];
}

const catalog = new Catalog(':memory:');
afterAll(() => catalog.close());
let made = 0;
const newCollection = (): Collection =>
  catalog.createCollection({
    name: `things_${(made += 1)}`,
    fields: [
      { name: 'title', type: 'string', sort: true },
      { name: 'text', type: 'string' },
      { name: 'tags', type: 'string[]', facet: true },
      { name: 'price', type: 'int32', facet: true },
      { name: 'stars', type: 'float', optional: true, facet: true },
      { name: 'inStock', type: 'bool', facet: true },
    ],
  });
const run = (collection: Collection, parameters: Record<string, unknown>): Answer =>
  search(
    catalog,
    collection,
    parseSearchParameters({ q: 'lamp', query_by: 'title,text', per_page: 250, ...parameters }),
  ) as unknown as Answer;

const WORDS = ['lamp', 'desk', 'lampshade', 'oak'];
const words = fc.array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 4 }).map((list) => list.join(' '));
const aThing = fc.record(
  {
    id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'),
    title: words,
    text: words,
    tags: fc.uniqueArray(fc.constantFrom('red', 'blue', 'green'), { maxLength: 3 }),
    price: fc.integer({ min: 1, max: 4 }),
    stars: fc.constantFrom(1, 2.5, 4),
    inStock: fc.boolean(),
  },
  { requiredKeys: ['id', 'title', 'text', 'tags', 'price', 'inStock'] },
);
/** An import of some things, or one that is deleted. */
const aChange = fc.oneof(fc.array(aThing, { minLength: 1, maxLength: 6 }), fc.constantFrom('a', 'b', 'c', 'd'));

/** Changes no order, and is one that SQLite alone knows. */
const IN_SQLITE = '_eval(price:>0):desc';

/** What the documents themselves say. */
function expected(held: ReadonlyMap<string, Thing>) {
  const found = [...held.values()].filter(
    ({ title, text, inStock }) => inStock && `${title} ${text}`.split(' ').some((word) => word.startsWith('lamp')),
  );
  const count = (values: (thing: Thing) => readonly unknown[]) => {
    const counts: Record<string, number> = {};
    for (const value of found.flatMap(values)) counts[String(value)] = (counts[String(value)] ?? 0) + 1;
    return counts;
  };
  return {
    ids: found.map(({ id }) => id).toSorted(),
    facets: {
      tags: count(({ tags }) => tags),
      price: count(({ price }) => [price]),
      stars: count(({ stars }) => (stars === undefined ? [] : [stars])),
      inStock: count(({ inStock }) => [inStock]),
    },
  };
}

describe('what was found, counted and sorted in memory', () => {
  test('is what the documents say, after every write', () => {
    const property = fc.property(fc.array(aChange, { minLength: 1, maxLength: 6 }), (changes) => {
      const collection = newCollection();
      const held = new Map<string, Thing>();
      for (const change of changes) {
        collection.transaction(() => {
          if (typeof change === 'string') {
            const found = collection.find(change);
            if (found) collection.remove(found);
            held.delete(change);
            return;
          }
          for (const thing of change) {
            collection.write({ document: thing, action: 'upsert', dirtyValues: 'reject' });
            held.set(thing.id, thing);
          }
        });
        const { ids, facets } = expected(held);
        // The second time from what is kept of the first.
        for (const _ of [1, 2]) {
          const sort = 'price:asc,stars:desc';
          const asked = { filter_by: 'inStock:=true', facet_by: 'tags,price,stars,inStock' };
          const answer = run(collection, { ...asked, sort_by: sort });
          expect(answer.found).toBe(ids.length);
          expect(answer.hits.map(({ document }) => document.id).toSorted()).toEqual(ids);
          expect(answer.hits).toEqual(run(collection, { ...asked, sort_by: `${sort},${IN_SQLITE}` }).hits);
          for (const { field_name: field, counts } of answer.facet_counts) {
            expect(Object.fromEntries(counts.map(({ value, count }) => [value, count]))).toEqual(
              facets[field as keyof typeof facets],
            );
          }
        }
      }
    });
    fc.assert(property, { numRuns: 60 });
  });

  test('has the scores, the order and the pages that SQLite gives', () => {
    const collection = newCollection();
    fc.assert(
      fc.property(fc.array(aThing, { minLength: 5, maxLength: 20 }), (things) => {
        collection.transaction(() => {
          for (const thing of things) collection.write({ document: thing, action: 'upsert', dirtyValues: 'reject' });
        });
        for (const q of ['lamp', 'oak lamp', 'desk', '"oak desk" lamp', 'lamp -oak']) {
          const sort = '_text_match:desc,price:desc';
          for (const filter_by of ['', 'inStock:=true']) {
            const inSqlite = run(collection, { q, filter_by, sort_by: `${sort},${IN_SQLITE}` });
            expect(run(collection, { q, filter_by, sort_by: sort })).toMatchObject({
              ...{ found: inSqlite.found, hits: inSqlite.hits },
            });
          }
          const inMemory = run(collection, { q, sort_by: sort });
          const pages = [1, 2, 3].flatMap((page) => run(collection, { q, sort_by: sort, page, per_page: 3 }).hits);
          expect(pages).toEqual(inMemory.hits.slice(0, 9));
        }
      }),
      { numRuns: 30 },
    );
  });

  test('ties where it fits alike, however long it is and however often it has a word, whole words before beginnings', () => {
    const collection = newCollection();
    const things: [id: string, title: string, text: string, price: number][] = [
      ['often', 'oak oak oak lamp lamp', '', 1],
      ['long', 'a desk and a lamp that are both made of solid oak', 'lamp', 2],
      ['begun', 'oak lampshade', '', 3],
      ['both fields', 'oak desk', 'lamp', 8],
      ['other field', 'desk', 'an oak lamp', 9],
    ];
    collection.transaction(() => {
      for (const [id, title, text, price] of things) {
        const document = { id, title, text, price, tags: [], inStock: true };
        collection.write({ document, action: 'upsert', dirtyValues: 'reject' });
      }
    });
    for (const extra of ['', `,${IN_SQLITE}`]) {
      const order = (more: object) =>
        run(collection, { q: 'oak lamp', sort_by: `_text_match:desc,price:desc${extra}`, ...more }).hits.map(
          ({ document }) => document.id,
        );
      expect(order({})).toEqual(['long', 'often', 'begun', 'other field', 'both fields']);
      expect(order({ query_by: 'title' })).toEqual(['long', 'often', 'begun']);
      expect(order({ query_by_weights: '1,1' })).toEqual(['other field', 'both fields', 'long', 'often', 'begun']);
    }
  });

  test('is gone with a write that was taken back', () => {
    const collection = newCollection();
    const thing = { id: 'a', title: 'lamp', text: 'oak', tags: ['red'], price: 1, inStock: true };
    const write = (change: object) =>
      collection.write({ document: { ...thing, ...change }, action: 'upsert', dirtyValues: 'reject' });
    collection.transaction(() => write({}));
    const facets = () => run(collection, { facet_by: 'tags,price' }).facet_counts.map(({ counts }) => counts[0]?.value);
    expect(facets()).toEqual(['red', '1']);
    expect(() =>
      collection.transaction(() => {
        write({ tags: ['blue'], price: 2 });
        throw new Error('taken back');
      }),
    ).toThrow('taken back');
    expect(facets()).toEqual(['red', '1']);
    collection.transaction(() => write({ tags: ['green'], price: 3 }));
    expect(facets()).toEqual(['green', '3']);
  });
});

test('the first of many in order are those of all of them sorted', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 60 }), fc.nat(70), (values, wanted) => {
      const compare = (a: number, b: number) => values[a]! - values[b]! || a - b;
      expect(firstOf(values.length, wanted, compare)).toEqual([...values.keys()].toSorted(compare).slice(0, wanted));
    }),
  );
});
