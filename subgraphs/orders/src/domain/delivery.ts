import { money, type Money } from '@marketgraph/platform/core';

export interface DeliveryOption {
  id: 'STANDARD' | 'EXPRESS';
  name: string;
  price: Money;
  /** Days until it arrives, counted from the order. */
  days: number;
}

type Zone = 'EU' | 'US' | 'GB' | 'WORLD';

/** Prices in hundredths of a euro-sized unit; `freeFrom` is the subtotal from which STANDARD costs nothing. */
const RATES: Readonly<
  Record<Zone, { standard: number; express: number; freeFrom: number; standardDays: number; expressDays: number }>
> = {
  EU: { standard: 490, express: 1_290, freeFrom: 5_000, standardDays: 4, expressDays: 2 },
  US: { standard: 590, express: 1_490, freeFrom: 6_000, standardDays: 5, expressDays: 2 },
  GB: { standard: 450, express: 1_190, freeFrom: 5_000, standardDays: 4, expressDays: 2 },
  WORLD: { standard: 1_490, express: 2_990, freeFrom: 20_000, standardDays: 12, expressDays: 5 },
};

/** Hundredths → minor units of the currency, so that a parcel does not cost 490 yen's worth of euros in Tokyo. */
const UNITS_PER_HUNDREDTH: Readonly<Record<string, number>> = { JPY: 1.6, KRW: 15, INR: 95, HUF: 400, BHD: 4, KWD: 3 };

const EU = 'AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK'.split(' ');

/**
 * What one vendor's parcel can cost. The prices are final: they include
 * whatever tax there is on carriage. Nothing is offered before the country is known.
 */
export function deliveryOptions(subtotal: Money, countryCode: string | null): DeliveryOption[] {
  if (countryCode === null) return [];
  const rates = RATES[zoneOf(countryCode)];
  const scale = UNITS_PER_HUNDREDTH[subtotal.currencyCode] ?? 1;
  const price = (hundredths: number) => money(Math.round(hundredths * scale), subtotal.currencyCode);
  const isFree = subtotal.amount >= price(rates.freeFrom).amount;
  return [
    { id: 'STANDARD', name: 'Standard delivery', price: price(isFree ? 0 : rates.standard), days: rates.standardDays },
    { id: 'EXPRESS', name: 'Express delivery', price: price(rates.express), days: rates.expressDays },
  ];
}

/** The buyer's choice where it is offered, else the first option: an order never waits for a choice it need not make. */
export function selectedDelivery(
  options: readonly DeliveryOption[],
  chosen: string | undefined,
): DeliveryOption | null {
  return options.find((option) => option.id === chosen) ?? options[0] ?? null;
}

export function isDeliveryOption(id: string): id is DeliveryOption['id'] {
  return id === 'STANDARD' || id === 'EXPRESS';
}

function zoneOf(countryCode: string): Zone {
  if (EU.includes(countryCode)) return 'EU';
  return countryCode === 'US' || countryCode === 'GB' ? countryCode : 'WORLD';
}
