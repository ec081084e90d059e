import { until } from '@marketgraph/platform/testing';
import { holdFlashSale } from '@marketgraph/tests/support/flash-sale';
import { verifyStores } from '@marketgraph/verify';
import { type CheckoutStage, startCheckoutStage } from '../checkout/checkout-stage.ts';
import { conditionalUpdate, yardstick, type YardstickRound } from '../checkout/pgbench.ts';
import { openShop } from '../checkout/shop.ts';
import type { Build } from '../measure/child.ts';
import { type CpuParts, cpuPerOperation, medianCpu } from '../measure/cpu-parts.ts';
import type { Report } from '../measure/report.ts';
import { median, percentile, rounded } from '../measure/statistics.ts';
import { soldInStores } from './sold-in-stores.ts';

export interface FlashSaleBenchOptions {
  build: Build;
  /** Where it plays; of its own by default. */
  startStage?: typeof startCheckoutStage;
  /** Of each sale, which are as many as there are rounds, and one more before. */
  buyers: number;
  units: number;
  inFlight: number;
  rounds: number;
  yardstickSeconds: number;
  say(text: string): void;
}

export const flashSaleBenchDefaults: Omit<FlashSaleBenchOptions, 'say'> = {
  build: 'compiled',
  buyers: 200,
  units: 20,
  inFlight: 100,
  rounds: 3,
  yardstickSeconds: 2,
};

/** The size that is promised: 5,000 buyers, 200 of them at it at a time. */
export const flashSaleBenchLong = { ...flashSaleBenchDefaults, buyers: 5_000, units: 500, inFlight: 200, rounds: 1 };

/** What 5,000 buyers in 180 seconds come to. */
const BUYERS_PER_SECOND = 28;
const TOLD_WITHIN_MS = 2_000;
const SETTLE_MS = 60_000;
/** Of pgbench. They wait for one another on one row: more of them do not more, and connecting takes them longer. */
const UPDATERS = 32;

interface SaleRound {
  /** As the databases have it. */
  sold: number;
  seconds: number;
  buyersPerSecond: number;
  /** From asking to "sold out". */
  toldP50Ms: number;
  toldP95Ms: number;
  /** CPU per buyer, in milliseconds, whether they got one or not. */
  cpuMs: CpuParts;
}

/** Everybody wants the last ones; afterwards the databases are asked what was really sold. */
export async function benchFlashSale(options: FlashSaleBenchOptions): Promise<Report> {
  const { build, startStage = startCheckoutStage, buyers, units, rounds, inFlight, yardstickSeconds, say } = options;
  const stage = await startStage({ shape: 'monolith', build });
  try {
    const { offerIds, tokens } = await openShop(stage, { offers: rounds + 1, buyers: buyers * (rounds + 1), units });
    const sales = offerIds.map((offerId, at) => ({ offerId, tokens: tokens.slice(at * buyers, (at + 1) * buyers) }));
    const measure = await yardstick(stage, { accounts: 0 });
    try {
      await sellOut(stage, sales[0]!, options);
      const held: SaleRound[] = [];
      const bare: YardstickRound[] = [];
      for (const sale of sales.slice(1)) {
        const round = await sellOut(stage, sale, options);
        held.push(round);
        bare.push(
          await measure.run(conditionalUpdate(1), { clients: Math.min(inFlight, UPDATERS), seconds: yardstickSeconds }),
        );
        say(
          `  ${round.sold} of ${units} sold to ${buyers} buyers in ${round.seconds.toFixed(1)} s, ` +
            `sold out told after ${Math.round(round.toldP95Ms)} ms (p95); bare update of one row ${Math.round(bare.at(-1)!.perSecond)}/s\n`,
        );
      }
      await assertInvariants(stage);
      return reportOf(held, bare, { ...options, tool: measure.tool });
    } finally {
      await measure.drop();
    }
  } finally {
    await stage.stop();
  }
}

