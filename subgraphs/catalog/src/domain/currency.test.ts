import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toMinorUnits } from './currency.ts';

describe('a decimal price', () => {
  it.each([
    ['49.99', 'EUR', 4_999],
    ['49.9', 'EUR', 4_990],
    ['49', 'EUR', 4_900],
    ['0.07', 'EUR', 7],
    ['1.10', 'EUR', 110],
    ['1.1000', 'EUR', 110],
    ['500', 'JPY', 500],
    ['500.00', 'JPY', 500],
    ['1.234', 'KWD', 1_234],
    [' 12.50 ', 'USD', 1_250],
    ['49.999', 'EUR', undefined],
    ['500.5', 'JPY', undefined],
    ['-1', 'EUR', undefined],
    ['1e3', 'EUR', undefined],
    ['1,50', 'EUR', undefined],
    ['', 'EUR', undefined],
    ['.5', 'EUR', undefined],
    ['0x10', 'EUR', undefined],
    ['99999999999999999999', 'EUR', undefined],
  ])('%s %s is %s', (text, currency, minor) => {
    expect(toMinorUnits(text, currency)).toBe(minor);
  });

  it('is exact for every amount a price can have', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e12 }), (minor) => {
        const text = `${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, '0')}`;
        expect(toMinorUnits(text, 'EUR')).toBe(minor);
      }),
    );
  });
});
