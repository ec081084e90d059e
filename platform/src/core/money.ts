/** Integer minor units (cents) and an ISO 4217 code. Never a float. */
export interface Money {
  readonly amount: number;
  readonly currencyCode: string;
}

export class CurrencyMismatchError extends Error {
  constructor(a: string, b: string) {
    super(`Cannot combine ${a} with ${b}.`);
    this.name = 'CurrencyMismatchError';
  }
}

export function money(amount: number, currencyCode: string): Money {
  assertMinorUnits(amount);
  return { amount, currencyCode };
}

export function zero(currencyCode: string): Money {
  return { amount: 0, currencyCode };
}

export function add(a: Money, b: Money): Money {
  assertSameCurrency(a, b);
  return money(a.amount + b.amount, a.currencyCode);
}

export function subtract(a: Money, b: Money): Money {
  assertSameCurrency(a, b);
  return money(a.amount - b.amount, a.currencyCode);
}

export function multiply(a: Money, quantity: number): Money {
  return money(a.amount * quantity, a.currencyCode);
}

export function sum(parts: readonly Money[], currencyCode: string): Money {
  return parts.reduce((total, part) => add(total, part), zero(currencyCode));
}

export function isSameMoney(a: Money, b: Money): boolean {
  return a.amount === b.amount && a.currencyCode === b.currencyCode;
}

/** A share in basis points (10,000 = all of it), half a unit rounded away from zero. */
export function basisPointsOf(total: Money, basisPoints: number): Money {
  const exact = BigInt(total.amount) * BigInt(basisPoints);
  const half = exact < 0n ? -5_000n : 5_000n;
  return money(Number((exact + half) / 10_000n), total.currencyCode);
}

/**
 * Splits a total by weights without creating or losing a unit: everyone gets
 * the rounded-down share, the units left over go one each to the largest
 * remainders (first come first on a tie). All weights zero means equal shares.
 */
export function split(total: Money, weights: readonly number[]): Money[] {
  if (weights.length === 0) throw new RangeError('split needs at least one weight');
  if (weights.some((weight) => !Number.isSafeInteger(weight) || weight < 0)) {
    throw new RangeError('weights are non-negative integers');
  }
  const given = weights.some((weight) => weight > 0) ? weights.map(BigInt) : weights.map(() => 1n);
  const whole = given.reduce((a, b) => a + b, 0n);
  const sign = total.amount < 0 ? -1n : 1n;
  const amount = BigInt(total.amount) * sign;
  const shares = given.map((weight) => (amount * weight) / whole);
  const remainders = given.map((weight, index) => ({ index, remainder: (amount * weight) % whole }));
  let left = amount - shares.reduce((a, b) => a + b, 0n);
  remainders.sort((a, b) => (a.remainder === b.remainder ? a.index - b.index : a.remainder < b.remainder ? 1 : -1));
  for (const { index } of remainders) {
    if (left === 0n) break;
    shares[index]! += 1n;
    left -= 1n;
  }
  return shares.map((share) => money(Number(share * sign), total.currencyCode));
}

function assertSameCurrency(a: Money, b: Money): void {
  if (a.currencyCode !== b.currencyCode) throw new CurrencyMismatchError(a.currencyCode, b.currencyCode);
}

function assertMinorUnits(amount: number): void {
  if (!Number.isSafeInteger(amount)) throw new RangeError(`Not an amount in minor units: ${amount}`);
}
