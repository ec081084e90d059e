import { isNumeric, toNumber } from '../bson/numeric.ts';
import type { Maybe } from '../bson/value.ts';

/** The server's truth: null, missing, false and zero are false; empty strings and arrays are true. */
export function isTruthy(value: Maybe): boolean {
  if (value === null || value === undefined || value === false) return false;
  return !isNumeric(value) || toNumber(value) !== 0;
}

export function isNullish(value: Maybe): value is null | undefined {
  return value === null || value === undefined;
}
