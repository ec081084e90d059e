import type { Money } from '@marketgraph/platform/core';
import { minorDigits } from './currency.ts';

/** What currencies were worth at one moment. */
export interface ExchangeRates {
  /** What the rates are for one unit of; has the rate 1 itself. */
  base: string;
  /** Decimals as text, so that no digit is lost: 1 unit of the base is so many units of the currency. */
  rates: readonly { currencyCode: string; rate: string }[];
  asOf: Date;
}

/** Banks close from Friday to Monday, and once in a while for a day more. */
const STALE_AFTER_MS = 4 * 86_400_000;

/** Older than rates are when everything goes as it should. */
export function isStale({ asOf }: Pick<ExchangeRates, 'asOf'>, now: Date): boolean {
  return now.getTime() - asOf.getTime() > STALE_AFTER_MS;
}

const DECIMAL = /^(\d{1,9})(?:\.(\d{1,9}))?$/;
const SCALE_DIGITS = 9;
/** One unit of a currency is this many in a scaled rate. */
const ONE = 10n ** BigInt(SCALE_DIGITS);

/**
 * The same worth in another currency, rounded once to what that currency has
 * for its smallest unit, half a unit away from zero. Undefined when there is no
 * rate for one of the two, or more than an exact amount can be.
 */
export function exchange({ amount, currencyCode }: Money, to: string, rates: ExchangeRates): Money | undefined {
  const [sold, bought] = [scaledRate(rates, currencyCode), scaledRate(rates, to)];
  if (sold === undefined || bought === undefined) return undefined;
  const over = BigInt(amount) * bought * 10n ** BigInt(minorDigits(to));
  const under = sold * 10n ** BigInt(minorDigits(currencyCode));
  const half = over < 0n ? -under : under;
  const exchanged = Number((over * 2n + half) / (under * 2n));
  return Number.isSafeInteger(exchanged) ? { amount: exchanged, currencyCode: to } : undefined;
}

/** How many units of the second one unit of the first is, to be shown; amounts are computed from the rates themselves. */
export function rateBetween(from: string, to: string, rates: ExchangeRates): number | undefined {
  const [sold, bought] = [scaledRate(rates, from), scaledRate(rates, to)];
  return sold === undefined || bought === undefined ? undefined : Number(bought) / Number(sold);
}

function scaledRate({ base, rates }: ExchangeRates, currencyCode: string): bigint | undefined {
  if (currencyCode === base) return ONE;
  const match = DECIMAL.exec(rates.find((rate) => rate.currencyCode === currencyCode)?.rate ?? '');
  if (!match) return undefined;
  const scaled = BigInt(match[1]! + (match[2] ?? '').padEnd(SCALE_DIGITS, '0'));
  return scaled > 0n ? scaled : undefined;
}
