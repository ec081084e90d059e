import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketsNow, bucketsOf, type TrendWindow } from './trend.ts';

const LENGTH_S = { HOUR: 3_600, DAY: 86_400, WEEK: 7 * 86_400 } as const;
const windows = Object.keys(LENGTH_S) as TrendWindow[];
const moment = fc.date({ min: new Date('2026-01-01'), max: new Date('2030-01-01'), noInvalidDate: true });
const later = (at: Date, seconds: number) => new Date(at.getTime() + seconds * 1_000);
const isIn = (window: TrendWindow, at: Date, now: Date) =>
  bucketsNow(at).some(({ key }) => bucketsOf(window, now).includes(key));

describe.each(windows)('interest within a %s', (window) => {
  it('counts at once, and no more when the window has passed', () => {
    fc.assert(
      fc.property(moment, (at) => {
        expect(isIn(window, at, at)).toBe(true);
        expect(isIn(window, at, later(at, LENGTH_S[window]))).toBe(false);
      }),
    );
  });

  it('is kept at least as long as it counts', () => {
    fc.assert(
      fc.property(moment, fc.integer({ min: 0, max: LENGTH_S[window] }), (at, seconds) => {
        const now = later(at, seconds);
        for (const { key, ttlS } of bucketsNow(at)) {
          if (bucketsOf(window, now).includes(key)) expect(seconds).toBeLessThan(ttlS);
        }
      }),
    );
  });
});
