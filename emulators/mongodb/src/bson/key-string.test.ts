import { Decimal128, Double, Long } from 'bson';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryNumber, arbitraryValue } from '../../test/arbitrary-values.ts';
import { compareValues } from './compare.ts';
import { invertKey, keyString, successor } from './key-string.ts';

function order(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

describe('key strings', () => {
  it('sort as their values do, and are equal when those are', () => {
    fc.assert(
      fc.property(arbitraryValue, arbitraryValue, (left, right) => {
        expect(order(keyString(left), keyString(right))).toBe(compareValues(left, right));
      }),
      { numRuns: 3_000 },
    );
  });

  it('tell numbers of every type apart exactly where they differ', () => {
    fc.assert(
      fc.property(arbitraryNumber, arbitraryNumber, (left, right) => {
        expect(order(keyString(left), keyString(right))).toBe(compareValues(left, right));
      }),
      { numRuns: 3_000 },
    );
  });

  it('sort the other way round when inverted', () => {
    fc.assert(
      fc.property(arbitraryValue, arbitraryValue, (left, right) => {
        expect(order(invertKey(keyString(left)), invertKey(keyString(right)))).toBe(compareValues(right, left));
      }),
    );
  });

  it('are followed by everything that begins with them, straight and inverted', () => {
    fc.assert(
      fc.property(arbitraryValue, arbitraryValue, (first, second) => {
        for (const turn of [(key: string) => key, invertKey]) {
          const key = turn(keyString(first));
          const longer = key + turn(keyString(second));
          expect(longer > key && longer < successor(key)).toBe(true);
          for (let end = 0; end < key.length; end++) expect(key < successor(key.slice(0, end))).toBe(true);
        }
      }),
    );
  });

  it.each([
    [Long.fromString('9007199254740993'), Long.fromString('9007199254740994')],
    [Decimal128.fromString('0.1'), 0.1],
    [Decimal128.fromString('12.34'), Decimal128.fromString('12.3400000000000000000000000000001')],
    [-0.5, Decimal128.fromString('-0.49999999999999999999')],
    [-Infinity, -Number.MAX_VALUE],
    [NaN, -Infinity],
  ])('keep %s below %s', (smaller, larger) => {
    expect(keyString(smaller) < keyString(larger)).toBe(true);
  });

  it('hold equal numbers of different types for one key', () => {
    const keys = [5, new Double(5), Long.fromNumber(5), Decimal128.fromString('5.00')].map(keyString);
    expect(new Set(keys).size).toBe(1);
  });

  it('refuse decimals no double comes near', () => {
    expect(() => keyString(Decimal128.fromString('1E+6000'))).toThrow(/emulator/);
    expect(() => keyString(Decimal128.fromString('1E-6000'))).toThrow(/emulator/);
  });
});
