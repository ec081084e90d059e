import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { playStory } from '@marketgraph/tests/story/play';
import { silentReport } from '@marketgraph/tests/story/report';
import type { Build } from '../measure/child.ts';
import type { Figure, Report } from '../measure/report.ts';
import { percentile, rounded } from '../measure/statistics.ts';
import { bareMessages } from './bare-message.ts';
import { type Latencies, measureLatencies, type Times } from './latencies.ts';
import { startCommand } from './started-command.ts';

type Shape = 'monolith' | 'processes';

export interface MarketplaceBenchOptions {
  build: Build;
  /** What starts it; the start command by default. */
  start?: typeof startCommand;
  shapes: readonly Shape[];
  /** Whether the story is played before memory is looked at. */
  hasStory: boolean;
  times: Times;
  say(text: string): void;
}

export const marketplaceBenchDefaults: Omit<MarketplaceBenchOptions, 'say'> = {
  build: 'compiled',
  shapes: ['monolith', 'processes'],
  hasStory: true,
  times: { published: 20, orders: 10, events: 50 },
};

export const marketplaceBenchLong = { ...marketplaceBenchDefaults, times: { published: 100, orders: 20, events: 100 } };

const GOALS: Readonly<Record<Shape, Record<'coldMs' | 'warmMs' | 'megabytes', number>>> = {
  monolith: { coldMs: 15_000, warmMs: 5_000, megabytes: 450 },
  processes: { coldMs: 30_000, warmMs: 15_000, megabytes: 1_700 },
};

interface ShapeMeasurements extends Latencies {
  coldMs: number;
  warmMs: number;
  /** Of all Node processes: after the first start, after the story, after everything else, after the second start. */
  megabytes: { started: number; story: number; end: number; warm: number };
}

/** The start command as a user runs it: how long it takes, what memory it needs, and how soon what happened is seen. */
export async function benchMarketplace(options: MarketplaceBenchOptions): Promise<Report> {
  const { build, shapes, times, say } = options;
  const bareMs = await bareMessages(build, times.events);
  const measured = new Map<Shape, ShapeMeasurements>();
  for (const shape of shapes) {
    measured.set(shape, await measureShape(shape, options));
    const { coldMs, warmMs, megabytes } = measured.get(shape)!;
    say(
      `  ${shape}: first start ${seconds(coldMs)} s, second ${seconds(warmMs)} s, ${Math.round(megabytes.story)} MB after the story\n`,
    );
  }
  return reportOf(measured, bareMs, options);
}

async function measureShape(
  shape: Shape,
  { build, start = startCommand, hasStory, times }: MarketplaceBenchOptions,
): Promise<ShapeMeasurements> {
  const dataDir = await mkdtemp(join(tmpdir(), 'marketgraph-bench-'));
  try {
    const first = await start({ shape, build, dataDir });
    let measured: Omit<ShapeMeasurements, 'warmMs' | 'megabytes'>;
    const megabytes = { started: first.nodeMegabytes(), story: 0, end: 0, warm: 0 };
    try {
      if (hasStory) await playStory(first.graph, { report: silentReport });
      megabytes.story = first.nodeMegabytes();
      measured = { coldMs: first.startedInMs, ...(await measureLatencies(first.graph, times)) };
      megabytes.end = first.nodeMegabytes();
    } finally {
      await first.stop();
    }
    const second = await start({ shape, build, dataDir });
    megabytes.warm = second.nodeMegabytes();
    await second.stop();
    return { ...measured, warmMs: second.startedInMs, megabytes };
  } finally {
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  }
}

function reportOf(
  measured: ReadonlyMap<Shape, ShapeMeasurements>,
  bareMs: readonly number[],
  { times, shapes, hasStory, build }: MarketplaceBenchOptions,
): Report {
  const bound = { of: 'bare ws', value: rounded(percentile(bareMs, 0.95), 2) };
  const figures = [...measured].flatMap(([shape, all]): Figure[] => {
    const { coldMs, warmMs, megabytes } = GOALS[shape];
    const atMost = (name: string, value: number, limit: number, unit = 'ms'): Figure => ({
      ...{ name: `${shape}: ${name}`, value: Math.round(value), limit, unit, want: 'at most' },
    });
    return [
      atMost('first start, empty folder → first answer', all.coldMs, coldMs),
      atMost('second start → first answer', all.warmMs, warmMs),
      atMost('Node memory after the story', all.megabytes.story, megabytes, 'MB'),
      atMost(`published → searchable, p99 of ${times.published}`, percentile(all.searchableMs, 0.99), 2_000),
      atMost(`paid → CONFIRMED by webhook alone, p95 of ${times.orders}`, percentile(all.confirmedMs, 0.95), 5_000),
      { ...atMost(`event → client, p95 of ${times.events}`, percentile(all.eventMs, 0.95), 300), bound },
    ];
  });
  const row = (shape: Shape, { megabytes, ...all }: ShapeMeasurements) => ({
    shape,
    'first, s': seconds(all.coldMs),
    'second, s': seconds(all.warmMs),
    'started, MB': megabytes.started,
    'story, MB': megabytes.story,
    'end, MB': megabytes.end,
    'second, MB': megabytes.warm,
    'searchable p50 ms': Math.round(percentile(all.searchableMs, 0.5)),
    'confirmed p50 ms': Math.round(percentile(all.confirmedMs, 0.5)),
    'event p50 ms': Math.round(percentile(all.eventMs, 0.5)),
  });
  return {
    name: 'marketplace',
    figures,
    tables: [{ title: 'The start command in both shapes', rows: [...measured].map(([shape, all]) => row(shape, all)) }],
    details: { build, shapes, hasStory, times, bareMs, measured: Object.fromEntries(measured) },
  };
}

const seconds = (ms: number): string => (ms / 1_000).toFixed(1);
