import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { stopLeftover } from '../server/leftover.ts';
import { onPort } from '../server/on-port.ts';
import { startServerProcess, STOP_GRACE_MS } from '../server/server-process.ts';
import { StoreUnavailableError } from '../store-errors.ts';
import type { StoreLog } from '../store-log.ts';

const READY_TIMEOUT_MS = 60_000;
const CONNECT_TIMEOUT_MS = 1000;
const STOP_SIGNAL = 'SIGTERM';
/** As the services beside it are run, but for the young generation: it answers seven of them. */
const FLAGS = ['--heap-growing-percent=30'];
const ENVIRONMENT = { MALLOC_ARENA_MAX: '2' };

export interface EmulatorProcess {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Runs an emulator's process entry, configured by its environment, as a process of its own. */
export async function startEmulatorProcess(options: {
  name: string;
  packageName: string;
  dataDir: string;
  port: number | undefined;
  env: (port: number) => Record<string, string>;
  log: StoreLog;
}): Promise<EmulatorProcess> {
  const { name, dataDir, log } = options;
  const recordFile = join(dataDir, 'process.json');
  await stopLeftover(name, recordFile, { stopSignal: STOP_SIGNAL, graceMs: STOP_GRACE_MS, log });
  return await onPort(name, options.port, async (port) => {
    const server = await startServerProcess({
      name,
      command: process.execPath,
      args: entryArguments(options.packageName),
      env: { ...process.env, NODE_OPTIONS: '', ...ENVIRONMENT, ...options.env(port) },
      cwd: dataDir,
      logFile: join(dataDir, 'emulator.log'),
      recordFile,
      stopSignal: STOP_SIGNAL,
      log,
    });
    try {
      await server.ready(() => accepts(port), READY_TIMEOUT_MS);
      return { port, pid: server.pid, stop: () => server.stop() };
    } catch (error) {
      await server.stop();
      throw error;
    }
  });
}

/** Compiled code starts compiled code; from the sources, as tests run, the emulators run from theirs. */
function entryArguments(packageName: string): string[] {
  const folder = packageFolder(packageName);
  const isSource = import.meta.filename.endsWith('.ts');
  const entry = isSource ? join(folder, 'src', 'main.ts') : join(folder, 'dist', 'bundle', 'main.js');
  if (!existsSync(entry)) {
    throw new StoreUnavailableError(packageName, `${packageName} has no process entry: install the packages again.`);
  }
  if (!isSource) return [...FLAGS, entry];
  const sources = resolve(import.meta.dirname, '..', '..', '..', '..', 'platform', 'src', 'testing', 'sources.js');
  return ['--conditions=source', '--import', sources, entry];
}

export function emulatorVersion(packageName: string): string {
  const { version } = JSON.parse(readFileSync(join(packageFolder(packageName), 'package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}

// Not by resolving the package: which file that gives depends on conditions, and the folder does not.
function packageFolder(packageName: string): string {
  const places = createRequire(import.meta.url).resolve.paths(packageName) ?? [];
  const folder = places.map((place) => join(place, packageName)).find((path) => existsSync(join(path, 'package.json')));
  if (folder === undefined) {
    throw new StoreUnavailableError(packageName, `${packageName} is not installed: install the packages again.`);
  }
  return folder;
}

async function accepts(port: number): Promise<boolean> {
  return await new Promise<boolean>((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: CONNECT_TIMEOUT_MS });
    const answer = (isOpen: boolean) => () => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', answer(true)).once('error', answer(false)).once('timeout', answer(false));
  });
}
