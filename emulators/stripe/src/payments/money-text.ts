/** An amount as Stripe writes it in its messages: `$10.00`, `1.000 kwd` style for others. */
export function moneyText(amount: number, currency: string): string {
  const format = new Intl.NumberFormat('en-US', { style: 'currency', currency });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(amount / 10 ** digits);
}

/** Smallest charge per currency, in minor units; what is not listed may be any amount from 1 on. */
const minimumCharge: Record<string, number> = {
  aed: 200,
  aud: 50,
  brl: 50,
  cad: 50,
  chf: 50,
  czk: 1_500,
  dkk: 250,
  eur: 50,
  gbp: 30,
  hkd: 400,
  huf: 17_500,
  inr: 50,
  jpy: 50,
  mxn: 1_000,
  nok: 300,
  nzd: 50,
  pln: 200,
  ron: 200,
  sek: 300,
  sgd: 50,
  thb: 1_000,
  usd: 50,
};

export function smallestCharge(currency: string): number {
  return minimumCharge[currency] ?? 1;
}

/** Eight digits, the most a charge can have. */
export const LARGEST_CHARGE = 99_999_999;
