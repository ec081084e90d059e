import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { playStory } from '@marketgraph/tests/story/play';
import { silentReport } from '@marketgraph/tests/story/report';
import type { Figure, Report } from '../measure/report.ts';
import { percentile } from '../measure/statistics.ts';
import { measureLatencies } from './latencies.ts';
import { startCommand } from './started-command.ts';

/** The start command as a user runs it: memory, latencies end to end, a second start, in both shapes. */
export async function benchMarketplace(): Promise<Report> {
  const figures: Figure[] = [];
  const atMost = (name: string, value: number, limit: number, unit: string) =>
    figures.push({ name, value: Math.round(value), limit, unit, want: 'at most' });

  for (const [shape, goals] of [
    ['monolith', { secondStartMs: 6_000, megabytes: 450 }],
    ['processes', { secondStartMs: 15_000, megabytes: 1_700 }],
  ] as const) {
    const dataDir = await mkdtemp(join(tmpdir(), 'marketgraph-bench-'));
    try {
      const first = await startCommand({ shape, dataDir });
      try {
        await playStory(first.graph, { report: silentReport });
        atMost(`${shape}: Node memory after the story`, first.nodeMegabytes(), goals.megabytes, 'MB');
        const { searchableMs, confirmedMs, eventMs } = await measureLatencies(first.graph);
        atMost(`${shape}: published → searchable, p99 of 100`, percentile(searchableMs, 0.99), 2_000, 'ms');
        atMost(`${shape}: paid → CONFIRMED by webhook alone, p95`, percentile(confirmedMs, 0.95), 5_000, 'ms');
        atMost(`${shape}: event → client, p95`, percentile(eventMs, 0.95), 300, 'ms');
      } finally {
        await first.stop();
      }
      const second = await startCommand({ shape, dataDir });
      await second.stop();
      atMost(`${shape}: second start → first answer`, second.startedInMs, goals.secondStartMs, 'ms');
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  }
  return { name: 'marketplace', figures, tables: [], details: {} };
}
