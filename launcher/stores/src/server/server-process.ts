import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { StoreStartError } from '../store-errors.ts';
import type { StoreLog } from '../store-log.ts';
import { forgetProcess, recordProcess } from './leftover.ts';

/** Long enough for a server to write down what it holds. */
export const STOP_GRACE_MS = 10_000;
const READY_POLL_MS = 10;
const LOG_LIMIT_BYTES = 5 * 1024 * 1024;
const LOG_TAIL_LINES = 8;

export interface ServerCommand {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly logFile: string;
  readonly recordFile: string;
  readonly stopSignal: NodeJS.Signals;
  /** How long it may take to stop by itself before it is killed. */
  readonly graceMs?: number;
  readonly log: StoreLog;
}

export interface ServerProcess {
  readonly pid: number;
  /** Resolves when `isReady` says so; rejects with the end of the log when the process ends or time runs out. */
  ready(isReady: () => boolean | Promise<boolean>, timeoutMs: number): Promise<void>;
  /** The last lines the server wrote. */
  logTail(): string;
  /** Harmless when called twice, and when the server has already ended. */
  stop(): Promise<void>;
  /** Ends it by this signal and no other, as an accident would; resolves when it is gone. */
  end(signal: NodeJS.Signals): Promise<void>;
}

/** An outage on purpose. Services are told nothing; the addresses stay the same. */
export interface Outage {
  /** The server is gone at once, with what it had not written. */
  begin(): Promise<void>;
  /** It is back on its port, with what its folder holds; resolves when it answers. */
  end(): Promise<void>;
}

/** A server that can be away for a while. */
export function interruptible(
  first: ServerProcess,
  { signal, start }: { signal: NodeJS.Signals; start(): Promise<ServerProcess> },
): { readonly pid: number; stop(): Promise<void>; outage: Outage } {
  let server = first;
  return {
    get pid() {
      return server.pid;
    },
    stop: () => server.stop(),
    outage: {
      begin: () => server.end(signal),
      async end() {
        server = await start();
      },
    },
  };
}

/**
 * Starts a server in a session of its own, so that Ctrl-C in the terminal reaches the launcher alone and the stores
 * outlive the services that drain into them. A watchdog ends it should this process be killed.
 */
export async function startServerProcess(options: ServerCommand): Promise<ServerProcess> {
  keepLogSmall(options.logFile);
  const logBegin = sizeOf(options.logFile);
  const child = spawnLogged(options);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const pid = await spawned(options.name, child);
  recordProcess(options.recordFile, pid);
  const watchdog = startWatchdog(pid, options.stopSignal);

  let ended = false;
  let isReadyNow = false;
  let stopping: Promise<void> | undefined;
  child.once('exit', (code, signal) => {
    ended = true;
    watchdog.dismiss();
    forgetProcess(options.recordFile);
    if (isReadyNow && stopping === undefined) {
      options.log.warn(`${options.name} ended unexpectedly (${signal ?? `code ${code}`}), see ${options.logFile}`);
    }
  });
  const logTail = (): string => readTail(options.logFile, logBegin);

  return {
    pid,
    logTail,
    async ready(isReady, timeoutMs) {
      const deadline = Date.now() + timeoutMs;
      while (!(await isReady())) {
        if (ended) throw new StoreStartError(options.name, `${options.name} ended while it started:\n${logTail()}`);
        if (Date.now() > deadline) {
          throw new StoreStartError(options.name, `${options.name} was not ready after ${timeoutMs} ms:\n${logTail()}`);
        }
        await delay(READY_POLL_MS);
      }
      isReadyNow = true;
    },
    async end(signal) {
      stopping ??= exited;
      child.kill(signal);
      await exited;
    },
    stop() {
      stopping ??= ended ? Promise.resolve() : stopChild(child, exited, options);
      return stopping;
    },
  };
}

async function stopChild(child: ChildProcess, exited: Promise<void>, options: ServerCommand): Promise<void> {
  child.kill(options.stopSignal);
  const timer = setTimeout(() => child.kill('SIGKILL'), options.graceMs ?? STOP_GRACE_MS);
  await exited;
  clearTimeout(timer);
}

function spawnLogged(options: ServerCommand): ChildProcess {
  const log = openSync(options.logFile, 'a', 0o600);
  try {
    return spawn(options.command, options.args, {
      env: options.env ?? process.env,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.uid === undefined ? {} : { uid: options.uid }),
      ...(options.gid === undefined ? {} : { gid: options.gid }),
      detached: true,
      stdio: ['ignore', log, log],
    });
  } finally {
    closeSync(log);
  }
}

// The shell waits on a pipe whose other end only this process holds. When this process is gone, however it went, the
// kernel closes the pipe and the shell does what we no longer can.
const WATCHDOG_SCRIPT = `
read -r _
kill -"$2" "$1" 2>/dev/null || exit 0
waited=0
while kill -0 "$1" 2>/dev/null; do
  [ "$waited" -ge "$3" ] && exec kill -KILL "$1"
  sleep 1
  waited=$((waited + 1))
done`;

function startWatchdog(pid: number, signal: NodeJS.Signals): { dismiss(): void } {
  const graceSeconds = String(STOP_GRACE_MS / 1000);
  const watchdog = spawn(
    '/bin/sh',
    ['-c', WATCHDOG_SCRIPT, 'store-watchdog', String(pid), signal.slice(3), graceSeconds],
    {
      detached: true,
      cwd: '/',
      stdio: ['pipe', 'ignore', 'ignore'],
    },
  );
  // Without a shell there is no watchdog; the next start still finds the record and cleans up.
  watchdog.on('error', () => {});
  watchdog.stdin?.on('error', () => {});
  watchdog.unref();
  (watchdog.stdin as unknown as { unref?: () => void } | null)?.unref?.();
  return {
    dismiss() {
      watchdog.kill('SIGKILL');
    },
  };
}

function keepLogSmall(logFile: string): void {
  if (sizeOf(logFile) > LOG_LIMIT_BYTES) renameSync(logFile, `${logFile}.1`);
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** What this run of the server wrote last; earlier runs had troubles of their own. */
function readTail(logFile: string, begin: number): string {
  try {
    const log = readFileSync(logFile).subarray(begin).toString('utf8');
    return log.trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n');
  } catch {
    return '';
  }
}

async function spawned(name: string, child: ChildProcess): Promise<number> {
  return await new Promise<number>((resolve, reject) => {
    child.once('spawn', () => resolve(child.pid ?? 0));
    // Stays after the start: a signal that cannot be sent is an error event too, and must not end this process.
    child.on('error', (cause) =>
      reject(new StoreStartError(name, `${name} could not be started: ${cause.message}`, { cause })),
    );
  });
}
