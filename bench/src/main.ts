import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { playStory } from '@marketgraph/tests/story/play';
import { silentReport } from '@marketgraph/tests/story/report';
import colors from 'picocolors';
import { measureLatencies, percentile } from './latencies.ts';
import { startCommand } from './started-command.ts';

/** Figures of a started marketplace beside what they should be. Reported, never asserted: machines differ. */
interface Figure {
  name: string;
  value: string;
  goal: string;
  reached: boolean;
}

const figures: Figure[] = [];
const atMost = (name: string, value: number, goal: number, unit: string) =>
  figures.push({ name, value: `${value} ${unit}`, goal: `≤ ${goal} ${unit}`, reached: value <= goal });

for (const [shape, goals] of [
  ['monolith', { secondStartMs: 6_000, megabytes: 450 }],
  ['processes', { secondStartMs: 15_000, megabytes: 1_400 }],
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
    atMost(`${shape}: second start → first answer`, Math.round(second.startedInMs), goals.secondStartMs, 'ms');
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

process.stdout.write(`${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}\n`);
for (const { name, value, goal, reached } of figures) {
  process.stdout.write(
    `${reached ? colors.green('✓') : colors.red('✗')} ${name.padEnd(52)} ${value.padStart(10)}  ${colors.dim(goal)}\n`,
  );
}
