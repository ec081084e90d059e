import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryValue } from '../../test/arbitrary-values.ts';
import { compareValues, isEqual, isIdentical } from '../bson/compare.ts';
import type { Doc, Value } from '../bson/value.ts';
import { compileUpdate, type UpdateResult } from './compile.ts';
import { DocumentEdit } from './edit.ts';

const target = { now: new Date(0), isInsert: false, position: {} };

function apply(doc: Doc, update: Value): UpdateResult {
  return compileUpdate(update, { variables: {} }).apply(doc, target);
}

/** A missing array, or one of small numbers. */
const maybeArray = fc.option(fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 6 }), { nil: undefined });
const numbers = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 4 });

function docWith(array: number[] | undefined): Doc {
  return array === undefined ? { other: 1 } : { other: 1, list: array };
}

describe('array operators, on arrays that are there or not', () => {
  it('push, sort and cut in that order', () => {
    const modifiers = fc.record({
      position: fc.option(fc.integer({ min: -3, max: 8 })),
      slice: fc.option(fc.integer({ min: -4, max: 4 })),
      sort: fc.option(fc.constantFrom(1, -1)),
    });
    fc.assert(
      fc.property(maybeArray, numbers, modifiers, (before, each, { position, slice, sort }) => {
        const push: Doc = { $each: each };
        if (position !== null) push.$position = position;
        if (slice !== null) push.$slice = slice;
        if (sort !== null) push.$sort = sort;
        const model = [...(before ?? [])];
        const at = position === null ? model.length : position < 0 ? Math.max(0, model.length + position) : position;
        model.splice(at, 0, ...each);
        if (sort !== null) model.sort((a, b) => (a - b) * sort);
        const expected = slice === null ? model : slice >= 0 ? model.slice(0, slice) : model.slice(slice);
        expect(apply(docWith(before), { $push: { list: push } }).doc.list).toEqual(expected);
      }),
    );
  });

  it('add to a set what is not in it, once', () => {
    fc.assert(
      fc.property(maybeArray, numbers, (before, each) => {
        const { doc, isChanged } = apply(docWith(before), { $addToSet: { list: { $each: each } } });
        const expected = [...(before ?? [])];
        for (const item of each) if (!expected.includes(item)) expected.push(item);
        expect(doc.list).toEqual(expected);
        expect(isChanged).toBe(before === undefined || expected.length > before.length);
      }),
    );
  });

  it('pull every match and leave a missing array missing', () => {
    fc.assert(
      fc.property(maybeArray, fc.integer({ min: 0, max: 5 }), (before, bound) => {
        const { doc, isChanged } = apply(docWith(before), { $pull: { list: { $gte: bound } } });
        expect(doc.list).toEqual(before?.filter((item) => item < bound));
        expect(isChanged).toBe(before?.some((item) => item >= bound) ?? false);
      }),
    );
  });

  it('pop from either end', () => {
    fc.assert(
      fc.property(maybeArray, fc.constantFrom(1, -1), (before, end) => {
        const expected = end === 1 ? before?.slice(0, -1) : before?.slice(1);
        expect(apply(docWith(before), { $pop: { list: end } }).doc.list).toEqual(expected);
      }),
    );
  });
});

describe('every update', () => {
  const path = fc.constantFrom('a', 'b', 'a.x', 'b.x.y', 'a.0', 'c.1.z');
  const doc = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), arbitraryValue, {
    noNullPrototype: true,
  }) as fc.Arbitrary<Doc>;
  const operator = fc.oneof(
    fc.tuple(fc.constant('$set'), arbitraryValue),
    fc.tuple(fc.constant('$unset'), fc.constant<Value>('')),
    fc.tuple(fc.constant('$inc'), fc.integer({ min: -3, max: 3 }) as fc.Arbitrary<Value>),
    fc.tuple(fc.constant('$min'), arbitraryValue),
    fc.tuple(fc.constant('$max'), arbitraryValue),
    fc.tuple(fc.constant('$push'), arbitraryValue),
    fc.tuple(fc.constant('$addToSet'), arbitraryValue),
  );
  const update = fc.array(fc.tuple(path, operator), { minLength: 1, maxLength: 3 }).map((changes) => {
    const result: Doc = {};
    for (const [at, [name, operand]] of changes) result[name] = { ...(result[name] as Doc | undefined), [at]: operand };
    return result;
  });

  it('leaves the document it was given alone, and describes exactly what it did', () => {
    fc.assert(
      fc.property(doc, update, (before, changes) => {
        const copy = structuredCopy(before);
        let result: UpdateResult;
        try {
          result = apply(before, changes);
        } catch (error) {
          // Not every update fits every document; those that do not are refused as a whole.
          expect((error as Error).name).toBe('CommandError');
          expect(isIdentical(before, copy)).toBe(true);
          return;
        }
        expect(isIdentical(before, copy)).toBe(true);
        expect(result.isChanged).toBe(!isIdentical(sorted(before), sorted(result.doc)));
        expect(compareValues(sorted(replay(before, result)), sorted(result.doc))).toBe(0);
      }),
      { numRuns: 2_000 },
    );
  });

  it('does nothing the second time when it sets, bounds or adds to a set', () => {
    const idempotent = fc.tuple(path, fc.constantFrom('$set', '$min', '$max', '$addToSet', '$unset'), arbitraryValue);
    fc.assert(
      fc.property(doc, idempotent, (before, [at, name, operand]) => {
        const changes = { [name]: { [at]: operand } };
        let once: UpdateResult;
        try {
          once = apply(before, changes);
        } catch {
          return;
        }
        const twice = apply(once.doc, changes);
        expect(twice.isChanged).toBe(false);
        expect(isEqual(once.doc, twice.doc)).toBe(true);
      }),
    );
  });

  /** What a follower of the change stream would make of the description. */
  function replay(before: Doc, { change }: UpdateResult): Doc {
    const edit = new DocumentEdit(before);
    for (const removed of change?.removedFields ?? []) edit.remove(removed.split('.'));
    for (const [at, value] of Object.entries(change?.updatedFields ?? {})) edit.set(at.split('.'), value);
    return edit.doc;
  }

  function structuredCopy(value: Doc): Doc {
    return new DocumentEdit(value).doc;
  }

  /** Where a field was put is not part of the description. */
  function sorted(value: Value): Value {
    if (Array.isArray(value)) return value.map(sorted);
    if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
    return Object.fromEntries(
      Object.keys(value)
        .toSorted()
        .map((name) => [name, sorted((value as Doc)[name] as Value)]),
    );
  }
});
