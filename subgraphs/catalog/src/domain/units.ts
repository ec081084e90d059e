export const unitSystems = ['METRIC', 'IMPERIAL'] as const;
export type UnitSystem = (typeof unitSystems)[number];

interface Pair {
  metric: string;
  imperial: string;
  /** So much of the metric unit is one imperial one. All but the last are exact by definition. */
  metricPerImperial: number;
  /** What the zero of the metric unit is in the imperial one. */
  zeroAt?: number;
}

/** What a unit is shown as in the other system; of several pairs of one unit the first counts. */
const PAIRS: readonly Pair[] = [
  { metric: 'cm', imperial: 'in', metricPerImperial: 2.54 },
  { metric: 'mm', imperial: 'in', metricPerImperial: 25.4 },
  { metric: 'm', imperial: 'ft', metricPerImperial: 0.3048 },
  { metric: 'm', imperial: 'yd', metricPerImperial: 0.9144 },
  { metric: 'km', imperial: 'mi', metricPerImperial: 1.609344 },
  { metric: 'g', imperial: 'oz', metricPerImperial: 28.349523125 },
  { metric: 'kg', imperial: 'lb', metricPerImperial: 0.45359237 },
  { metric: 'ml', imperial: 'fl oz', metricPerImperial: 29.5735295625 },
  { metric: 'l', imperial: 'gal', metricPerImperial: 3.785411784 },
  { metric: 'cm²', imperial: 'in²', metricPerImperial: 6.4516 },
  { metric: 'm²', imperial: 'ft²', metricPerImperial: 0.09290304 },
  { metric: 'km/h', imperial: 'mph', metricPerImperial: 1.609344 },
  { metric: '°C', imperial: '°F', metricPerImperial: 5 / 9, zeroAt: 32 },
];

/** More digits than this would tell of an exactness that the value never had. */
const SIGNIFICANT_DIGITS = 4;

/** A measure as the system has it, to four digits; what is in that system already, or in no unit we know, stays as it is. */
export function inUnits<T extends { value: unknown; unit: string | null }>(measure: T, system: UnitSystem): T {
  const { value, unit } = measure;
  if (typeof value !== 'number') return measure;
  if (system === 'IMPERIAL') {
    const pair = PAIRS.find(({ metric }) => metric === unit);
    if (!pair) return measure;
    return { ...measure, value: rounded(value / pair.metricPerImperial + (pair.zeroAt ?? 0)), unit: pair.imperial };
  }
  const pair = PAIRS.find(({ imperial }) => imperial === unit);
  if (!pair) return measure;
  return { ...measure, value: rounded((value - (pair.zeroAt ?? 0)) * pair.metricPerImperial), unit: pair.metric };
}

function rounded(value: number): number {
  return Number(value.toPrecision(SIGNIFICANT_DIGITS));
}
