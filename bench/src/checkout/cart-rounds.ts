import type { Child } from '../measure/child.ts';
import { type CpuParts, cpuPerOperation, medianCpu } from '../measure/cpu-parts.ts';
import type { Figure, Report } from '../measure/report.ts';
import { median, rounded } from '../measure/statistics.ts';
import type { CartLoad, CartResult } from './cart-load.ts';
import type { CheckoutStage } from './checkout-stage.ts';
import type { YardstickRound } from './pgbench.ts';

export interface CartRound extends CartResult {
  addsPerSecond: number;
  /** CPU per addition, in milliseconds. */
  cpuMs: CpuParts;
  /** What the limit is about: as of an order. */
  countedMs: number;
}

/** A quarter of what an order may cost, which begins with one. */
const CPU_LIMIT_MS = 3;

export async function cartRound(stage: CheckoutStage, adders: Child, load: Omit<CartLoad, 'url'>): Promise<CartRound> {
  await stage.quiet();
  const before = await stage.read();
  const result = await adders.ask<CartResult>({ ...load, url: stage.graph.url } satisfies CartLoad);
  await stage.quiet();
  const after = await stage.read();
  const cpuMs = cpuPerOperation(before.cpu, after.cpu, result.adds);
  return { ...result, addsPerSecond: result.adds / result.seconds, cpuMs, countedMs: cpuMs.node + cpuMs.postgres };
}

/** So many buyers at a time, beside one small transaction of pgbench each. */
export function cartReport(
  shape: string,
  rounds: ReadonlyMap<number, readonly CartRound[]>,
  updates: readonly YardstickRound[],
): Pick<Report, 'figures' | 'tables'> {
  const update = {
    perSecond: median(updates.map(({ perSecond }) => perSecond)),
    ms: rounded(median(updates.map(({ postgresMsEach }) => postgresMsEach)), 3),
  };
  const figures: Figure[] = [];
  const rows: Report['tables'][number]['rows'] = [];
  for (const [buyers, each] of rounds) {
    const of = (pick: (round: CartRound) => number) => median(each.map(pick));
    const cpu = medianCpu(each.map(({ cpuMs }) => cpuMs));
    const counted = of(({ countedMs }) => countedMs);
    figures.push({
      ...{ name: `${shape}: CPU per addition to a cart, ${buyers}`, value: rounded(counted, 2), unit: 'ms' },
      ...{ limit: CPU_LIMIT_MS, want: 'at most', bound: { of: 'simple-update', value: update.ms } },
    });
    rows.push({
      buyers,
      counted: counted.toFixed(2),
      node: cpu.node.toFixed(2),
      postgres: cpu.postgres.toFixed(2),
      redis: cpu.redis.toFixed(2),
      emulators: cpu.emulators.toFixed(2),
      'adds/s': Math.round(of(({ addsPerSecond }) => addsPerSecond)),
      'p50 ms': of(({ p50Ms }) => p50Ms).toFixed(1),
      'p99 ms': of(({ p99Ms }) => p99Ms).toFixed(1),
      '÷ pgbench': (of(({ addsPerSecond }) => addsPerSecond) / update.perSecond).toFixed(3),
    });
  }
  return { figures, tables: [{ title: `${shape}: CPU in ms per addition to a cart`, rows }] };
}
