import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { type Numbered, SortedKeys } from './sorted-keys.ts';

const key = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 5 });

interface Entry extends Numbered {
  key: string;
}

const byPlace = (a: Entry, b: Entry) => (a.key === b.key ? a.number - b.number : a.key < b.key ? -1 : 1);

describe('sorted keys', () => {
  it('answer as a sorted list would, whatever was added and removed, and whenever somebody looked', () => {
    const step = fc.tuple(fc.constantFrom('add', 'add', 'add', 'delete', 'look'), key, fc.integer({ min: 0, max: 3 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400, size: 'max' }), key, key, (steps, from, to) => {
        const keys = new SortedKeys<Entry>();
        const model = new Map<string, Entry>();
        for (const [kind, each, number] of steps) {
          const [place, entry] = [`${each} ${number}`, { key: each, number }];
          if (kind === 'add') {
            keys.add(each, entry);
            model.set(place, entry);
          } else if (kind === 'delete') expect(keys.delete(each, entry)).toBe(model.delete(place));
          else expect(keys.size).toBe(model.size);
        }
        const sorted = [...model.values()].toSorted(byPlace);
        const expected = sorted.filter((entry) => entry.key >= from && entry.key < to);
        expect([...keys.scan({ from, to })]).toEqual(expected);
        expect([...keys.scan({ from, to }, true)]).toEqual(expected.toReversed());
        expect(keys.count({ from, to })).toBe(expected.length);
        expect(keys.size).toBe(model.size);
        expect(keys.firstWithPrefix(from)).toEqual(sorted.find((entry) => entry.key.startsWith(from)));
      }),
    );
  });

  it('are the same when much of them was sorted in a moment later, between two that were added', () => {
    vi.useFakeTimers();
    try {
      const both = [new SortedKeys<Entry>(), new SortedKeys<Entry>()];
      const entries = Array.from({ length: 20_000 }, (_, at) => ({ key: `key ${(at * 7_919) % 20_011}`, number: at }));
      for (const [at, entry] of entries.entries()) {
        for (const keys of both) keys.add(entry.key, entry);
        if (at % 5_000 === 4_999) vi.advanceTimersByTime(10);
      }
      for (const keys of both) expect([...keys.scan({ from: '', to: '\uffff' })]).toEqual(entries.toSorted(byPlace));
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('stay sorted over many chunks, added in any order', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(
          Array.from({ length: 3_000 }, (_, i) => String(i >> 1).padStart(5, '0') + (i % 7 ? '' : 'x')),
        ),
        fc.integer({ min: 1, max: 3_000 }),
        (shuffled, lookEvery) => {
          const entries = shuffled.map((each, number) => ({ key: each, number }));
          const keys = new SortedKeys<Entry>();
          for (const [at, entry] of entries.entries()) {
            keys.add(entry.key, entry);
            if (at % lookEvery === 0) expect(keys.size).toBe(at + 1);
          }
          expect([...keys.scan({ from: '', to: '9' })]).toEqual(entries.toSorted(byPlace));
          const removed = entries.filter((_, i) => i % 3 === 0);
          for (const entry of removed) expect(keys.delete(entry.key, entry)).toBe(true);
          expect(keys.count({ from: '', to: '9' })).toBe(entries.length - removed.length);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('tell how many are in a range: exactly in a narrow one, about so many in a wide one', () => {
    const keys = new SortedKeys<Entry>();
    const SIZE = 60_000;
    const keyOf = (at: number) => String(at).padStart(6, '0');
    for (let at = 0; at < SIZE; at++) keys.add(keyOf((at * 7_919) % SIZE), { key: '', number: 1 });
    for (let from = 0; from < SIZE; from += 1_234) {
      for (let to = from; to <= SIZE; to += 789) {
        const told = keys.count({ from: keyOf(from), to: keyOf(to) });
        const width = to - from;
        const mayMiss = width < 3_000 ? 0 : width / 2;
        expect(Math.abs(told - width)).toBeLessThanOrEqual(mayMiss);
      }
    }
  });

  it('have an entry once that is added again', () => {
    const keys = new SortedKeys<Entry>();
    const entry = { key: 'a', number: 1 };
    for (let times = 0; times < 5_000; times++) keys.add('a', entry);
    keys.add('b', { key: 'b', number: 1 });
    keys.add('a', entry);
    expect(keys.size).toBe(2);
  });
});
