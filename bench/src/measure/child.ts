import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { promisify } from 'node:util';

const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 10_000;
const LAST_WORDS = 2_000;

/** How the processes of the benchmark run: what was compiled, as it is deployed; or the sources, as tests have it. */
export type Build = 'compiled' | 'sources';

export interface Child {
  readonly name: string;
  readonly pid: number;
  /** What it said when it was ready. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** Sends a question over IPC and resolves to the answer; rejects with what went wrong in there. */
  ask<Answer>(question: object): Promise<Answer>;
  stop(): Promise<void>;
}

export interface ChildOptions {
  name: string;
  /** Below `src/processes`. */
  file: string;
  build: Build;
  env?: Readonly<Record<string, string>>;
  nodeOptions?: readonly string[];
}

interface Reply {
  id: number;
  answer?: unknown;
  failure?: string;
}

/** Starts one of our own processes and waits until it says that it is ready. */
export async function startChild(options: ChildOptions): Promise<Child> {
  const { name, build, nodeOptions = [] } = options;
  const file = resolve(import.meta.dirname, '..', 'processes', `${options.file}.ts`);
  const runtime = build === 'compiled' ? [] : ['--conditions=source', '--import', 'tsx'];
  const child = spawn(process.execPath, ['--enable-source-maps', ...nodeOptions, ...runtime, file], {
    // Where the loader of the sources is found.
    cwd: resolve(import.meta.dirname, '..', '..', '..'),
    env: { ...baseEnvironment(), ...options.env },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const said = lastWords(child);
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let asked = 0;
  child.on('exit', (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`${name} ended (${code}): ${said()}`));
    waiting.clear();
  });
  const ready = Promise.withResolvers<Record<string, unknown>>();
  waiting.set(0, ready as never);
  child.on('message', (reply: Reply) => {
    const asker = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (reply.failure === undefined) asker?.resolve(reply.answer);
    else asker?.reject(new Error(`${name}: ${reply.failure}`));
  });
  child.on('error', (error) => ready.reject(error));
  const facts = await inTime(ready.promise, START_LIMIT_MS, () => `${name} did not start: ${said()}`).catch(
    async (error) => {
      await endProcess(child);
      throw error;
    },
  );
  return {
    name,
    pid: child.pid!,
    facts,
    ask: (question) =>
      new Promise((resolve, reject) => {
        const id = (asked += 1);
        waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
        child.send({ id, question });
      }),
    stop: () => endProcess(child),
  };
}

/** A process that does not know us: ready when the look succeeds. */
export async function startForeign(options: {
  name: string;
  args: readonly string[];
  cwd: string;
  env?: Readonly<Record<string, string>>;
  isReady(): Promise<boolean>;
}): Promise<Pick<Child, 'name' | 'pid' | 'stop'>> {
  const { name, isReady } = options;
  const child = spawn(process.execPath, [...options.args], {
    cwd: options.cwd,
    env: { ...baseEnvironment(), ...options.env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said = lastWords(child);
  // It hears nothing of our end, so it is told.
  const kill = () => void child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  const deadline = Date.now() + START_LIMIT_MS;
  while (!(await isReady().catch(() => false))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await endProcess(child);
      throw new Error(`${name} did not start: ${said()}`);
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
  }
  return { name, pid: child.pid!, stop: () => endProcess(child) };
}

/** A program that does not know us, which does something and ends. */
export async function runForeign(options: {
  name: string;
  args: readonly string[];
  cwd: string;
  env?: Readonly<Record<string, string>>;
  timeoutMs: number;
}): Promise<void> {
  const { name, args, cwd, timeoutMs } = options;
  try {
    await promisify(execFile)(process.execPath, [...args], {
      ...{ cwd, timeout: timeoutMs },
      env: { ...baseEnvironment(), ...options.env },
    });
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    throw new Error(`${name} failed: ${stderr.slice(-LAST_WORDS).trim() || String(error)}`, { cause: error });
  }
}

/** Nothing of the caller's own settings reaches what is measured. */
function baseEnvironment(): Record<string, string> {
  const { PATH = '', HOME = '', TMPDIR } = process.env;
  return { PATH, HOME, ...(TMPDIR ? { TMPDIR } : {}), NODE_ENV: 'production' };
}

function lastWords(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-LAST_WORDS);
  });
  return () => text.trim();
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const cut = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  await exit;
  clearTimeout(cut);
}

async function inTime<T>(work: Promise<T>, limitMs: number, message: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(message())), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
