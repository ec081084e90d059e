import { type Build, startChild } from '../measure/child.ts';
import type { Figure, Report } from '../measure/report.ts';
import { median, rounded } from '../measure/statistics.ts';
import { type CartRound, cartReport, cartRound } from './cart-rounds.ts';
import { type CheckoutRound, checkoutRound, type Crowd, medianCheckout } from './checkout-rounds.ts';
import { type Shape, startCheckoutStage } from './checkout-stage.ts';
import { simpleUpdate, yardstick, type YardstickRound } from './pgbench.ts';
import { benchReservations, type ReservationBenchOptions } from './reservation-bench.ts';
import { openShop } from './shop.ts';

export interface CheckoutBenchOptions {
  build: Build;
  /** Where it plays; of its own by default. */
  startStage?: typeof startCheckoutStage;
  /** The first is the one the limits hold for. */
  shapes: readonly Shape[];
  /** How many buyers order at the same time, each their own offer. */
  crowds: readonly number[];
  /** How many buyers put things into their carts at the same time, and how long. */
  adders: { buyers: readonly number[]; warmUpMs: number; roundMs: number; maxAdds?: number };
  rounds: number;
  warmUpMs: number;
  roundMs: number;
  /** Per round, when time is not what ends it. */
  maxOrders?: number;
  yardstickSeconds: number;
  /** Of pgbench. */
  accounts: number;
  reservations: Omit<ReservationBenchOptions, 'build' | 'say'>;
  say(text: string): void;
}

export const checkoutBenchDefaults: Omit<CheckoutBenchOptions, 'say'> = {
  build: 'compiled',
  shapes: ['monolith'],
  crowds: [1, 16, 64],
  adders: { buyers: [1, 16], warmUpMs: 5_000, roundMs: 1_000 },
  rounds: 3,
  // An order passes through more code than a query: it takes hundreds of them until all of it is compiled.
  warmUpMs: 20_000,
  roundMs: 3_000,
  yardstickSeconds: 2,
  // Its scale 4: enough that 64 clients rarely meet.
  accounts: 400_000,
  reservations: { rounds: 3, seconds: 2, offers: 64, callers: 64 },
};

export const checkoutBenchLong: typeof checkoutBenchDefaults = {
  ...checkoutBenchDefaults,
  shapes: ['monolith', 'processes'],
  adders: { buyers: [1, 16, 64], warmUpMs: 5_000, roundMs: 4_000 },
  warmUpMs: 30_000,
  roundMs: 6_000,
  yardstickSeconds: 4,
  reservations: { rounds: 3, seconds: 4, offers: 64, callers: 64 },
};

const CPU_LIMIT_MS = 12;
const HOT = 'one offer';

/** What an order costs, from the first addition to the last event it sets off, and what a reservation does. */
export async function benchCheckout(options: CheckoutBenchOptions): Promise<Report> {
  const figures: Figure[] = [];
  const tables: Report['tables'] = [];
  const details: Record<string, unknown> = { options: { ...options, say: undefined } };
  const notes: string[] = [];
  for (const [index, shape] of options.shapes.entries()) {
    const { rounds, adds, updates, tool } = await measureShape(shape, options);
    details[shape] = {
      rounds: Object.fromEntries([...rounds].map(([crowd, each]) => [crowd.name, each])),
      adds: Object.fromEntries(adds),
      updates,
    };
    const carts = cartReport(shape, adds, updates);
    tables.push(...carts.tables);
    const medians = [...rounds].map(([crowd, each]) => ({ crowd, ...medianCheckout(each) }));
    const updatesPerSecond = median(updates.map(({ perSecond }) => perSecond));
    tables.push({
      title: `${shape}: CPU in ms per order; counted are node and postgres; pgbench simple-update ${Math.round(updatesPerSecond)}/s`,
      rows: medians.map((row) => ({
        buyers: row.crowd.name,
        counted: row.countedMs.toFixed(2),
        node: row.cpuMs.node.toFixed(2),
        postgres: row.cpuMs.postgres.toFixed(2),
        redis: row.cpuMs.redis.toFixed(2),
        emulators: row.cpuMs.emulators.toFixed(2),
        'orders/s': row.ordersPerSecond.toFixed(1),
        'p50 ms': row.p50Ms.toFixed(0),
        'p99 ms': row.p99Ms.toFixed(0),
        'transactions/order': row.transactionsPerOrder.toFixed(1),
        '÷ pgbench': ((row.ordersPerSecond * row.transactionsPerOrder) / updatesPerSecond).toFixed(2),
      })),
    });
    if (index > 0) continue;
    figures.push(...carts.figures);
    notes.push(`The yardstick is ${tool}.`);
    const updateMs = median(updates.map(({ postgresMsEach }) => postgresMsEach));
    for (const { crowd, countedMs, transactionsPerOrder } of medians) {
      if (crowd.offers !== crowd.buyers) continue;
      figures.push({
        ...{ name: `${shape}: CPU per order, ${crowd.name}`, value: rounded(countedMs, 2), unit: 'ms' },
        ...{ limit: CPU_LIMIT_MS, want: 'at most' },
        bound: { of: 'as many simple-updates', value: rounded(transactionsPerOrder * updateMs, 2) },
      });
    }
    const rateOf = (name: string) => medians.find(({ crowd }) => crowd.name === name)!.ordersPerSecond;
    const most = Math.max(...options.crowds);
    figures.push({
      name: `${shape}: orders of ${most} buyers, one offer ÷ ${most} offers`,
      value: rounded(rateOf(`${most}, ${HOT}`) / rateOf(String(most)), 2),
      ...{ unit: '×', limit: 0.5, want: 'at least' },
    });
  }
  const reservations = await benchReservations({ ...options.reservations, build: options.build, say: options.say });
  return {
    name: 'checkout',
    figures: [...figures, ...reservations.figures],
    tables: [...tables, ...reservations.tables],
    notes,
    details: { ...details, reservations: reservations.details },
  };
}

