import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChangeQueue } from './change-queue.ts';

const drained = <T>(queue: ChangeQueue<T>): T[] => {
  const all: T[] = [];
  for (let one = queue.shift(); one !== undefined; one = queue.shift()) all.push(one);
  return all;
};

describe('a queue of changes', () => {
  it('keeps everything in order where every change counts', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(4)), (keys) => {
        const queue = new ChangeQueue<number>(false);
        expect(keys.map((key, at) => queue.push(`${key}`, at + 1))).toEqual(keys.map(() => undefined));
        expect(drained(queue)).toEqual(keys.map((_, at) => at + 1));
      }),
    );
  });

  it('keeps the latest of each key, in the order of the last change, where only that counts', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(4)), (keys) => {
        const queue = new ChangeQueue<number>(true);
        keys.forEach((key, at) => {
          const before = keys.lastIndexOf(key, at - 1);
          expect(queue.push(`${key}`, at + 1)).toBe(at === 0 || before < 0 ? undefined : before + 1);
        });
        expect(queue.size).toBe(new Set(keys).size);
        const last = keys.flatMap((key, at) => (keys.lastIndexOf(key) === at ? [at + 1] : []));
        expect(drained(queue)).toEqual(last);
        expect(queue.size).toBe(0);
      }),
    );
  });
});
