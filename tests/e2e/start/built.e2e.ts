import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@marketgraph/platform/testing';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { StoryGraph } from '../../story/cast.ts';
import { playStory } from '../../story/play.ts';
import { silentReport } from '../../story/report.ts';
import { buildAll, processesOf, runStart } from '../../support/started-command.ts';

/** All other tests run from the sources. A user runs what is built from them: one file per process, and no others. */
describe('what is built', () => {
  beforeAll(buildAll);

  it.each([
    { shape: 'monolith', args: ['--no-demo'] },
    { shape: 'processes', args: ['--no-demo', '--processes'] },
  ])('starts, plays the main job as promised, and ends at one Ctrl-C, $shape', async ({ args }) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'marketgraph-built-'));
    const command = runStart(args, { PORT: '0', DATA_DIR: dataDir }, { isBuilt: true });
    onTestFinished(async () => {
      command.kill('SIGKILL');
      await until(() => processesOf(dataDir).length === 0, { timeoutMs: 20_000, what: 'the end of all processes' });
      await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
    });
    await command.running();
    const graph = JSON.parse(await readFile(join(dataDir, 'client.json'), 'utf8')) as StoryGraph;
    await playStory(graph, { report: silentReport });
    const bundles = processesOf(dataDir).filter(({ command: line }) => /\/dist\/.*main\.js/.test(line));
    expect(bundles.length).toBeGreaterThan(0);
    expect(bundles.filter(({ command: line }) => !line.includes('/dist/bundle/main.js'))).toEqual([]);
    command.kill('SIGINT');
    expect(await command.ended()).toEqual({ code: 0, signal: null });
  });
});
