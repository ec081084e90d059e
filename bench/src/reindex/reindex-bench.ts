import { setTimeout as pause } from 'node:timers/promises';
import { until } from '@marketgraph/platform/testing';
import { type Account, openAccount } from '@marketgraph/launcher/demo/account';
import { startShop } from '../catalog/catalog-rounds.ts';
import { fillShelves } from '../catalog/shelves.ts';
import type { startCheckoutStage } from '../checkout/checkout-stage.ts';
import type { Build } from '../measure/child.ts';
import { type CpuParts, cpuPerOperation, medianCpu } from '../measure/cpu-parts.ts';
import type { Report } from '../measure/report.ts';
import { median, percentile, rounded } from '../measure/statistics.ts';
import { bareIndex } from './bare-index.ts';
import { countsOf, type Searched, startSearchers } from './searchers.ts';

export interface ReindexBenchOptions {
  build: Build;
  /** Where it plays; of its own by default. */
  startStage?: typeof startCheckoutStage;
  products: number;
  vendors: number;
  /** Who searches while the index is made anew. */
  callers: number;
  /** How long searches are looked at with nothing beside them, in each round. */
  beforeMs: number;
  rounds: number;
  say(text: string): void;
}

export const reindexBenchDefaults: Omit<ReindexBenchOptions, 'say'> = {
  ...{ build: 'compiled', products: 1_000, vendors: 2, callers: 4, beforeMs: 2_000, rounds: 3 },
};

export const reindexBenchLong = { ...reindexBenchDefaults, products: 10_000, vendors: 10 };

/** A catalog of 100,000 is searched anew within five minutes. */
const DOCUMENTS_PER_SECOND = 333;
const REBUILD_MS = 10 * 60_000;
const MAX_WORDS = 20;

const STATUS = '{ searchIndex { liveVersion versions { version documentCount } } }';
const REINDEX = 'mutation { searchReindex(reason: "bench") { userErrors { code message } } }';

interface ReindexRound {
  documents: number;
  /** With nothing beside it. */
  alonePerSecond: number;
  cpuMs: CpuParts;
  searchedPerSecond: number;
  before: Summary;
  meanwhile: Summary;
  barePerSecond: number;
}

interface Summary {
  searches: number;
  failed: number;
  p50Ms: number;
  p99Ms: number;
}

/** The index made anew from its sources: how fast, beside the driver that only writes it, and what searches notice. */
export async function benchReindex(options: ReindexBenchOptions): Promise<Report> {
  const { build, products, vendors, callers, beforeMs, rounds, say } = options;
  const stage = await (options.startStage
    ? options.startStage({ shape: 'monolith', build })
    : startShop({ isCached: false, build }));
  try {
    const operator = await openAccount(stage.graph.url, stage.graph.operator);
    const shelves = await fillShelves(stage, { products, vendors, pages: vendors });
    const words = await countsOf(stage.graph.url, shelves.words.slice(0, MAX_WORDS));
    const searchers = () => startSearchers(stage.graph.url, { words, callers });
    await reindex(operator);
    const all: ReindexRound[] = [];
    for (let count = 0; count < rounds; count += 1) {
      await stage.quiet();
      const before = await stage.read();
      const alone = await reindex(operator);
      const after = await stage.read();
      const barePerSecond = await bareIndex(stage.access.typesense);
      const undisturbed = searchers();
      await pause(beforeMs);
      const searched = await undisturbed.stop();
      const disturbed = searchers();
      const beside = await reindex(operator).finally(() => disturbed.stop());
      const meanwhile = await disturbed.stop();
      const round: ReindexRound = {
        ...{ documents: alone.documents, alonePerSecond: alone.perSecond, searchedPerSecond: beside.perSecond },
        ...{ cpuMs: cpuPerOperation(before.cpu, after.cpu, alone.documents), barePerSecond },
        ...{ before: summaryOf(searched), meanwhile: summaryOf(meanwhile) },
      };
      all.push(round);
      say(
        `  ${round.documents} documents at ${Math.round(round.alonePerSecond)}/s, ${Math.round(round.searchedPerSecond)}/s beside ` +
          `${round.meanwhile.searches} searches, of which ${round.meanwhile.failed} failed ${meanwhile.failure ?? ''}; ` +
          `by the driver ${Math.round(barePerSecond)}/s\n`,
      );
    }
    return reportOf(all, options);
  } finally {
    await stage.stop();
  }
}

