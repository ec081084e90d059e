import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { silentLog as log } from '../testing/testing.ts';
import { type LoopOptions, startLoop } from './loop.ts';

const MINUTE_MS = 60_000;

/** A loop whose runs end as listed, and idle after that. */
function loopOf(ends: (Awaited<ReturnType<LoopOptions['run']>> | Error)[]) {
  vi.useFakeTimers();
  const runs: number[] = [];
  const started = Date.now();
  const loop = startLoop({
    ...{ name: 'test', log, intervalMs: MINUTE_MS },
    async run() {
      runs.push(Date.now() - started);
      const end = ends.shift() ?? 'idle';
      if (end instanceof Error) throw end;
      return end;
    },
  });
  onTestFinished(async () => {
    await loop.stop();
    vi.useRealTimers();
  });
  return { loop, runs };
}

describe('work that repeats', () => {
  it('runs again after its interval, at once when there is more, or when it says', async () => {
    const { runs } = loopOf(['busy', 500, 'idle']);
    await vi.advanceTimersByTimeAsync(MINUTE_MS + 500);
    expect(runs).toEqual([0, 0, 500, MINUTE_MS + 500]);
  });

  it('runs now when somebody says that there is something, also when it is said during a run', async () => {
    const { loop, runs } = loopOf([]);
    await vi.advanceTimersByTimeAsync(1_000);
    loop.nudge();
    await vi.advanceTimersByTimeAsync(0);
    expect(runs).toEqual([0, 1_000]);
  });

  it('wakes up together with others that rest for long, never later than it says', async () => {
    const { runs } = loopOf([180]);
    await vi.advanceTimersByTimeAsync(2 * MINUTE_MS);
    expect(runs).toEqual([0, 180, MINUTE_MS, 2 * MINUTE_MS]);
  });

  it('tries again soon after a failure, however seldom it runs otherwise, and later and later', async () => {
    const { runs } = loopOf([new Error('no'), new Error('no'), new Error('no')]);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(runs).toEqual([0, 400, 1_200, 2_800]);
  });
});
