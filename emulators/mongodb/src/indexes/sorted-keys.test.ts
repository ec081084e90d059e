import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SortedKeys } from './sorted-keys.ts';

const key = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 5 });

describe('sorted keys', () => {
  it('answer as a sorted list would, whatever was added and removed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.boolean(), key), { maxLength: 400, size: 'max' }),
        key,
        key,
        (steps, from, to) => {
          const keys = new SortedKeys<string>();
          const model = new Set<string>();
          for (const [isAdded, each] of steps) {
            if (isAdded) keys.set(each, each);
            else expect(keys.delete(each)).toBe(model.has(each));
            if (isAdded) model.add(each);
            else model.delete(each);
          }
          const expected = [...model].toSorted().filter((each) => each >= from && each < to);
          expect([...keys.scan({ from, to })]).toEqual(expected);
          expect([...keys.scan({ from, to }, true)]).toEqual(expected.toReversed());
          expect(keys.count({ from, to })).toBe(expected.length);
          expect(keys.size).toBe(model.size);
          expect(keys.firstWithPrefix(from)).toBe([...model].toSorted().find((each) => each.startsWith(from)));
        },
      ),
    );
  });

  it('stay sorted over many chunks, added in any order', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(Array.from({ length: 3_000 }, (_, i) => String(i).padStart(5, '0'))),
        (shuffled) => {
          const keys = new SortedKeys<string>();
          for (const each of shuffled) keys.set(each, each);
          expect([...keys.scan({ from: '', to: '9' })]).toEqual(shuffled.toSorted());
          const removed = shuffled.filter((_, i) => i % 3 === 0);
          for (const each of removed) keys.delete(each);
          expect(keys.count({ from: '', to: '9' })).toBe(shuffled.length - removed.length);
        },
      ),
      { numRuns: 20 },
    );
  });
});
