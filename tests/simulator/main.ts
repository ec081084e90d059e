import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { Order, Report } from './worker.ts';

/**
 * `--seeds N` schedules beginning with `--from`, on `--workers` threads; `--seed S` replays one and prints what it did;
 * `--bug "name"` plants a bug first and stops at the first seed that finds it.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '2000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    bug: { type: 'string' },
    workers: { type: 'string' },
  },
});

const whole = (name: string, text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} is a whole number from 1, not "${text}".`);
  return value;
};

const isReplay = values.seed !== undefined;
const from = whole('seed', values.seed ?? values.from);
const seeds = isReplay ? 1 : whole('seeds', values.seeds);
const workers = isReplay ? 1 : whole('workers', values.workers ?? String(Math.min(availableParallelism(), seeds)));
/** A failure tells more than a hundred of them. */
const MAX_SHOWN = 5;

const started = performance.now();
const work = (part: number): Promise<Report> =>
  new Promise((resolve, reject) => {
    const order: Order = { from: from + part, step: workers, end: from + seeds, bug: values.bug, isTraced: isReplay };
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: order });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
const reports = await Promise.all(Array.from({ length: workers }, (_, part) => work(part)));
const seconds = (performance.now() - started) / 1_000;

const sum = (of: (report: Report) => number) => reports.reduce((total, report) => total + of(report), 0);
const failures = reports.flatMap((report) => report.failures).toSorted((a, b) => a.seed - b.seed);
for (const { seed, violations } of failures.slice(0, MAX_SHOWN)) {
  for (const { promise, found } of violations) console.log(`seed ${seed} breaks: ${promise}\n  ${found}`);
  console.log(`  replay: pnpm test:sim --seed ${seed}`);
}
const run = sum(({ schedules }) => schedules);
console.log(
  `${run} schedules, ${sum(({ steps }) => steps)} steps, ${sum(({ crashes }) => crashes)} crashes, ` +
    `${sum(({ completed }) => completed)} purchases, ${sum(({ failed }) => failed)} given up, ` +
    `${failures.length} failed, ${seconds.toFixed(1)} s, ${(run / seconds).toFixed(0)} schedules/s`,
);
process.exitCode = failures.length > 0 ? 1 : 0;
