import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comparePositions, earlierBy, isPosition, justBefore, ORIGIN } from './position.ts';

const position = fc
  .tuple(fc.bigInt({ min: 0n, max: 2n ** 50n }), fc.bigInt({ min: 0n, max: 2n ** 40n }))
  .map(([time, sequence]) => `${time}-${sequence}`);

describe('positions of a log', () => {
  it('are ordered as numbers, not as text', () => {
    expect(comparePositions('9-0', '10-0')).toBeLessThan(0);
    expect(comparePositions('10-2', '10-10')).toBeLessThan(0);
    expect(comparePositions('10-2', '10-2')).toBe(0);
    fc.assert(
      fc.property(
        position,
        position,
        (a, b) => Math.sign(comparePositions(a, b)) === -Math.sign(comparePositions(b, a)),
      ),
    );
  });

  it('have a place right before them, and nothing is before the first', () => {
    fc.assert(fc.property(position, (at) => at === ORIGIN || comparePositions(justBefore(at), at) < 0));
    expect(justBefore('5-1')).toBe('5-0');
    expect(justBefore('5-0')).toBe('4-9223372036854775807');
    expect(justBefore(ORIGIN)).toBe(ORIGIN);
    expect(earlierBy('1000-3', 400)).toBe('600-0');
    expect(earlierBy('1000-3', 4_000)).toBe(ORIGIN);
  });

  it('are nothing else', () => {
    for (const text of ['', '1', '-1-0', '1-0-0', '1-x', ' 1-0', '1-0\n', '$', '1'.repeat(30) + '-0']) {
      expect(isPosition(text)).toBe(false);
    }
    expect(() => comparePositions('x', '1-0')).toThrow('Not a position');
  });
});
