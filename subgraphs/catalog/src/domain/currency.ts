const known = new Set(Intl.supportedValuesOf('currency'));
const digitsOf = new Map<string, number>();

export function isKnownCurrency(code: string): boolean {
  return known.has(code);
}

/** How many digits stand after the point: 2 for EUR, 0 for JPY, 3 for KWD. */
export function minorDigits(currencyCode: string): number {
  let digits = digitsOf.get(currencyCode);
  if (digits === undefined) {
    const format = new Intl.NumberFormat('en', { style: 'currency', currency: currencyCode });
    digits = format.resolvedOptions().maximumFractionDigits ?? 2;
    digitsOf.set(currencyCode, digits);
  }
  return digits;
}

/** `49.99` → 4999 by its digits, never by arithmetic on fractions. Undefined for what is no exact amount. */
export function toMinorUnits(decimal: string, currencyCode: string): number | undefined {
  const match = /^(\d{1,13})(?:\.(\d{1,8}))?$/.exec(decimal.trim());
  if (!match) return undefined;
  const digits = minorDigits(currencyCode);
  const fraction = (match[2] ?? '').replace(/0+$/, '');
  if (fraction.length > digits) return undefined;
  const amount = Number(match[1]! + fraction.padEnd(digits, '0'));
  return Number.isSafeInteger(amount) ? amount : undefined;
}

/** As a person reads it: `49.99 EUR`. */
export function shownPrice({ amount, currencyCode }: { amount: number; currencyCode: string }): string {
  const digits = minorDigits(currencyCode);
  const text = String(amount).padStart(digits + 1, '0');
  const whole = text.slice(0, text.length - digits);
  return `${digits > 0 ? `${whole}.${text.slice(-digits)}` : whole} ${currencyCode}`;
}
