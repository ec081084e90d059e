import { describe, expect, it } from 'vitest';
import { benchCache, cacheBenchDefaults } from '../src/cache/cache-bench.ts';
import { benchCatalog } from '../src/catalog/catalog-bench.ts';
import type { CatalogRound } from '../src/catalog/catalog-rounds.ts';
import { benchCheckout } from '../src/checkout/checkout-bench.ts';
import type { CheckoutRound } from '../src/checkout/checkout-rounds.ts';
import { benchFanOut, fanOutDefaults } from '../src/fanout/fanout-bench.ts';
import { benchGateways, gatewayBenchDefaults } from '../src/gateway/gateway-bench.ts';
import type { Report } from '../src/measure/report.ts';

/**
 * A thin slice of each benchmark, so that none of them rots. What the figures
 * are is the machine's business; that they are there, and that nobody was told
 * anything wrong on the way, is ours.
 */
const quiet = { build: 'sources' as const, say: () => undefined };
/** Each starts up to six processes from their sources. */
const LIMIT_MS = 180_000;

const few = { connections: 4, rounds: 1, warmUpMs: 60_000, roundMs: 60_000, maxRequests: 100 };

const valuesOf = (report: Report) => report.figures.map(({ value }) => value);

describe('the benchmarks', { timeout: LIMIT_MS }, () => {
  it('gateway: ours, with either executor, and the stock one give the same answers under load', async () => {
    const report = await benchGateways({ ...gatewayBenchDefaults, ...quiet, ...few, withPeers: false });
    expect(report.tables[0]!.rows.map(({ gateway }) => gateway)).toEqual([
      'ours',
      'ours, stock executor',
      'stock @apollo/gateway',
    ]);
    const { rounds } = report.details as { rounds: Record<string, { requests: number }[]> };
    for (const [round] of Object.values(rounds)) expect(round!.requests).toBe(few.maxRequests);
    expect(valuesOf(report)).toSatisfy((values: number[]) => values.every((value) => value > 0));
  });

  it('fanout: every client gets every event, for one plan run each, and for one each per group when they differ', async () => {
    const report = await benchFanOut({
      ...{ ...fanOutDefaults, ...quiet, clients: 60, rounds: 1, closedEvents: 3, openEvents: 2, openIntervalMs: 1 },
      ...{ warmUpEvents: 2, groups: 6, groupEvents: 2 },
    });
    const { runs, closed, groups } = report.details as {
      runs: number;
      closed: { deliveries: number }[];
      groups: { count: number };
    };
    expect(runs).toBe(7);
    expect(closed.map(({ deliveries }) => deliveries)).toEqual([180]);
    expect(groups.count).toBe(6);
    expect(valuesOf(report)).toSatisfy((values: number[]) => values.every(Number.isFinite));
  });

  it('cache: kept answers are those of a gateway that keeps none', async () => {
    const report = await benchCache({ ...cacheBenchDefaults, ...quiet, ...few, products: 10 });
    expect(valuesOf(report)).toSatisfy((values: number[]) => values.every((value) => value > 0));
  });

  it('catalog: page, list and search are right, and what they cost is known by part', async () => {
    const report = await benchCatalog({
      ...{ ...quiet, sizes: [6], callers: [1, 2], limited: [1, 2], vendors: 2, pages: 4, withCache: false },
      ...{ rounds: 1, warmUpMs: 60_000, roundMs: 60_000, maxRequests: 12 },
    });
    const { rounds } = report.details as { rounds: { read: string; rounds: CatalogRound[] }[] };
    expect(rounds).toHaveLength(6);
    for (const each of rounds) {
      const [round] = each.rounds;
      expect(round!.operations).toBe(12);
      expect(round!.cpuMs.node).toBeGreaterThan(0);
    }
    const [, bounds] = report.tables;
    expect(bounds!.rows.map((row) => Number(row['drivers, reads/s']))).toSatisfy((rates: number[]) =>
      rates.every((rate) => rate > 0),
    );
    expect(valuesOf(report)).toSatisfy((values: number[]) => values.every((value) => value > 0));
  });

  it('checkout: every buyer gets a confirmed order, and what it cost is known by part', async () => {
    const report = await benchCheckout({
      ...{ ...quiet, shapes: ['monolith'], crowds: [1, 2], rounds: 1, warmUpMs: 60_000, roundMs: 60_000, maxOrders: 4 },
      ...{ yardstickSeconds: 1, reservations: { rounds: 1, seconds: 1, offers: 2, callers: 2 } },
    });
    const { monolith } = report.details as { monolith: { rounds: Record<string, CheckoutRound[]> } };
    expect(Object.keys(monolith.rounds)).toEqual(['1', '2', '2, one offer']);
    for (const [round] of Object.values(monolith.rounds)) {
      expect(round!.orders).toBe(4);
      expect(round!.cpuMs.node).toBeGreaterThan(0);
      expect(round!.cpuMs.postgres).toBeGreaterThan(0);
      expect(round!.transactionsPerOrder).toBeGreaterThan(1);
    }
    expect(report.figures.map(({ name }) => name)).toContain('rate of reservations ÷ bare conditional update');
    expect(valuesOf(report)).toSatisfy((values: number[]) => values.every((value) => value > 0));
  });
});
