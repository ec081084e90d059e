import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { retryDelayMs } from './retry-delay.ts';
import { Upkeep } from './upkeep.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('what is read again when it may have changed', () => {
  it('runs at once, then once for all that was due meanwhile, after a pause', async () => {
    let runs = 0;
    const upkeep = new Upkeep({
      run: async () => void (runs += 1),
      pauseMs: 1_000,
      retryMs: () => 0,
      onFailure: () => undefined,
    });
    for (let due = 0; due < 50; due += 1) upkeep.due();
    await vi.advanceTimersByTimeAsync(0);
    expect(runs).toBe(1);
    for (let due = 0; due < 50; due += 1) upkeep.due();
    await vi.advanceTimersByTimeAsync(999);
    expect(runs).toBe(1);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(runs).toBe(2);
  });

  it('is tried again after a failure, at once when somebody knows that it may work now, and never after the end', async () => {
    let runs = 0;
    const onFailure = vi.fn<(error: unknown) => void>();
    const run = async () => {
      runs += 1;
      throw new Error('away');
    };
    const upkeep = new Upkeep({ run, pauseMs: 0, retryMs: (failures) => failures * 1_000, onFailure });
    upkeep.due();
    await vi.advanceTimersByTimeAsync(999);
    expect(runs).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(runs).toBe(2);
    upkeep.retry();
    await vi.advanceTimersByTimeAsync(0);
    expect([runs, onFailure.mock.calls.length]).toEqual([3, 3]);
    upkeep.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(runs).toBe(3);
  });
});

describe('the pause before another attempt', () => {
  it('grows, differs, and ends at ten seconds', () => {
    expect([0, 1, 2, 3].map((failures) => retryDelayMs(failures, () => 1))).toEqual([250, 500, 1_000, 2_000]);
    expect(retryDelayMs(3, () => 0)).toBe(1_000);
    expect(retryDelayMs(1_000_000, () => 1)).toBe(10_000);
  });
});
