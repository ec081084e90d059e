import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { MONOLITH_FLAGS } from '@marketgraph/launcher/node-flags';
import { SOURCE_FLAGS, until } from '@marketgraph/platform/testing';

const ROOT = resolve(import.meta.dirname, '..', '..');
const START_MS = 90_000;

export interface StartedCommand {
  readonly pid: number;
  /** What it has printed, without colours. */
  output(): string;
  /** Resolves when the banner is there; rejects when it ends before. */
  running(): Promise<void>;
  ended(): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  kill(signal: NodeJS.Signals): void;
}

const FROM_SOURCES = [...SOURCE_FLAGS, resolve(ROOT, 'launcher/src/main.ts')];
const BUILT = [...MONOLITH_FLAGS, resolve(ROOT, 'launcher/dist/bundle/main.js')];

/** The start command as a user's shell runs it; from the sources, which need no build, or as `buildAll` has built it. */
export function runStart(
  args: readonly string[],
  env: Record<string, string>,
  { isBuilt = false }: { isBuilt?: boolean } = {},
): StartedCommand {
  const child: ChildProcess = spawn(process.execPath, [...(isBuilt ? BUILT : FROM_SOURCES), ...args], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const collect = (chunk: Buffer) => (output += chunk.toString('utf8'));
  child.stdout!.on('data', collect);
  child.stderr!.on('data', collect);
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((done) => {
    child.on('close', (code, signal) => done({ code, signal }));
  });
  return {
    pid: child.pid!,
    output: () => output,
    ended: () => ended,
    kill: (signal) => child.kill(signal),
    async running() {
      const printed = until(() => output.includes('Ctrl-C stops everything'), {
        timeoutMs: START_MS,
        what: 'the banner',
      });
      const over = ended.then(() => {
        throw new Error(`The start command ended: ${output}`);
      });
      await Promise.race([printed, over]);
    },
  };
}

/** What the start command does first: compiles what has changed and makes one file of each process. */
export async function buildAll(): Promise<void> {
  await promisify(execFile)(process.execPath, [resolve(ROOT, 'launcher/build.js')], { cwd: ROOT });
}

/** Processes whose environment, arguments or folder name the data folder: whatever was started for it. */
export function processesOf(dataDir: string): { pid: number; command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      const pid = Number(name);
      const belongs = ['environ', 'cmdline'].some((file) => read(`/proc/${pid}/${file}`).includes(dataDir));
      if (!belongs && !folderOf(pid).startsWith(dataDir)) return [];
      const command = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
      // A process that has ended and was not waited for has no command line any more.
      return command === '' ? [] : [{ pid, command }];
    });
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

function folderOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}

/** Fills a folder with links to every program on the PATH but some, and returns it as a PATH. */
export function pathWithout(folder: string, programs: readonly string[]): string {
  const linked = new Set(programs);
  for (const directory of (process.env['PATH'] ?? '').split(':').filter((entry) => existsSync(entry))) {
    for (const name of readdirSync(directory)) {
      if (linked.has(name)) continue;
      linked.add(name);
      symlinkSync(join(directory, name), join(folder, name));
    }
  }
  return folder;
}
