import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { minorDigits } from './currency.ts';
import { exchange, type ExchangeRates, rateBetween } from './exchange.ts';

const rates: ExchangeRates = {
  base: 'EUR',
  rates: [
    { currencyCode: 'USD', rate: '1.25' },
    { currencyCode: 'JPY', rate: '160.5' },
    { currencyCode: 'KWD', rate: '0.333' },
    { currencyCode: 'BAD', rate: '0' },
    { currencyCode: 'ODD', rate: '1e3' },
  ],
  asOf: new Date(0),
};
const of = (amount: number, currencyCode: string) => ({ amount, currencyCode });

describe('C16 an amount in another currency', () => {
  it.each([
    ['the base in another', of(1_000, 'EUR'), 'USD', 1_250],
    ['another in the base', of(1_250, 'USD'), 'EUR', 1_000],
    ['a half, upwards', of(2, 'EUR'), 'USD', 3],
    ['less than a half, downwards', of(1, 'EUR'), 'USD', 1],
    ['a half below nothing, away from it', of(-2, 'EUR'), 'USD', -3],
    ['a currency without minor units', of(1_000, 'EUR'), 'JPY', 1_605],
    ['from a currency without minor units', of(1_605, 'JPY'), 'EUR', 1_000],
    ['a currency of a thousand minor units', of(1_000, 'EUR'), 'KWD', 3_330],
    ['two that are both not the base', of(1_605, 'JPY'), 'USD', 1_250],
    ['the same currency', of(1_234, 'USD'), 'USD', 1_234],
  ])('is exact: %s', (_, money, to, amount) => {
    expect(exchange(money, to, rates)).toEqual({ amount, currencyCode: to });
  });

  it.each(['GBP', 'BAD', 'ODD', 'XXX'])('does not exist in %s, which has no rate', (to) => {
    expect(exchange(of(1, 'EUR'), to, rates)).toBeUndefined();
    expect(exchange(of(1, to), 'EUR', rates)).toBeUndefined();
    expect(rateBetween('EUR', to, rates)).toBeUndefined();
  });

  it('does not exist when it is no exact amount any more', () => {
    const weak = { ...rates, rates: [{ currencyCode: 'USD', rate: '100000' }] };
    expect(exchange(of(1_000_000_000_000, 'EUR'), 'USD', weak)).toBeUndefined();
  });

  it('is never more than half of the smallest unit away from what it is worth, and keeps the order of prices', () => {
    const currency = fc.constantFrom('EUR', 'USD', 'JPY', 'KWD', 'GBP');
    const rate = fc.tuple(fc.integer({ min: 0, max: 9_999 }), fc.integer({ min: 1, max: 999_999 }));
    const amounts = fc.integer({ min: 0, max: 1_000_000_000 });
    fc.assert(
      fc.property(
        fc.tuple(rate, rate, rate, rate),
        currency,
        currency,
        amounts,
        amounts,
        (drawn, from, to, one, other) => {
          const codes = ['USD', 'JPY', 'KWD', 'GBP'];
          const parts = drawn.map(([whole, part]) => BigInt(whole) * 1_000_000n + BigInt(part));
          const table = codes.map((currencyCode, index) => {
            const [whole, part] = drawn[index]!;
            return { currencyCode, rate: `${whole}.${String(part).padStart(6, '0')}` };
          });
          const millionths = (code: string) => (code === 'EUR' ? 1_000_000n : parts[codes.indexOf(code)]!);
          const got = (amount: number) =>
            BigInt(exchange(of(amount, from), to, { ...rates, rates: table })?.amount ?? -1);
          const result = got(one);
          if (result < 0n) return;
          // |result − one·to/from·10^(digits)| ≤ ½, without a fraction.
          const under = millionths(from) * 10n ** BigInt(minorDigits(from));
          const exact = BigInt(one) * millionths(to) * 10n ** BigInt(minorDigits(to));
          const away = result * under - exact;
          expect((away < 0n ? -away : away) * 2n <= under).toBe(true);
          const another = got(other);
          if (another >= 0n && one <= other) expect(result <= another).toBe(true);
        },
      ),
    );
  });

  it('tells the rate it was computed with', () => {
    expect(rateBetween('EUR', 'USD', rates)).toBe(1.25);
    expect(rateBetween('USD', 'EUR', rates)).toBe(0.8);
    expect(rateBetween('JPY', 'JPY', rates)).toBe(1);
  });
});
