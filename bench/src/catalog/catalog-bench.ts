import type { CheckoutStage } from '../checkout/checkout-stage.ts';
import { type Build, startChild } from '../measure/child.ts';
import type { Report } from '../measure/report.ts';
import { type CatalogMeasurements, catalogReport } from './catalog-report.ts';
import {
  bareRounds,
  type Cell,
  catalogRound,
  checkedAnswers,
  driverRound,
  fillShop,
  type RoundLength,
  type Shop,
  startShop,
} from './catalog-rounds.ts';
import { READS } from './reads.ts';

export interface CatalogBenchOptions {
  build: Build;
  /** Where a shop is opened; in a marketplace of its own by default. */
  startStage?: typeof startShop;
  /** The limits hold for the first; cost against size is told from all. */
  sizes: readonly number[];
  /** Callers at a time; the limits hold for `limited`. */
  callers: readonly number[];
  limited: readonly number[];
  vendors: number;
  /** Pages asked for in turn. */
  pages: number;
  /** Once more with the entity cache that the gateway has by default. */
  withCache: boolean;
  rounds: number;
  warmUpMs: number;
  roundMs: number;
  maxRequests?: number;
  say(text: string): void;
}

export const catalogBenchDefaults: Omit<CatalogBenchOptions, 'say'> = {
  build: 'compiled',
  sizes: [1_000, 3_000],
  callers: [1, 4, 16, 64],
  limited: [1, 16],
  vendors: 5,
  pages: 100,
  withCache: true,
  rounds: 5,
  warmUpMs: 4_000,
  roundMs: 700,
};

/** The sizes that are promised; 100,000 take the better part of an hour to fill. */
export const catalogBenchLong: typeof catalogBenchDefaults = {
  ...catalogBenchDefaults,
  sizes: [1_000, 10_000, 100_000],
  vendors: 10,
  pages: 200,
  warmUpMs: 10_000,
  roundMs: 3_000,
};

/** What a shop is read for most: a product's page, a category's list, a search, suggestions for it. Everything a read costs, wherever it is spent. */
export async function benchCatalog(options: CatalogBenchOptions): Promise<Report> {
  const stops: (() => Promise<void>)[] = [];
  try {
    return catalogReport(options, await measure(options, (stop) => stops.push(stop)));
  } finally {
    for (const stop of stops.toReversed()) await stop();
  }
}

async function measure(
  options: CatalogBenchOptions,
  onStop: (stop: () => Promise<void>) => void,
): Promise<CatalogMeasurements> {
  const {
    build,
    startStage = startShop,
    sizes,
    callers,
    limited,
    vendors,
    pages,
    withCache,
    rounds,
    warmUpMs,
    roundMs,
    maxRequests,
    say,
  } = options;
  const wanted = sizes.map((products) => ({ products, isCached: false }));
  if (withCache) wanted.push({ products: sizes[0]!, isCached: true });
  const stages: CheckoutStage[] = [];
  for (const { isCached } of wanted) {
    const stage = await startStage({ isCached, build });
    onStop(() => stage.stop());
    stages.push(stage);
  }
  // Most of filling is waiting for what follows from it.
  const opened = await Promise.allSettled(
    wanted.map(async (each, index) => {
      const shop = await fillShop(stages[index]!, { ...each, vendors, pages });
      say(`  ${shop.name}: filled\n`);
      return shop;
    }),
  );
  const shops: Shop[] = opened.map((each) => {
    if (each.status === 'rejected') throw each.reason;
    return each.value;
  });
  const start = async (file: string) => {
    const child = await startChild({ name: file, file, build });
    onStop(() => child.stop());
    return child;
  };
  const [load, bareServer, drivers] = [await start('http-load'), await start('bare-http'), await start('store-reads')];
  const bare = { name: 'bare Node HTTP', pid: bareServer.pid, url: String(bareServer.facts['url']) };
  const [first] = shops as [Shop];
  const bytes: CatalogMeasurements['bytes'] = {};
  for (const shop of shops) {
    for (const read of READS) {
      const answers = await checkedAnswers(shop, read);
      if (shop !== first) continue;
      await bareServer.ask(answers);
      bytes[read.name] = Math.round(
        answers.reduce((sum, [, text]) => sum + Buffer.byteLength(text), 0) / answers.length,
      );
    }
  }

  const most = Math.max(...limited);
  const cells: Cell[] = READS.flatMap((read) =>
    shops.flatMap((shop) => {
      // The same crowds whatever the size: what was asked more often runs better, and would pass for a smaller catalog's merit.
      const crowds = shop.isCached ? limited : callers;
      return crowds.map((count) => ({ shop, read, callers: count }));
    }),
  );
  const length: RoundLength = { durationMs: roundMs, maxRequests };
  const warmUp: RoundLength = { durationMs: warmUpMs, maxRequests };
  for (const shop of shops) for (const read of READS) await catalogRound(load, { shop, read, callers: most }, warmUp);
  await bareRounds(load, bare, { ...length, shop: first, callers: most });

  const measured: CatalogMeasurements = {
    shops,
    cells: new Map(cells.map((cell) => [cell, []])),
    bare: [],
    drivers: [],
    bytes,
  };
  for (let count = 0; count < rounds; count += 1) {
    for (const cell of cells) {
      // What is kept is kept for a minute at most, and the rounds of the other shops may take longer.
      if (cell.shop.isCached) await catalogRound(load, cell, onceThrough(cell, length));
      const round = await catalogRound(load, cell, length);
      measured.cells.get(cell)!.push(round);
      say(
        `  ${cell.read.name.padEnd(14)} ${cell.shop.name.padEnd(20)} ${String(cell.callers).padStart(3)} callers ` +
          `${round.allMs.toFixed(2)} ms CPU, ${Math.round(round.perSecond)}/s\n`,
      );
    }
    measured.bare.push(...(await bareRounds(load, bare, { ...length, shop: first, callers: most })));
    for (const read of READS) {
      measured.drivers.push({ read: read.name, ...(await driverRound(drivers, first, { ...length, read })) });
    }
  }
  return measured;
}

/** Everything that is asked for, once. */
function onceThrough({ shop, read }: Cell, { durationMs, maxRequests = Number.POSITIVE_INFINITY }: RoundLength) {
  return { durationMs: durationMs * 10, maxRequests: Math.min(maxRequests, read.inputsOf(shop.shelves).length) };
}
