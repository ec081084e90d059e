import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { subgraphNames } from '@marketgraph/monolith/registry';
import type { ServiceEnvironments } from './environment.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');
/** Compiled code starts compiled code; from the sources, as tests run, the services run from theirs. */
export const IS_SOURCE = import.meta.filename.endsWith('.ts');
/** Eight processes on one machine: each stays small rather than a little faster, like the one of the other shape. */
export const NODE_FLAGS = IS_SOURCE
  ? ['--conditions=source', '--import', 'tsx']
  : ['--enable-source-maps', '--optimize-for-size', '--max-semi-space-size=4'];
const ENTRY = IS_SOURCE ? 'src/main.ts' : 'dist/main.js';
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 20_000;

export interface ServiceProcess {
  name: string;
  url: string;
  pid: number;
  stop(): Promise<void>;
  /** False from the moment it has ended, by itself or not. */
  readonly isRunning: boolean;
  /** Ends it like a crash would; `restart` brings it back with the same environment, and with more for this once. */
  kill(): Promise<void>;
  restart(more?: Readonly<Record<string, string>>): Promise<void>;
}

export interface Processes {
  services: ReadonlyMap<string, ServiceProcess>;
  stop(): Promise<void>;
}

/** One process per subgraph and one for the gateway; resolves when each answers. */
export async function startProcesses(options: {
  environments: ServiceEnvironments;
  logsDir: string;
  gatewayHost: string;
  gatewayPort: number;
  onProgress?(service: string): void;
}): Promise<Processes> {
  const { environments, logsDir, onProgress } = options;
  await mkdir(logsDir, { recursive: true });
  const ports = new Map<string, number>();
  for (const name of subgraphNames) ports.set(name, await freePort());
  const urls = Object.fromEntries(
    [...ports].map(([name, port]) => [`${name.toUpperCase()}_URL`, `http://127.0.0.1:${port}`]),
  );
  const services = new Map<string, ServiceProcess>();
  const stop = async () => {
    // The gateway first: no request enters while the services behind it go.
    await services.get('gateway')?.stop();
    await Promise.all([...services.values()].map((service) => service.stop()));
  };
  const launch = async (name: string, entry: string, env: Record<string, string>, url: string) => {
    const service = serviceProcess({ name, entry, env, url, log: join(logsDir, `${name}.log`) });
    services.set(name, service);
    await service.restart();
    onProgress?.(name);
  };
  const outcomes = await Promise.allSettled([
    ...subgraphNames.map((name) =>
      launch(
        name,
        `subgraphs/${name}/${ENTRY}`,
        { ...environments.subgraphs[name], ...urls, HOST: '127.0.0.1', PORT: String(ports.get(name)) },
        `http://127.0.0.1:${ports.get(name)}`,
      ),
    ),
    launch(
      'gateway',
      `gateway/${ENTRY}`,
      { ...environments.gateway, ...urls },
      `http://${options.gatewayHost === '0.0.0.0' ? '127.0.0.1' : options.gatewayHost}:${options.gatewayPort}`,
    ),
  ]);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) {
    await stop();
    throw failed.reason;
  }
  return { services, stop };
}

function serviceProcess(options: {
  name: string;
  entry: string;
  env: Record<string, string>;
  url: string;
  log: string;
}): ServiceProcess {
  const { name, url } = options;
  let child: ChildProcess | undefined;

  const ended = (running: ChildProcess) =>
    running.exitCode !== null || running.signalCode !== null
      ? Promise.resolve()
      : new Promise<void>((done) => running.once('exit', () => done()));

  const start = async (more: Readonly<Record<string, string>> = {}) => {
    const output = createWriteStream(options.log, { flags: 'a' });
    const running = spawn(process.execPath, [...NODE_FLAGS, options.entry], {
      cwd: ROOT,
      // Nothing of this process's own environment but what a program needs to run: credentials stay with their owner.
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], EXIT_WITH_PARENT: '1', ...options.env, ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = running;
    running.stdout.pipe(output);
    running.stderr.pipe(output);
    const deadline = Date.now() + START_LIMIT_MS;
    while (!(await answers(`${url}/health`))) {
      if (running.exitCode !== null || running.signalCode !== null) {
        throw new Error(`${name} ended while starting; its log: ${options.log}`);
      }
      if (Date.now() > deadline)
        throw new Error(`${name} did not answer within ${START_LIMIT_MS / 1_000} s; its log: ${options.log}`);
      await new Promise((next) => {
        setTimeout(next, 50);
      });
    }
  };

  return {
    name,
    url,
    get pid() {
      return child?.pid ?? 0;
    },
    get isRunning() {
      return child !== undefined && child.exitCode === null && child.signalCode === null;
    },
    restart: start,
    async kill() {
      child?.kill('SIGKILL');
      if (child) await ended(child);
    },
    async stop() {
      const running = child;
      if (!running) return;
      running.kill('SIGTERM');
      const limit = setTimeout(() => running.kill('SIGKILL'), STOP_LIMIT_MS);
      await ended(running);
      clearTimeout(limit);
    },
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done, failed) => {
    server.once('error', failed);
    server.listen(0, '127.0.0.1', done);
  });
  const address = server.address();
  await new Promise((done) => {
    server.close(done);
  });
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
