import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { MONOLITH_FLAGS } from '@marketgraph/launcher/node-flags';
import { freePort } from '@marketgraph/stores';
import { until } from '@marketgraph/platform/testing';
import type { StoryGraph } from '@marketgraph/tests/story/cast';
import type { Build } from '../measure/child.ts';
import { UNLIMITED } from '../measure/unlimited.ts';

const ROOT = resolve(import.meta.dirname, '..', '..', '..');

const START_MS = 120_000;

export interface StartedCommand {
  graph: StoryGraph;
  /** From the command to the first answered query. */
  startedInMs: number;
  /** Resident memory of all Node processes of it, in megabytes. */
  nodeMegabytes(): number;
  stop(): Promise<void>;
}

export interface StartOptions {
  shape: 'monolith' | 'processes';
  build: Build;
  dataDir: string;
}

/** The start command as a user runs it. */
export async function startCommand({ shape, build, dataDir }: StartOptions): Promise<StartedCommand> {
  const port = await freePort();
  const begin = performance.now();
  const child = spawn(
    process.execPath,
    [
      ...MONOLITH_FLAGS,
      ...(build === 'compiled'
        ? [join('launcher', 'dist', 'bundle', 'main.js')]
        : ['--conditions=source', '--import', 'tsx', join('launcher', 'src', 'main.ts')]),
      '--no-demo',
      ...(shape === 'processes' ? ['--processes'] : []),
    ],
    { cwd: ROOT, env: { ...process.env, ...UNLIMITED, PORT: String(port), DATA_DIR: dataDir }, stdio: 'ignore' },
  );
  const url = `http://127.0.0.1:${port}`;
  try {
    await until(() => answers(url), { timeoutMs: START_MS, intervalMs: 25, what: `an answer of ${url}` });
  } catch (error) {
    await end(child);
    throw error;
  }
  const startedInMs = performance.now() - begin;
  // One process per service: the graph answers before all of them have been heard of, and only then it is written.
  const client = await until(() => readClientFacts(dataDir), { timeoutMs: START_MS, what: 'client.json' }).catch(
    async (error: unknown) => {
      await end(child);
      throw error;
    },
  );
  return {
    graph: { ...client, url },
    startedInMs,
    nodeMegabytes: () => nodeMegabytes(child.pid!),
    stop: () => end(child),
  };
}

function readClientFacts(dataDir: string): StoryGraph {
  return JSON.parse(readFileSync(join(dataDir, 'client.json'), 'utf8')) as StoryGraph;
}

async function answers(url: string): Promise<boolean> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ categories { id } }' }),
  });
  const { data } = (await response.json()) as { data?: unknown };
  return Boolean(data);
}

async function end(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGINT');
  await exit;
}

function nodeMegabytes(root: number): number {
  const running = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const status = readFileSync(`/proc/${name}/status`, 'utf8');
        const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
        return [
          { pid: Number(name), parent: Number(parent), isNode: /^Name:\s+(node|MainThread)/m.test(status), kilobytes },
        ];
      } catch {
        return [];
      }
    });
  const ours = new Set([root]);
  for (let size = 0; size !== ours.size;) {
    size = ours.size;
    for (const { pid, parent } of running) if (ours.has(parent)) ours.add(pid);
  }
  const total = running
    .filter(({ pid, isNode }) => isNode && ours.has(pid))
    .reduce((sum, { kilobytes }) => sum + kilobytes, 0);
  return Math.round(total / 1_024);
}
