import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextAt, timeOfDay } from './time-of-day.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

describe('a time of every day', () => {
  it.each([
    ['2026-11-29T01:00:00.000Z', '2026-11-29T03:00:00.000Z'],
    ['2026-11-29T03:00:00.000Z', '2026-11-30T03:00:00.000Z'],
    ['2026-12-31T23:59:59.999Z', '2027-01-01T03:00:00.000Z'],
  ])('after %s, 03:00 is %s', (now, next) => {
    expect(nextAt(timeOfDay('03:00'), new Date(now)).toISOString()).toBe(next);
  });

  it('comes within a day, at that time, and after now', () => {
    const moments = fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(moments, fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }), (now, hour, minute) => {
        const next = nextAt({ hour, minute }, now);
        expect(next.getTime() - now.getTime()).toBeGreaterThan(0);
        expect(next.getTime() - now.getTime()).toBeLessThanOrEqual(DAY_MS);
        expect([next.getUTCHours(), next.getUTCMinutes()]).toEqual([hour, minute]);
      }),
    );
  });

  it.each(['', '3:00', '24:00', '12:60', '12:00:00', 'noon', ' 03:00'])('"%s" is none', (text) => {
    expect(() => timeOfDay(text)).toThrow('is not a time of day');
  });
});
