import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { StoreStartError } from '../store-errors.ts';
import { forgetProcess, recordProcess } from './leftover.ts';

/** How long a server may take to stop by itself before it is killed. */
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
}

export interface ServerProcess {
  readonly pid: number;
  /** Resolves when `isReady` says so; rejects with the end of the log when the process ends or time runs out. */
  ready(isReady: () => boolean | Promise<boolean>, timeoutMs: number): Promise<void>;
  /** The last lines the server wrote. */
  logTail(): string;
  /** Harmless when called twice, and when the server has already ended. */
  stop(): Promise<void>;
}

/**
 * Starts a server in a session of its own, so that Ctrl-C in the terminal reaches the launcher alone and the stores
 * outlive the services that drain into them. A watchdog ends it should this process be killed.
 */
export async function startServerProcess(options: ServerCommand): Promise<ServerProcess> {
  const child = spawnLogged(options);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const pid = await spawned(options.name, child);
  recordProcess(options.recordFile, pid);
  const watchdog = startWatchdog(pid, options.stopSignal);

  let ended = false;
  void exited.then(() => {
    ended = true;
    watchdog.dismiss();
    forgetProcess(options.recordFile);
  });
  const logTail = (): string => readTail(options.logFile);
  let stopping: Promise<void> | undefined;

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
    },
    stop() {
      stopping ??= stopChild(child, exited, options.stopSignal, () => ended);
      return stopping;
    },
  };
}

async function stopChild(
  child: ChildProcess,
  exited: Promise<void>,
  signal: NodeJS.Signals,
  hasEnded: () => boolean,
): Promise<void> {
  if (hasEnded()) return;
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
  await exited;
  clearTimeout(timer);
}

function spawnLogged(options: ServerCommand): ChildProcess {
  keepLogSmall(options.logFile);
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
  try {
    if (statSync(logFile).size > LOG_LIMIT_BYTES) renameSync(logFile, `${logFile}.1`);
  } catch {
    // The first run has no log yet.
  }
}

function readTail(logFile: string): string {
  try {
    return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n');
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
