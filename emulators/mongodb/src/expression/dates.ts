import { isNumeric, toNumber } from '../bson/numeric.ts';
import type { Maybe } from '../bson/value.ts';
import { CommandError } from '../errors.ts';
import { named, type OperatorTable } from './evaluate.ts';
import { isNullish } from './truth.ts';

const ISO_DATE = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/;
const HAS_ZONE = /(?:Z|[+-]\d{2}:?\d{2})$/;

/** The two date operators mingo gets wrong: it answers `undefined` where the server reports an error. */
export const dateOperators: OperatorTable = {
  $dateFromString: named('$dateFromString', { required: ['dateString'], optional: ['onError', 'onNull'] }, (parts) => {
    const { dateString, onError, onNull } = parts;
    if (isNullish(dateString)) return onNull ?? null;
    const date = typeof dateString === 'string' ? parseIsoDate(dateString) : undefined;
    if (date) return date;
    if (onError !== undefined) return onError;
    throw new CommandError('BadValue', `Error parsing date string '${String(dateString)}' (emulator: ISO 8601 only)`);
  }),
  $dateFromParts: named(
    '$dateFromParts',
    { required: ['year'], optional: ['month', 'day', 'hour', 'minute', 'second', 'millisecond'] },
    (parts) => {
      if (Object.values(parts).some(isNullish)) return null;
      const { year, month = 1, day = 1, hour = 0, minute = 0, second = 0, millisecond = 0 } = parts;
      const [y, mo, d, h, mi, s, ms] = [year, month, day, hour, minute, second, millisecond].map(wholePart);
      const date = new Date(0);
      // Not Date.UTC, which takes the years 0 to 99 for the twentieth century. Parts out of range carry over.
      date.setUTCFullYear(y as number, (mo as number) - 1, d);
      date.setUTCHours(h as number, mi, s, ms);
      return date;
    },
  ),
};

function parseIsoDate(text: string): Date | undefined {
  if (!ISO_DATE.test(text)) return undefined;
  const isDayOnly = text.length === 10;
  const date = new Date(isDayOnly || HAS_ZONE.test(text) ? text : `${text}Z`);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function wholePart(value: Maybe): number {
  if (isNumeric(value) && Number.isSafeInteger(toNumber(value))) return toNumber(value);
  throw new CommandError('BadValue', `$dateFromParts requires whole numbers, found: ${String(value)}`);
}
