import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { correctedQuery, editDistance } from './corrected-query.ts';

describe('what a buyer meant', () => {
  it.each([
    ['iphnoe', [['iPhone']], 'iphone'],
    ['iphone', [['iPhone']], null],
    ['ipho', [['iPhone']], null],
    ['walnut dsek', [['Walnut', 'desk']], 'walnut desk'],
    ['walnut', [], null],
    ['lamp', [['Lamps'], ['lamp']], null],
    ['kettel', [['kettle'], ['kettle'], ['nettle']], 'kettle'],
    ['crème', [['Creme']], null],
    ['abc', [['abd']], null],
    ['guitar', [['violin']], null],
  ])('by %j, found as %j, is %j', (query, matched, expected) => {
    expect(correctedQuery(query, matched)).toBe(expected);
  });
});

describe('the distance of two words', () => {
  it.each([
    ['iphnoe', 'iphone', 1],
    ['desk', 'desk', 0],
    ['desk', 'desks', 1],
    ['desk', 'disc', 2],
  ])('%s to %s is %i', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
  });

  it('is the same both ways, and nothing to itself', () => {
    const word = fc.string({ maxLength: 8 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, a)).toBe(0);
      }),
    );
  });
});
