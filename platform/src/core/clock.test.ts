import { afterEach, describe, expect, it } from 'vitest';
import { ClockOffsetError, shiftClock, systemClock } from './clock.ts';

afterEach(() => void shiftClock({}));

const aheadMs = () => systemClock.now().getTime() - Date.now();
const HOUR_MS = 3_600_000;

describe('R23 a clock that is wrong on purpose', () => {
  it.each([600_000, -600_000, 86_400_000, -86_400_000])('is so by %i ms', (offset) => {
    expect(shiftClock({ NODE_ENV: 'test', CLOCK_OFFSET_MS: String(offset) })).toBe(true);
    expect(Math.abs(aheadMs() - offset)).toBeLessThan(1_000);
  });

  it('is right until its time has come', () => {
    expect(shiftClock({ NODE_ENV: 'test', CLOCK_OFFSET_MS: `-${HOUR_MS}:100000000` })).toBe(true);
    expect(Math.abs(aheadMs())).toBeLessThan(1_000);
  });

  it.each(['production', 'development', undefined])('83 is not wrong where NODE_ENV is %s', (NODE_ENV) => {
    expect(shiftClock({ NODE_ENV, CLOCK_OFFSET_MS: String(HOUR_MS) })).toBe(false);
    expect(Math.abs(aheadMs())).toBeLessThan(1_000);
  });

  it.each(['1h', '1:', ':5', '1.5', '5:-1'])('refuses the setting "%s"', (CLOCK_OFFSET_MS) => {
    expect(() => shiftClock({ NODE_ENV: 'test', CLOCK_OFFSET_MS })).toThrow(ClockOffsetError);
  });
});
