import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { add, basisPointsOf, CurrencyMismatchError, money, split, sum } from './money.ts';

describe('money', () => {
  it('never creates or loses a unit when split', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1e12, max: 1e12 }),
        fc.array(fc.integer({ min: 0, max: 1e9 }), { minLength: 1, maxLength: 30 }),
        (amount, weights) => {
          const parts = split(money(amount, 'EUR'), weights);
          expect(sum(parts, 'EUR').amount).toBe(amount);
          expect(parts).toHaveLength(weights.length);
        },
      ),
    );
  });

  it('gives no share to a weight of zero unless all are zero', () => {
    expect(split(money(100, 'EUR'), [1, 0, 2]).map((part) => part.amount)).toEqual([33, 0, 67]);
    expect(split(money(100, 'EUR'), [0, 0, 0]).map((part) => part.amount)).toEqual([34, 33, 33]);
  });

  it('rounds a share half away from zero', () => {
    expect(basisPointsOf(money(50, 'EUR'), 1_900).amount).toBe(10);
    expect(basisPointsOf(money(-50, 'EUR'), 1_900).amount).toBe(-10);
  });

  it('refuses to add two currencies', () => {
    expect(() => add(money(1, 'EUR'), money(1, 'USD'))).toThrow(CurrencyMismatchError);
  });

  it('refuses a fraction of a minor unit', () => {
    expect(() => money(1.5, 'EUR')).toThrow(RangeError);
  });
});
