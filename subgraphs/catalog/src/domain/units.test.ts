import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inUnits } from './units.ts';

const shown = (value: unknown, unit: string | null, system: 'METRIC' | 'IMPERIAL') => {
  const measure = inUnits({ key: 'measure', value, unit }, system);
  return `${String(measure.value)} ${measure.unit}`;
};

describe('C16 a measure in other units', () => {
  it.each([
    [2.54, 'cm', '1 in'],
    [24, 'cm', '9.449 in'],
    [12.7, 'mm', '0.5 in'],
    [2, 'm', '6.562 ft'],
    [100, 'km', '62.14 mi'],
    [500, 'g', '17.64 oz'],
    [1, 'kg', '2.205 lb'],
    [750, 'ml', '25.36 fl oz'],
    [20, 'l', '5.283 gal'],
    [10, 'm²', '107.6 ft²'],
    [100, 'km/h', '62.14 mph'],
    [100, '°C', '212 °F'],
    [-40, '°C', '-40 °F'],
    [0, 'cm', '0 in'],
  ])('%d %s is %s', (value, unit, imperial) => {
    expect(shown(value, unit, 'IMPERIAL')).toBe(imperial);
    expect(shown(value, unit, 'METRIC')).toBe(`${value} ${unit}`);
  });

  it.each([
    [10, 'in', '25.4 cm'],
    [6, 'ft', '1.829 m'],
    [1, 'yd', '0.9144 m'],
    [1, 'lb', '0.4536 kg'],
    [32, '°F', '0 °C'],
  ])('%d %s is %s', (value, unit, metric) => {
    expect(shown(value, unit, 'METRIC')).toBe(metric);
    expect(shown(value, unit, 'IMPERIAL')).toBe(`${value} ${unit}`);
  });

  it('stays as it is when it is no number, or in no unit that has another', () => {
    for (const system of ['METRIC', 'IMPERIAL'] as const) {
      expect(shown('24', 'cm', system)).toBe('24 cm');
      expect(shown(true, null, system)).toBe('true null');
      expect(shown(60, 'W', system)).toBe('60 W');
      expect(shown(5, '__proto__', system)).toBe('5 __proto__');
    }
  });

  it('keeps four digits on the way there and back', () => {
    const units = fc.constantFrom('cm', 'm', 'km', 'g', 'kg', 'ml', 'l', 'cm²', 'm²', 'km/h');
    fc.assert(
      fc.property(units, fc.double({ min: 0.001, max: 1e9, noNaN: true }), (unit, value) => {
        const back = inUnits(inUnits({ value, unit }, 'IMPERIAL'), 'METRIC');
        expect(back.unit).toBe(unit);
        expect(Math.abs(back.value - value)).toBeLessThanOrEqual(value * 0.0011);
      }),
    );
  });
});