async function sellOut(
  stage: CheckoutStage,
  sale: { offerId: string; tokens: readonly string[] },
  { buyers, units, inFlight }: FlashSaleBenchOptions,
): Promise<SaleRound> {
  await stage.quiet();
  const before = await stage.read();
  const result = await holdFlashSale({
    ...{ graph: stage.graph, offerId: sale.offerId, buyers: sale.tokens, units, inFlight, mode: 'cold' },
  });
  await stage.quiet();
  const after = await stage.read();
  const { confirmed, soldOut, serverErrors, surprises, seconds, soldOutAfterMs } = result;
  const stored = await soldInStores(stage.access, sale.offerId);
  const expected = { confirmed: units, soldOut: buyers - units, serverErrors: 0, surprises: 0 };
  const told = { confirmed, soldOut, serverErrors, surprises: surprises.length };
  if (JSON.stringify(told) !== JSON.stringify(expected)) {
    throw new Error(`Buyers were told ${JSON.stringify(told)}, e.g. ${surprises.slice(0, 3).join(' · ')}`);
  }
  if (stored.sold !== units || stored.onHand !== 0 || stored.reserved !== 0) {
    throw new Error(`Of ${units} units the databases know ${JSON.stringify(stored)}`);
  }
  return {
    ...{ sold: stored.sold, seconds, buyersPerSecond: buyers / seconds },
    ...{ toldP50Ms: percentile(soldOutAfterMs, 0.5), toldP95Ms: percentile(soldOutAfterMs, 0.95) },
    cpuMs: cpuPerOperation(before.cpu, after.cpu, buyers),
  };
}

/** Of the whole marketplace, as `pnpm verify` looks at it. */
async function assertInvariants(stage: CheckoutStage): Promise<void> {
  let broken: { id: string; examples: readonly string[] }[] = [];
  await until(
    async () => {
      const verdicts = await verifyStores(stage.access);
      broken = verdicts.filter(({ violations, error }) => violations > 0 || error !== undefined);
      return broken.length === 0;
    },
    { timeoutMs: SETTLE_MS, intervalMs: 500, what: 'every invariant to hold' },
  ).catch((error: unknown) => {
    throw new Error(`After the sale: ${JSON.stringify(broken).slice(0, 500)}`, { cause: error });
  });
}

function reportOf(
  held: readonly SaleRound[],
  bare: readonly YardstickRound[],
  { buyers, units, inFlight, tool }: FlashSaleBenchOptions & { tool: string },
): Report {
  const of = (pick: (round: SaleRound) => number) => median(held.map(pick));
  const cpu = medianCpu(held.map(({ cpuMs }) => cpuMs));
  return {
    name: 'flash-sale',
    figures: [
      {
        ...{
          name: `buyers served per second, ${inFlight} at a time`,
          value: rounded(
            of((r) => r.buyersPerSecond),
            1,
          ),
        },
        ...{ unit: '/s', limit: BUYERS_PER_SECOND, want: 'at least' },
        bound: { of: 'bare update of one row', value: Math.round(median(bare.map(({ perSecond }) => perSecond))) },
      },
      {
        ...{ name: '“sold out” is told after, p95', value: Math.round(of((r) => r.toldP95Ms)), unit: 'ms' },
        ...{ limit: TOLD_WITHIN_MS, want: 'at most' },
      },
      {
        ...{ name: 'sold in the databases ÷ units there were', unit: '×', limit: 1, want: 'at most' },
        value: of((r) => r.sold / units),
      },
    ],
    tables: [
      {
        title: `${buyers} buyers, ${units} units of one offer; CPU in ms per buyer, medians of ${held.length} sales (${tool})`,
        rows: [
          {
            'buyers/s': of((r) => r.buyersPerSecond).toFixed(1),
            'told p50 ms': Math.round(of((r) => r.toldP50Ms)),
            'told p95 ms': Math.round(of((r) => r.toldP95Ms)),
            node: cpu.node.toFixed(2),
            postgres: cpu.postgres.toFixed(2),
            redis: cpu.redis.toFixed(2),
            emulators: cpu.emulators.toFixed(2),
          },
        ],
      },
    ],
    details: { buyers, units, inFlight, rounds: held, bare },
  };
}
