import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  chartText,
  formatMoney,
  hoursOf,
  PARTS,
  partAt,
  rangeOfDay,
  rangeOfPart,
  untilTomorrowMs,
} from './day-sales.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('the day of a shop', () => {
  it.each([
    ['an ordinary day', 'Europe/Berlin', '2026-11-20T12:00:00Z', 24],
    ['a day whose clocks go back', 'Europe/Berlin', '2026-10-25T12:00:00Z', 25],
    ['a day whose clocks go forward', 'Europe/Berlin', '2026-03-29T12:00:00Z', 23],
    ['a day in a zone of half an hour', 'Asia/Kolkata', '2026-11-20T12:00:00Z', 24],
  ])('%s is covered by its parts, without a gap or an overlap', (_, timeZone, at, hours) => {
    vi.stubEnv('TZ', timeZone);
    const now = new Date(at);
    const day = rangeOfDay(now);
    expect((Date.parse(day.to) - Date.parse(day.from)) / 3_600_000).toBe(hours);
    const parts = Array.from({ length: PARTS }, (_none, part) => rangeOfPart(now, part));
    expect(parts[0]!.from).toBe(day.from);
    expect(parts.at(-1)!.to).toBe(day.to);
    for (const [index, part] of parts.entries()) if (index > 0) expect(part.from).toBe(parts[index - 1]!.to);
    const current = parts[partAt(now)]!;
    expect(Date.parse(current.from)).toBeLessThanOrEqual(now.getTime());
    expect(Date.parse(current.to)).toBeGreaterThan(now.getTime());
    expect(now.getTime() + untilTomorrowMs(now)).toBe(Date.parse(day.to));
  });

  it.each([
    [{ amount: 2_500, currencyCode: 'EUR' }, '€25.00'],
    [{ amount: 5, currencyCode: 'EUR' }, '€0.05'],
    [{ amount: -1_234, currencyCode: 'USD' }, '-$12.34'],
    [{ amount: 980, currencyCode: 'JPY' }, '¥980'],
    [{ amount: 1_234_567, currencyCode: 'KWD' }, 'KWD 1,234.567'],
    // More than a number divided by a hundred can hold.
    [{ amount: Number.MAX_SAFE_INTEGER, currencyCode: 'EUR' }, '€90,071,992,547,409.91'],
  ])('shows %j as %s, to the last minor unit', (money, text) => {
    expect(formatMoney(money, 'en').replaceAll('\u{a0}', ' ')).toBe(text);
  });

  it('is told in words for those who do not see the chart', () => {
    const none = { orderCount: 0, grossSales: { amount: 0, currencyCode: 'EUR' } };
    const sold = { orderCount: 2, grossSales: { amount: 5_000, currencyCode: 'EUR' } };
    const parts = Array.from({ length: PARTS }, (_, part) => (part === 4 ? sold : none));
    expect(hoursOf(4)).toBe('08–10');
    expect(chartText({ day: { ...sold, unitsSold: 3 }, parts, current: 4 }, 'en')).toBe(
      'Sales today, every two hours: 08–10 h €50.00 from 2 orders. In all €50.00.',
    );
    expect(chartText({ day: { ...none, unitsSold: 0 }, parts: [], current: 0 }, 'en')).toContain('none yet');
  });
});
