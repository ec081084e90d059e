import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { benchCache, cacheBenchDefaults } from '../src/cache/cache-bench.ts';
import { benchCatalog } from '../src/catalog/catalog-bench.ts';
import { type CatalogRound, startShop } from '../src/catalog/catalog-rounds.ts';
import { benchCheckout } from '../src/checkout/checkout-bench.ts';
import type { CheckoutRound } from '../src/checkout/checkout-rounds.ts';
import type { CheckoutStage } from '../src/checkout/checkout-stage.ts';
import { benchFanOut, fanOutDefaults } from '../src/fanout/fanout-bench.ts';
import { benchFlashSale } from '../src/flash-sale/flash-sale-bench.ts';
import { benchGateways, gatewayBenchDefaults } from '../src/gateway/gateway-bench.ts';
import { benchImport } from '../src/import/import-bench.ts';
import { benchMarketplace } from '../src/marketplace/marketplace-bench.ts';
import type { Child } from '../src/measure/child.ts';
import type { Report } from '../src/measure/report.ts';
import { benchPrices } from '../src/prices/prices-bench.ts';
import { benchReindex } from '../src/reindex/reindex-bench.ts';
import { startToyStage, type ToyStage } from '../src/toy/toy-stage.ts';
import { openOwnMarket } from '../src/vendure/own-market.ts';

/**
 * A thin slice of each benchmark, so that none of them rots. What the figures
 * are is the machine's business; that they are there, and that nobody was told
 * anything wrong on the way, is ours. They share one marketplace and one toy
 * shop: starting is what takes time.
 */
const build = 'sources';
const quiet = { build, say: () => undefined } as const;
/** Most start some processes from their sources. */
const LIMIT_MS = 180_000;

const few = { connections: 4, rounds: 1, warmUpMs: 60_000, roundMs: 60_000, maxRequests: 100 };

const valuesOf = (report: Report) => report.figures.map(({ value }) => value);

/** Somebody else's to stop. */
const borrowed = <Stage extends { stop(): Promise<void> }>(stage: Stage) => ({
  startStage: async (): Promise<Stage> => ({ ...stage, stop: async () => undefined }),
});

/** Whoever wants a process of the same kind gets the same one. */
function withSharedProcesses(stage: ToyStage): ToyStage {
  const started = new Map<string, Promise<Child>>();
  const once = (key: string, start: () => Promise<Child>): Promise<Child> => {
    if (!started.has(key)) started.set(key, start());
    return started.get(key)!;
  };
  return {
    ...stage,
    ownGateway: ({ name, env = {} }) =>
      once(JSON.stringify({ GATEWAY_EXECUTOR: 'own', ENTITY_CACHE_BYTES: '', ...env }), () =>
        stage.ownGateway({ name, env, nodeOptions: ['--expose-gc'] }),
      ),
    // Two of these hold the two halves of a crowd.
    start: (file, options) =>
      file === 'socket-clients' ? stage.start(file, options) : once(file, () => stage.start(file, options)),
  };
}

let toy: ToyStage | undefined;
let market: CheckoutStage | undefined;

beforeAll(async () => {
  toy = withSharedProcesses(await startToyStage({ build }));
  market = await startShop({ isCached: false, build });
}, LIMIT_MS);
afterAll(async () => {
  await toy?.stop();
  await market?.stop();
}, LIMIT_MS);