interface ShapeMeasurements {
  rounds: Map<Crowd, CheckoutRound[]>;
  /** By how many buyers at a time. */
  adds: Map<number, CartRound[]>;
  updates: YardstickRound[];
  tool: string;
}

async function measureShape(shape: Shape, options: CheckoutBenchOptions): Promise<ShapeMeasurements> {
  const { build, startStage = startCheckoutStage, crowds, adders, rounds, warmUpMs, roundMs, maxOrders, say } = options;
  const most = Math.max(...crowds);
  const mostAdders = Math.max(...adders.buyers);
  const all: Crowd[] = [
    ...crowds.map((buyers) => ({ name: String(buyers), buyers, offers: buyers })),
    { name: `${most}, ${HOT}`, buyers: most, offers: 1 },
  ];
  const stage = await startStage({ shape, build });
  try {
    const { offerIds, tokens: everybody } = await openShop(stage, { offers: most, buyers: most + mostAdders });
    const [tokens, addersTokens] = [everybody.slice(0, most), everybody.slice(most)];
    const measure = await yardstick(stage, { accounts: options.accounts });
    const buyers = await startChild({ name: 'buyers', file: 'checkout-buyers', build });
    const fillers = await startChild({ name: 'cart adders', file: 'cart-adders', build });
    try {
      const run = (crowd: Crowd, durationMs: number) =>
        checkoutRound(stage, buyers, {
          ...{ tokens: tokens.slice(0, crowd.buyers), offerIds: offerIds.slice(0, crowd.offers) },
          ...{ durationMs, maxOrders },
        });
      const add = (count: number, durationMs: number) =>
        cartRound(stage, fillers, {
          ...{ tokens: addersTokens.slice(0, count), offerIds, durationMs, maxAdds: adders.maxAdds },
        });
      await run(all.at(-2)!, warmUpMs);
      await add(mostAdders, adders.warmUpMs);
      const adds = new Map<number, CartRound[]>(adders.buyers.map((count) => [count, []]));
      const results = new Map<Crowd, CheckoutRound[]>(all.map((crowd) => [crowd, []]));
      const updates: YardstickRound[] = [];
      for (let count = 0; count < rounds; count += 1) {
        for (const crowd of all) {
          const round = await run(crowd, roundMs);
          results.get(crowd)!.push(round);
          say(
            `  ${shape} ${crowd.name.padEnd(14)} ${round.countedMs.toFixed(2)} ms (node ${round.cpuMs.node.toFixed(2)}, ` +
              `postgres ${round.cpuMs.postgres.toFixed(2)}), ${round.ordersPerSecond.toFixed(1)} orders/s\n`,
          );
        }
        for (const count of adders.buyers) {
          const round = await add(count, adders.roundMs);
          adds.get(count)!.push(round);
          say(
            `  ${shape} ${String(count).padEnd(14)} ${round.countedMs.toFixed(2)} ms per addition to a cart, ` +
              `${Math.round(round.addsPerSecond)}/s\n`,
          );
        }
        await stage.quiet();
        const update = await measure.run(simpleUpdate(options.accounts), {
          clients: most,
          seconds: options.yardstickSeconds,
        });
        updates.push(update);
        say(`  simple-update  ${Math.round(update.perSecond)}/s\n`);
      }
      return { rounds: results, adds, updates, tool: measure.tool };
    } finally {
      await buyers.stop();
      await fillers.stop();
      await measure.drop();
    }
  } finally {
    await stage.stop();
  }
}
