/**
 * How many cases a property is tried with. `PROPERTY_CASES` says it for all of them, which takes minutes; without it each
 * takes as many as every run of the tests has time for. Not a positive whole number: RangeError.
 */
export function cases(usual: number): number {
  const asked = process.env['PROPERTY_CASES'];
  if (asked === undefined || asked === '') return usual;
  const count = Number(asked);
  if (!Number.isSafeInteger(count) || count < 1)
    throw new RangeError('PROPERTY_CASES must be a positive whole number.');
  return count;
}