/** Begins a new version and waits until searches are answered from it. */
async function reindex(operator: Account): Promise<{ documents: number; perSecond: number }> {
  const status = async () => {
    const { searchIndex } = await operator.ask<
      { searchIndex: { liveVersion: string; versions: { version: string; documentCount: number }[] } },
      Record<string, never>
    >(STATUS, {});
    return searchIndex;
  };
  const { liveVersion: old } = await status();
  const begin = performance.now();
  const { searchReindex } = await operator.ask<{ searchReindex: { userErrors: unknown[] } }, Record<string, never>>(
    ...([REINDEX, {}] as const),
  );
  if (searchReindex.userErrors.length > 0) throw new Error(`No reindex: ${JSON.stringify(searchReindex.userErrors)}`);
  const { liveVersion, versions } = await until(
    async () => {
      const now = await status();
      return now.liveVersion !== old && now;
    },
    { timeoutMs: REBUILD_MS, intervalMs: 25, what: 'the new version to be live' },
  );
  const seconds = (performance.now() - begin) / 1_000;
  const documents = versions.find(({ version }) => version === liveVersion)!.documentCount;
  const expected = versions.find(({ version }) => version === old)!.documentCount;
  if (documents !== expected || documents === 0) throw new Error(`${documents} of ${expected} documents are in it`);
  return { documents, perSecond: documents / seconds };
}

function summaryOf({ searches, failed, latenciesMs }: Searched): Summary {
  return { searches, failed, p50Ms: percentile(latenciesMs, 0.5), p99Ms: percentile(latenciesMs, 0.99) };
}

function reportOf(rounds: readonly ReindexRound[], { callers, say: _say, ...settings }: ReindexBenchOptions): Report {
  const of = (pick: (round: ReindexRound) => number) => median(rounds.map(pick));
  const cpu = medianCpu(rounds.map(({ cpuMs }) => cpuMs));
  const searches = (title: string, pick: (round: ReindexRound) => Summary) => ({
    searches: title,
    asked: rounds.reduce((sum, round) => sum + pick(round).searches, 0),
    failed: rounds.reduce((sum, round) => sum + pick(round).failed, 0),
    'p50 ms': of((round) => pick(round).p50Ms).toFixed(1),
    'p99 ms': of((round) => pick(round).p99Ms).toFixed(1),
  });
  return {
    name: 'reindex',
    figures: [
      {
        ...{ name: 'documents indexed anew', value: Math.round(of((round) => round.alonePerSecond)), unit: '/s' },
        ...{ limit: DOCUMENTS_PER_SECOND, want: 'at least' },
        bound: { of: 'bare import of the same', value: Math.round(of((round) => round.barePerSecond)) },
      },
      {
        ...{ name: `searches of ${callers} callers that failed meanwhile`, unit: '', limit: 0, want: 'at most' },
        value: rounds.reduce((sum, { meanwhile }) => sum + meanwhile.failed, 0),
      },
      {
        ...{ name: 'p99 of a search meanwhile ÷ before', unit: '×', limit: 5, want: 'at most' },
        value: rounded(
          of(({ before, meanwhile }) => meanwhile.p99Ms / before.p99Ms),
          1,
        ),
      },
    ],
    tables: [
      {
        title: `${rounds[0]!.documents} documents; CPU in ms per document, medians of ${rounds.length} rounds`,
        rows: [
          {
            'docs/s': Math.round(of((round) => round.alonePerSecond)),
            'searched meanwhile, docs/s': Math.round(of((round) => round.searchedPerSecond)),
            'driver alone, docs/s': Math.round(of((round) => round.barePerSecond)),
            node: cpu.node.toFixed(2),
            postgres: cpu.postgres.toFixed(2),
            redis: cpu.redis.toFixed(2),
            'stand-ins': cpu.emulators.toFixed(2),
          },
        ],
      },
      {
        title: `Searches of ${callers} callers`,
        rows: [searches('before', ({ before }) => before), searches('meanwhile', ({ meanwhile }) => meanwhile)],
      },
    ],
    notes: ['Typesense is a stand-in here: what a real server needs instead is not known.'],
    details: { callers, ...settings, rounds },
  };
}
