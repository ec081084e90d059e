import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { plantedBugs } from './planted-bugs.ts';

const MAIN = join(import.meta.dirname, 'main.ts');
const FLAGS = ['--conditions=source', '--disable-warning=ExperimentalWarning'];
/** Two cores that others use as well. */
const LIMIT_MS = 300_000;
/** As many as have room beside everything else; `pnpm test:sim` runs any number. */
const SCHEDULES = 1_000;
/** Every planted bug shows within these; most in the first ten. */
const SEEDS_PER_BUG = 2_000;

/** A process of its own: schedules replace its clock, and planted bugs its sources. */
function simulate(...given: string[]): Promise<{ status: number; printed: string }> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [...FLAGS, MAIN, ...given],
      { maxBuffer: 64 * 1_024 * 1_024, timeout: LIMIT_MS },
      (error, stdout, stderr) => {
        if (error && typeof error.code !== 'number') return reject(error);
        resolve({ status: error ? Number(error.code) : 0, printed: stdout + stderr });
      },
    );
  });
}

describe('simulated schedules of checkout, stock, payments and messages', () => {
  it(
    'R32 1,000 schedules with crash, duplicate, delay and reorder keep every promise and come to an end',
    { timeout: LIMIT_MS },
    async () => {
      const { status, printed } = await simulate('--seeds', String(SCHEDULES));
      expect(printed).toMatch(new RegExp(`^${SCHEDULES} schedules, .* 0 failed`, 'm'));
      // Nothing is kept by shops in which nobody can buy.
      const [, purchases] = /(\d+) purchases/.exec(printed) ?? [];
      expect(Number(purchases)).toBeGreaterThan(SCHEDULES / 2);
      expect(status).toBe(0);
    },
  );

  it('a seed replays step by step: the same trace twice', { timeout: LIMIT_MS }, async () => {
    const traces = await Promise.all([simulate('--seed', '17'), simulate('--seed', '17')]);
    // The summary is another thread's, and comes among the last lines of the trace or after them.
    const [first, second] = traces.map(({ printed }) => {
      const isSummary = (line: string) => /^\d+ schedules, /.test(line);
      const lines = printed.split('\n');
      return {
        trace: lines.filter((line) => !isSummary(line)),
        summary: lines.find(isSummary)?.replace(/[\d.]+ s, \d+ schedules\/s/, ''),
      };
    });
    expect(first!.trace.join('\n')).toContain('faults end');
    expect(first!.summary).toContain('1 schedules');
    expect(first).toEqual(second);
  });

  it.each(plantedBugs)('finds when $name', { timeout: LIMIT_MS }, async ({ name, firstSeed = 1 }) => {
    const seeds = ['--from', String(firstSeed), '--seeds', String(SEEDS_PER_BUG)];
    // One thread: each loads the whole product, and the first seeds are enough.
    const { status, printed } = await simulate('--bug', name, ...seeds, '--workers', '1');
    expect(printed).toMatch(/^seed \d+ breaks: /m);
    expect(status).toBe(1);
  });
});
