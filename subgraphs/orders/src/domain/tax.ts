/**
 * The port: which rate applies to goods sent to a place, in basis points. A
 * provider that answers over a network looks the rate up before pricing and
 * hands in the same shape.
 */
export interface TaxRates {
  rateOf(place: { countryCode: string; region: string | null }): number;
}

/** Prices are net; goods are taxed where they go. No rule means no tax. */
export const ruleTableTaxRates: TaxRates = {
  rateOf({ countryCode, region }) {
    if (countryCode === 'US') return US_STATE_SALES_TAX[stateOf(region)] ?? 0;
    return EU_STANDARD_VAT[countryCode] ?? 0;
  },
};

function stateOf(region: string | null): string {
  return (region ?? '').trim().toUpperCase().replace(/^US-/, '');
}

/** Standard VAT rates, basis points. */
const EU_STANDARD_VAT: Readonly<Record<string, number>> = {
  AT: 2_000,
  BE: 2_100,
  BG: 2_000,
  CY: 1_900,
  CZ: 2_100,
  DE: 1_900,
  DK: 2_500,
  EE: 2_400,
  ES: 2_100,
  FI: 2_550,
  FR: 2_000,
  GR: 2_400,
  HR: 2_500,
  HU: 2_700,
  IE: 2_300,
  IT: 2_200,
  LT: 2_100,
  LU: 1_700,
  LV: 2_100,
  MT: 1_800,
  NL: 2_100,
  PL: 2_300,
  PT: 2_300,
  RO: 2_100,
  SE: 2_500,
  SI: 2_200,
  SK: 2_300,
};

/** State rates without local surcharges, basis points; half a point is rounded up. */
const US_STATE_SALES_TAX: Readonly<Record<string, number>> = {
  AL: 400,
  AR: 650,
  AZ: 560,
  CA: 725,
  CO: 290,
  CT: 635,
  DC: 600,
  FL: 600,
  GA: 400,
  HI: 400,
  IA: 600,
  ID: 600,
  IL: 625,
  IN: 700,
  KS: 650,
  KY: 600,
  LA: 500,
  MA: 625,
  MD: 600,
  ME: 550,
  MI: 600,
  MN: 688,
  MO: 423,
  MS: 700,
  NC: 475,
  ND: 500,
  NE: 550,
  NJ: 663,
  NM: 488,
  NV: 685,
  NY: 400,
  OH: 575,
  OK: 450,
  PA: 600,
  RI: 700,
  SC: 600,
  SD: 420,
  TN: 700,
  TX: 625,
  UT: 485,
  VA: 430,
  VT: 600,
  WA: 650,
  WI: 500,
  WV: 600,
  WY: 400,
};