describe('the benchmarks', { timeout: LIMIT_MS }, () => {
  it('gateway: ours, with either executor, and the stock one give the same answers under load', async () => {
    const report = await benchGateways({
      ...gatewayBenchDefaults,
      ...quiet,
      ...borrowed(toy!),
      ...few,
      withPeers: false,
    });
    expect(report.tables[0]!.rows.map(({ gateway }) => gateway)).toEqual([
      'ours',
      'ours, stock executor',
      'stock @apollo/gateway',
      'bare Node HTTP',
    ]);
    const { rounds } = report.details as { rounds: Record<string, { requests: number }[]> };
    for (const [round] of Object.values(rounds)) expect(round!.requests).toBe(few.maxRequests);
    expect(valuesOf(report)).toSatisfy((values: number[]) => values.every((value) => value > 0));
  });

  it('fanout: every client gets every event, for one plan run each, and for one each per group when they differ', async () => {
    const report = await benchFanOut({
      ...{
        ...fanOutDefaults,
        ...quiet,
        ...borrowed(toy!),
        clients: 60,
        rounds: 1,
        closedEvents: 3,
        openEvents: 2,
        openIntervalMs: 1,
      },
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
    const report = await benchCache({ ...cacheBenchDefaults, ...quiet, ...borrowed(toy!), ...few, products: 10 });
    expect(valuesOf(report)).toSatisfy((values: number[]) => values.every((value) => value > 0));
  });

  it('catalog: page, list, search and suggestions are right, and what they cost is known by part', async () => {
    const report = await benchCatalog({
      ...{
        ...quiet,
        ...borrowed(market!),
        sizes: [6],
        callers: [1, 2],
        limited: [1, 2],
        vendors: 2,
        pages: 4,
        withCache: false,
      },
      ...{ rounds: 1, warmUpMs: 60_000, roundMs: 60_000, maxRequests: 12 },
    });
    const { rounds } = report.details as { rounds: { read: string; rounds: CatalogRound[] }[] };
    expect(rounds).toHaveLength(8);
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
      ...{ ...quiet, ...borrowed(market!), shapes: ['monolith'], crowds: [1, 2], rounds: 1, maxOrders: 2 },
      ...{ warmUpMs: 60_000, roundMs: 60_000, yardstickSeconds: 1, accounts: 100 },
      adders: { buyers: [2], warmUpMs: 60_000, roundMs: 60_000, maxAdds: 6 },
      reservations: { rounds: 1, seconds: 0.2, offers: 2, callers: 2 },
    });
    const { monolith } = report.details as {
      monolith: { rounds: Record<string, CheckoutRound[]>; adds: Record<string, { adds: number }[]> };
    };
    expect(monolith.adds).toMatchObject({ 2: [{ adds: 6 }] });
    expect(Object.keys(monolith.rounds)).toEqual(['1', '2', '2, one offer']);
    for (const [round] of Object.values(monolith.rounds)) {
      expect(round!.orders).toBe(2);
      expect(round!.cpuMs.node).toBeGreaterThan(0);
      expect(round!.cpuMs.postgres).toBeGreaterThan(0);
      expect(round!.transactionsPerOrder).toBeGreaterThan(1);
    }
    expect(report.figures.map(({ name }) => name)).toContain('rate of reservations ÷ bare conditional update');
    expect(valuesOf(report)).toSatisfy((values: number[]) => values.every((value) => value > 0));
  });

  it('flash-sale: what there was is sold, by what the databases say, and the others are told', async () => {
    const report = await benchFlashSale({
      ...{ ...quiet, ...borrowed(market!), buyers: 6, units: 2, inFlight: 6, rounds: 1, yardstickSeconds: 1 },
    });
    expect(report.details).toMatchObject({ rounds: [{ sold: 2 }], bare: [{}] });
    expect(report.figures.find(({ name }) => name.startsWith('sold in the databases'))!.value).toBe(1);
  });

  it('vendure: our side of it orders, and sells what there is to those who come with full carts', async () => {
    const sale = { buyers: 4, units: 2, modes: ['prepared'] } as const;
    const ours = await openOwnMarket(market!, { build, buyers: 1, sale });
    try {
      const round = await ours.order(1, 1_000);
      expect(round.orders).toBeGreaterThan(0);
      expect(round.cpuMs.node).toBeGreaterThan(0);
      const told = { confirmed: 2, soldOut: 2, surprises: [] };
      expect(await ours.sell('prepared')).toMatchObject({ sold: 2, onHand: 0, setAside: 0, ...told });
    } finally {
      await ours.close();
    }
  });

  it('prices: every answer is the price of the contract', async () => {
    const report = await benchPrices({
      ...{ ...quiet, ...borrowed(market!), offers: 2, perSecond: 20, warmUpS: 0.1, seconds: 0.5 },
    });
    expect(report.details).toMatchObject({ answers: 10 });
  });

  it('import: a feed comes in once, and its cost is known beside bare inserts', async () => {
    const report = await benchImport({ ...quiet, ...borrowed(market!), smallRows: 4, rows: 8 });
    expect(report.details).toMatchObject({ large: { created: 8 }, again: { created: 0 } });
    expect(report.figures[0]!.bound!.value).toBeGreaterThan(0);
  });

  it('reindex: all documents are in the new version, and no search fails meanwhile', async () => {
    const report = await benchReindex({
      ...{ ...quiet, ...borrowed(market!), products: 4, vendors: 2, callers: 2, beforeMs: 100, rounds: 1 },
    });
    const { rounds } = report.details as {
      rounds: { documents: number; barePerSecond: number; meanwhile: { searches: number; failed: number } }[];
    };
    expect(rounds[0]!.documents).toBeGreaterThanOrEqual(4);
    expect(rounds[0]!.barePerSecond).toBeGreaterThan(0);
    expect(rounds[0]!.meanwhile.searches).toBeGreaterThan(0);
    expect(rounds[0]!.meanwhile.failed).toBe(0);
  });

  it('marketplace: a first and a second start are told apart, and how soon what happened is seen', async () => {
    let starts = 0;
    const start = async () => ({
      ...{ graph: market!.graph, startedInMs: (starts += 1) },
      ...{ nodeMegabytes: () => market!.nodeMegabytes(), stop: async () => undefined },
    });
    const report = await benchMarketplace({
      ...{ ...quiet, start, shapes: ['monolith'], hasStory: false, times: { published: 1, orders: 1, events: 2 } },
    });
    const [first, second, memory, searchable, confirmed, event] = valuesOf(report) as [number, number, ...number[]];
    expect([first, second]).toEqual([1, 2]);
    expect([memory, searchable, confirmed]).toSatisfy((values: number[]) => values.every((value) => value > 0));
    // Timed from what the database's clock said, as services know it: some milliseconds either way.
    expect(event).toSatisfy(Number.isFinite);
  });
});
