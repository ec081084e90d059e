import { linePlot } from '../measure/line-plot.ts';
import type { Figure, Report } from '../measure/report.ts';
import { median, rounded } from '../measure/statistics.ts';
import type { CatalogBenchOptions } from './catalog-bench.ts';
import {
  type bareRounds,
  type CatalogRound,
  type Cell,
  type DriverRound,
  medianCatalogRound,
  type Shop,
} from './catalog-rounds.ts';
import { type Read, READS } from './reads.ts';

export interface CatalogMeasurements {
  /** The limits hold for those of the first one's size. */
  shops: readonly Shop[];
  cells: Map<Cell, CatalogRound[]>;
  bare: Awaited<ReturnType<typeof bareRounds>>;
  drivers: (DriverRound & { read: Read['name'] })[];
  /** Of an answer, on average. */
  bytes: Partial<Record<Read['name'], number>>;
}

/** How much more a read may cost in the largest catalog than in the smallest. */
const GROWTH_LIMIT = 1.3;
const GROWTH_LIMITED: ReadonlySet<Read['name']> = new Set(['product page', 'category list']);

/** So many ask at a time where it is told how long an answer takes: more of them wait for each other, on a machine of a few cores. */
const ALONE = 1;

type Medians = Cell & Omit<CatalogRound, 'operations'>;

export function catalogReport(options: CatalogBenchOptions, measured: CatalogMeasurements): Report {
  const { limited, say: _say, ...settings } = options;
  const medians: Medians[] = [...measured.cells].map(([cell, rounds]) => ({ ...cell, ...medianCatalogRound(rounds) }));
  const [first] = measured.shops as [Shop];
  const most = Math.max(...limited);
  const sizes = costBySize(medians, most);
  return {
    name: 'catalog',
    figures: [
      ...medians.flatMap(({ shop, read, callers, allMs }): Figure[] => {
        if (read.limitMs === undefined || shop.products !== first.products || !limited.includes(callers)) return [];
        const name = `${read.name}: CPU of everything, ${callers} at a time, ${modeOf(shop)}`;
        const bound = boundOf(read.name, measured);
        return [{ name, value: rounded(allMs, 2), unit: 'ms', limit: read.limitMs, want: 'at most', bound }];
      }),
      ...waits(medians),
      ...growth(measured, most),
    ],
    tables: [
      {
        title: `CPU in ms per operation: everything, and of that by part; medians of ${options.rounds} alternating rounds`,
        rows: medians.map((row) => ({
          read: row.read.name,
          products: row.shop.name,
          callers: row.callers,
          everything: row.allMs.toFixed(2),
          node: row.cpuMs.node.toFixed(2),
          postgres: row.cpuMs.postgres.toFixed(2),
          redis: row.cpuMs.redis.toFixed(2),
          'stand-ins': row.cpuMs.emulators.toFixed(2),
          'ops/s': Math.round(row.perSecond),
          'p50 ms': row.p50Ms.toFixed(1),
          'p95 ms': row.p95Ms.toFixed(1),
          'p99 ms': row.p99Ms.toFixed(1),
        })),
      },
      { title: `What cannot be had for less, ${first.name}`, rows: READS.map(({ name }) => boundsOf(name, measured)) },
    ],
    plots: plotsOf(medians, { first, sizes }),
    notes: ['MongoDB and Typesense are stand-ins here: what a real server needs instead of them is not known.'],
    details: {
      options: { limited, ...settings },
      bytes: measured.bytes,
      rounds: [...measured.cells].map(([{ shop, read, callers }, rounds]) => ({
        ...{ shop: shop.name, read: read.name, callers, rounds },
      })),
      bare: measured.bare,
      drivers: measured.drivers,
    },
  };
}

/** How long one caller waits, in a catalog of each size. */
function waits(medians: readonly Medians[]): Figure[] {
  return medians.flatMap(({ shop, read, callers, p95Ms }): Figure[] => {
    if (read.p95LimitMs === undefined || callers !== ALONE || shop.isCached) return [];
    const name = `${read.name}: p95, ${shop.products.toLocaleString('en')} products, cache off`;
    return [{ name, value: rounded(p95Ms, 1), unit: 'ms', limit: read.p95LimitMs, want: 'at most' }];
  });
}

