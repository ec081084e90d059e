import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Figure, type Outcome, printSummary, timesBound, writeSummary } from './report.ts';

const page: Figure = {
  ...{ name: 'page', value: 5, unit: 'ms', limit: 1.5, want: 'at most' },
  bound: { of: 'bare Node HTTP', value: 0.04 },
};
const outcomes: Outcome[] = [
  { name: 'catalog', seconds: 60.4, report: { name: 'catalog', figures: [page], tables: [], details: {} } },
  { name: 'fanout', seconds: 1, failure: 'too few open files' },
];

describe('the summary of a run', () => {
  it('has every figure with its limit and how many times what cannot be had for less it is', () => {
    let text = '';
    printSummary(outcomes, (part) => (text += part));
    expect(text).toMatch(/catalog +page +5 ms +≤ 1\.5 +no +0\.04 \(bare Node HTTP\) +125/);
    expect(text).toContain('61 s in all: catalog 60 s, fanout 1 s');
  });

  it('does not hide a benchmark that failed', async () => {
    let text = '';
    printSummary(outcomes, (part) => (text += part));
    expect(text).toContain('fanout has no figures: too few open files');
    const folder = await mkdtemp(join(tmpdir(), 'marketgraph-bench-'));
    try {
      const file = await writeSummary(outcomes, folder);
      const { machine, benchmarks } = JSON.parse(await readFile(file, 'utf8')) as {
        machine: { cores: number };
        benchmarks: { name: string; failure?: string; figures: { reached: boolean; timesBound: number }[] }[];
      };
      expect(machine.cores).toBeGreaterThan(0);
      expect(benchmarks.map(({ name, failure }) => [name, failure])).toEqual([
        ['catalog', undefined],
        ['fanout', 'too few open files'],
      ]);
      expect(benchmarks[0]!.figures).toMatchObject([{ reached: false, timesBound: 125 }]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('has no ratio where nothing bounds a figure', () => {
    expect(timesBound({ ...page, bound: undefined })).toBeUndefined();
  });
});
