import { Decimal128, Double, Long } from 'bson';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { divideDecimals, parseDecimalText, toDecimal128 } from './decimal.ts';
import { add, compareNumeric, isNumeric, kindOf, multiply, type Numeric, subtract } from './numeric.ts';

const long = (text: string) => Long.fromString(text);
const decimal = (text: string) => Decimal128.fromString(text);

function shown(value: Numeric): string {
  return `${kindOf(value)} ${value instanceof Double ? value.value : value.toString()}`;
}

describe('arithmetic across numeric types', () => {
  it.each<[Numeric, Numeric, string]>([
    [1, 2, 'int 3'],
    [2_147_483_647, 1, 'long 2147483648'],
    [1, long('2'), 'long 3'],
    [long('9007199254740993'), 2, 'long 9007199254740995'],
    [1, 0.5, 'double 1.5'],
    [0.5, 0.5, 'double 1'],
    [1, new Double(1), 'double 2'],
    [0.1, decimal('0.2'), 'decimal 0.300000000000000'],
    [decimal('12.34'), decimal('1.00'), 'decimal 13.34'],
    [long('9223372036854775807'), 1, 'double 9223372036854776000'],
  ])('%s + %s is a %s', (left, right, expected) => {
    expect(shown(add(left, right))).toBe(expected);
  });

  it('refuses what does not fit in 64 bits where an update asks for it', () => {
    expect(() => add(Long.MAX_VALUE, 1, 'refuse')).toThrow(/64 bits/);
    expect(() => multiply(Long.MAX_VALUE, 2, 'refuse')).toThrow(/64 bits/);
  });

  it('is exact for whole numbers', () => {
    const whole = fc.bigInt({ min: -(2n ** 31n), max: 2n ** 31n - 1n });
    fc.assert(
      fc.property(whole, whole, (a, b) => {
        const [left, right] = [Long.fromBigInt(a), Long.fromBigInt(b)];
        expect(add(left, right).toString()).toBe(String(a + b));
        expect(subtract(left, right).toString()).toBe(String(a - b));
        expect(multiply(left, right).toString()).toBe(String(a * b));
        expect(compareNumeric(left, right)).toBe(a < b ? -1 : a > b ? 1 : 0);
      }),
    );
  });

  it('rounds a quotient of decimals to 34 digits, half to even', () => {
    const quotient = (left: string, right: string) =>
      toDecimal128(divideDecimals(parseDecimalText(left), parseDecimalText(right))).toString();
    expect(quotient('1', '3')).toBe('0.3333333333333333333333333333333333');
    expect(quotient('2', '3')).toBe('0.6666666666666666666666666666666667');
    expect(quotient('1.00', '4')).toBe('0.25');
    expect(quotient('-7', '2')).toBe('-3.5');
  });

  it('does not take a timestamp for a number', async () => {
    const { Timestamp } = await import('bson');
    expect(isNumeric(new Timestamp({ t: 1, i: 1 }))).toBe(false);
  });
});
