import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createMetrics } from '../telemetry/telemetry.ts';
import { silentLog as log } from '../testing/testing.ts';
import { watchFigure } from './figures.ts';

const stuck = { name: 'things_stuck', help: 'Must be 0.' };

describe('a figure that a store has to be asked for', () => {
  it('is asked for when somebody looks, once for all who look within a second', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const metrics = createMetrics();
    let asked = 0;
    watchFigure(stuck, { metrics, log, look: async () => (asked += 1) });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toBe(0);
    const texts = await Promise.all([metrics.text(), metrics.text()]);
    for (const text of texts) expect(text).toContain('things_stuck 1');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await metrics.text()).toContain('things_stuck 2');
  });

  it('stays what it was while the store cannot be asked, and is not asked for after the end', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const metrics = createMetrics();
    const answers: (() => number)[] = [
      () => 3,
      () => {
        throw new Error('The store is away.');
      },
    ];
    const watch = watchFigure(stuck, { metrics, log, look: async () => answers.shift()!() });
    expect(await metrics.text()).toContain('things_stuck 3');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await metrics.text()).toContain('things_stuck 3');
    await watch.stop();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await metrics.text()).toContain('things_stuck 3');
    expect(answers).toEqual([]);
  });
});
