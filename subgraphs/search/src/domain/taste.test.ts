import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byTaste, interestIn } from './taste.ts';

const now = new Date('2026-06-01T00:00:00Z');
const later = new Date('2026-07-01T00:00:00Z');

describe('what an act says about taste', () => {
  it('halves in a month against a new one', () => {
    const [old, fresh] = [now, later].map((at) => interestIn('CLICK', { position: null, now: at }));
    expect(fresh! / old!).toBeCloseTo(2, 5);
  });

  it('is more for a purchase than for a click, and for a click further down the list', () => {
    const of = (act: 'CLICK' | 'PURCHASE', position: number) => interestIn(act, { position, now });
    expect(of('PURCHASE', 1)).toBeGreaterThan(of('CLICK', 1));
    expect(of('CLICK', 20)).toBeGreaterThan(of('CLICK', 1));
    expect(of('CLICK', 1e9)).toBeLessThan(4 * of('CLICK', 1));
  });
});

describe('the order of taste', () => {
  it('keeps every hit, and the order of those that taste says nothing about', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer(), { maxLength: 30 }), fc.boolean(), (hits, isOn) => {
        const ordered = byTaste(hits, () => (isOn ? 0.5 : 0));
        expect(ordered).toEqual(hits);
      }),
    );
  });

  it('lifts what is like the liked, but not over everything', () => {
    const hits = Array.from({ length: 40 }, (_, at) => at);
    expect(byTaste(hits, (hit) => (hit === 8 ? 0.9 : 0))[0]).toBe(8);
    expect(byTaste(hits, (hit) => (hit === 39 ? 1 : 0)).indexOf(39)).toBeGreaterThan(10);
  });
});
