import { parentPort, workerData } from 'node:worker_threads';
import type { Violation } from './invariants.ts';
import { plant } from './planted-bugs.ts';

export interface Order {
  from: number;
  step: number;
  /** Not itself. */
  end: number;
  bug?: string;
  isTraced: boolean;
}

export interface Report {
  schedules: number;
  steps: number;
  crashes: number;
  completed: number;
  failed: number;
  failures: { seed: number; violations: readonly Violation[] }[];
}

// Handed over by `main.ts` alone.
const order = workerData as Order;
if (order.bug !== undefined) plant(order.bug);
await import('./register.ts');
const { runSchedule } = await import('./run-schedule.ts');

// Faults are errors by the thousand, and nobody reads where they were made unless a seed is replayed.
if (!order.isTraced) Error.stackTraceLimit = 0;

const report: Report = { schedules: 0, steps: 0, crashes: 0, completed: 0, failed: 0, failures: [] };
for (let seed = order.from; seed < order.end; seed += order.step) {
  const outcome = await runSchedule(seed, order.isTraced ? (line) => console.log(line) : undefined);
  report.schedules += 1;
  report.steps += outcome.steps;
  report.crashes += outcome.crashes;
  report.completed += outcome.completed;
  report.failed += outcome.failed;
  if (outcome.violations.length > 0) report.failures.push({ seed, violations: outcome.violations });
  if (order.bug !== undefined && report.failures.length > 0) break;
}
parentPort?.postMessage(report);
