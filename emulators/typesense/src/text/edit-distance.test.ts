import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { editDistance, prefixDistance } from './edit-distance.ts';

/** The definition, as slow as it reads. */
function plainDistance(a: string, b: string): number {
  if (a === '') return b.length;
  if (b === '') return a.length;
  const same = a.at(-1) === b.at(-1);
  const options = [
    plainDistance(a.slice(0, -1), b) + 1,
    plainDistance(a, b.slice(0, -1)) + 1,
    plainDistance(a.slice(0, -1), b.slice(0, -1)) + (same ? 0 : 1),
  ];
  if (a.length > 1 && b.length > 1 && a.at(-1) === b.at(-2) && a.at(-2) === b.at(-1)) {
    options.push(plainDistance(a.slice(0, -2), b.slice(0, -2)) + 1);
  }
  return Math.min(...options);
}

const short = fc.stringMatching(/^[abc]{0,6}$/);

describe('the distance of two words', () => {
  test.each([
    ['kitten', 'kitten', 0],
    ['headphones', 'haedphones', 1],
    ['headphones', 'headphone', 1],
    ['headphones', 'headpphones', 1],
    ['headphones', 'hexdphones', 1],
    ['basketball', 'bsketbll', 2],
    ['ab', 'ba', 1],
    ['sunday', 'saturday', 3],
  ])('%s and %s is %i', (a, b, distance) => {
    expect(editDistance(a, b, 5)).toBe(distance);
  });

  test('is the number of inserted, deleted, replaced and swapped letters, up to the limit', () => {
    fc.assert(
      fc.property(short, short, fc.integer({ min: 0, max: 4 }), (a, b, limit) => {
        const distance = plainDistance(a, b);
        expect(editDistance(a, b, limit)).toBe(Math.min(distance, limit + 1));
      }),
    );
  });

  test('to a beginning is the smallest over all beginnings', () => {
    fc.assert(
      fc.property(short, short, fc.integer({ min: 0, max: 3 }), (word, text, limit) => {
        const distances = Array.from({ length: text.length + 1 }, (_, end) => plainDistance(word, text.slice(0, end)));
        expect(prefixDistance(word, text, limit)).toBe(Math.min(...distances, limit + 1));
      }),
    );
  });
});