const modeOf = ({ isCached }: Shop) => (isCached ? 'as shipped' : 'cache off');

/** The same read by the drivers alone, their process and the stores together. */
function boundOf(read: Read['name'], { drivers }: CatalogMeasurements): Figure['bound'] {
  const rounds = drivers.filter((round) => round.read === read);
  if (rounds.length === 0) return undefined;
  const allMs = median(rounds.map(({ driverMs, storesMs }) => driverMs + storesMs));
  return { of: 'drivers and stores', value: rounded(allMs, 2) };
}

function boundsOf(read: Read['name'], { bare, drivers, bytes }: CatalogMeasurements): Record<string, string | number> {
  const http = bare.filter((round) => round.read === read);
  const direct = drivers.filter((round) => round.read === read);
  const of = <T>(rounds: readonly T[], pick: (round: T) => number, digits = 2) =>
    median(rounds.map(pick)).toFixed(digits);
  return {
    read,
    'answer, bytes': bytes[read] ?? 0,
    'bare HTTP, ms CPU': of(http, ({ cpuMs }) => cpuMs, 3),
    'bare HTTP, req/s': of(http, ({ perSecond }) => perSecond, 0),
    'drivers, ms CPU': of(direct, ({ driverMs }) => driverMs),
    'stores, ms CPU': of(direct, ({ storesMs }) => storesMs),
    'drivers, reads/s': of(direct, ({ perSecond }) => perSecond, 0),
    'drivers, p50 ms': of(direct, ({ p50Ms }) => p50Ms),
  };
}

interface CostBySize {
  read: Read['name'];
  points: (readonly [products: number, allMs: number])[];
}

function costBySize(medians: readonly Medians[], callers: number): CostBySize[] {
  return READS.map(({ name }) => ({
    read: name,
    points: medians
      .filter((row) => row.read.name === name && row.callers === callers && !row.shop.isCached)
      .map(({ shop, allMs }) => [shop.products, allMs] as const),
  }));
}

/** The median of the rounds' ratios: what a round shares with its neighbour is not the size. */
function growth({ cells, shops }: CatalogMeasurements, callers: number): Figure[] {
  const uncached = shops.filter(({ isCached }) => !isCached);
  const [smallest, largest] = [uncached[0]!, uncached.at(-1)!];
  if (smallest === largest) return [];
  return READS.filter(({ name }) => GROWTH_LIMITED.has(name)).map((read) => {
    const roundsIn = (shop: Shop) =>
      [...cells].find(([cell]) => cell.shop === shop && cell.read === read && cell.callers === callers)![1];
    const rounds = roundsIn(smallest);
    const ratio = median(roundsIn(largest).map(({ allMs }, at) => allMs / rounds[at]!.allMs));
    return {
      name: `${read.name}: CPU, ${largest.products.toLocaleString('en')} ÷ ${smallest.products.toLocaleString('en')} products`,
      ...{ value: rounded(ratio, 2), unit: '×', limit: GROWTH_LIMIT, want: 'at most' },
    };
  });
}

function plotsOf(
  medians: readonly Medians[],
  { first, sizes }: { first: Shop; sizes: readonly CostBySize[] },
): Report['plots'] {
  const latencies = READS.flatMap(({ name }) => {
    const rows = medians.filter(({ shop, read }) => shop === first && read.name === name);
    return [
      { name: `${name}, p50`, points: rows.map(({ callers, p50Ms }) => [callers, p50Ms] as const) },
      { name: `${name}, p99`, points: rows.map(({ callers, p99Ms }) => [callers, p99Ms] as const), isDashed: true },
    ];
  });
  return [
    {
      name: 'latency-by-load',
      svg: linePlot({
        ...{ title: `Latency against load, ${first.name}`, xLabel: 'callers at a time', yLabel: 'milliseconds' },
        ...{ yScale: 'log', series: latencies },
      }),
    },
    {
      name: 'cost-by-size',
      svg: linePlot({
        ...{ title: 'Cost against catalog size, cache off', xLabel: 'products' },
        ...{ yLabel: 'CPU of everything per operation, ms', yScale: 'linear' },
        series: sizes.map(({ read, points }) => ({ name: read, points })),
      }),
    },
  ];
}
