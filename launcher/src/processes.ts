import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { get } from 'node:http';
import { join, resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import { subgraphNames } from '@marketgraph/monolith/registry';
import { freePort } from '@marketgraph/stores';
import { type Copies, copyNames } from './copies.ts';
import type { ServiceEnvironments } from './environment.ts';
import { SERVICE_ENVIRONMENT, SERVICE_FLAGS } from './node-flags.ts';
import { keepLog } from './process-log.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');
/** Compiled code starts compiled code; from the sources, as tests run, the services run from theirs. */
export const IS_SOURCE = import.meta.filename.endsWith('.ts');
export const NODE_FLAGS = IS_SOURCE
  ? ['--conditions=source', '--import', join(ROOT, 'platform', 'src', 'testing', 'sources.js')]
  : SERVICE_FLAGS;
const ENTRY = IS_SOURCE ? 'src/main.ts' : 'dist/bundle/main.js';
/** From the sources each process compiles them first, all of them at the same time. */
const START_LIMIT_MS = IS_SOURCE ? 150_000 : 60_000;
const STOP_LIMIT_MS = 20_000;
const LOOK_AGAIN_MS = 100;

/** Where Node keeps what it has compiled, when it is told to: eight processes compile the same modules. */
const compileCache = process.env['NODE_COMPILE_CACHE'];
const COMPILE_CACHE = compileCache ? { NODE_COMPILE_CACHE: compileCache } : {};

export interface ServiceProcess {
  /** `orders`, and `orders-2` for its second copy. */
  name: string;
  /** What it is a copy of. */
  service: string;
  url: string;
  pid: number;
  stop(): Promise<void>;
  /** False from the moment it has ended, by itself or not. */
  readonly isRunning: boolean;
  /** What it ended with the last time; null when it runs, or a signal ended it. */
  readonly exitCode: number | null;
  /** Ends it like a crash would; `restart` brings it back with the same environment, and with more for this once. */
  kill(): Promise<void>;
  restart(more?: Readonly<Record<string, string>>): Promise<void>;
}

export interface Processes {
  /** By name. */
  services: ReadonlyMap<string, ServiceProcess>;
  /** Of every gateway; the first is the one on the chosen port. */
  gatewayUrls: readonly string[];
  /** Where each tells its metrics, by name; empty when nobody asked for them. */
  metricsUrls: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/**
 * One process per copy of each subgraph and of the gateway; resolves when each
 * answers. Everybody is told the URLs of all copies of whom it calls.
 */
export async function startProcesses(options: {
  environments: ServiceEnvironments;
  /** One of each, unless it says otherwise. */
  copies?: Copies;
  logsDir: string;
  gatewayHost: string;
  /** Of the first gateway; others take any free ones. */
  gatewayPort: number;
  /** The first of as many ports as there are processes, 0 for any free ones. Without it nobody tells metrics. */
  metricsPort?: number;
  /** Where everybody sends traces; nowhere when it is empty. */
  tracing?: Readonly<Record<string, string>>;
  onProgress?(service: string): void;
}): Promise<Processes> {
  const { environments, copies = {}, logsDir, gatewayHost, onProgress } = options;
  await mkdir(logsDir, { recursive: true });
  const listeners: Listener[] = [];
  for (const service of subgraphNames) {
    for (const name of copyNames(service, copies)) listeners.push({ name, service, port: await freePort() });
  }
  const urls = Object.fromEntries(
    subgraphNames.map((subgraph) => [
      `${subgraph.toUpperCase()}_URL`,
      listeners.flatMap(({ service, port }) => (service === subgraph ? [`http://127.0.0.1:${port}`] : [])).join(','),
    ]),
  );
  const gateways: Listener[] = [];
  for (const name of copyNames('gateway', copies)) {
    gateways.push({ name, service: 'gateway', port: gateways.length === 0 ? options.gatewayPort : await freePort() });
  }
  const gatewayUrl = ({ port }: Listener) => `http://${gatewayHost === '0.0.0.0' ? '127.0.0.1' : gatewayHost}:${port}`;

  const metricsPorts = new Map<string, number>();
  for (const [index, { name }] of [...listeners, ...gateways].entries()) {
    const { metricsPort } = options;
    if (metricsPort !== undefined) metricsPorts.set(name, metricsPort === 0 ? await freePort() : metricsPort + index);
  }
  const metricsUrls = Object.fromEntries(
    [...metricsPorts].map(([name, port]) => [name, `http://127.0.0.1:${port}/metrics`]),
  );

  const services = new Map<string, ServiceProcess>();
  const stop = async () => {
    // The gateways first: no request enters while the services behind them go.
    await Promise.all(gateways.map(({ name }) => services.get(name)?.stop()));
    await Promise.all([...services.values()].map((service) => service.stop()));
  };
  const launch = async (
    { name, service, port }: Listener,
    { folder, env, url }: { folder: string; env: Record<string, string>; url: string },
  ) => {
    const metricsPort = metricsPorts.get(name);
    const process = serviceProcess({
      name,
      service,
      entry: `${folder}/${ENTRY}`,
      env: {
        ...options.tracing,
        ...env,
        ...urls,
        PORT: String(port),
        ...(metricsPort === undefined ? {} : { METRICS_PORT: String(metricsPort) }),
      },
      url,
      log: join(logsDir, `${name}.log`),
    });
    services.set(name, process);
    await process.restart();
    onProgress?.(name);
  };
  const outcomes = await Promise.allSettled([
    ...listeners.map((listener) =>
      launch(listener, {
        folder: `subgraphs/${listener.service}`,
        env: { ...environments.subgraphs[listener.service], HOST: '127.0.0.1' },
        url: `http://127.0.0.1:${listener.port}`,
      }),
    ),
    ...gateways.map((gateway) =>
      launch(gateway, { folder: 'gateway', env: environments.gateway, url: gatewayUrl(gateway) }),
    ),
  ]);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) {
    await stop();
    throw failed.reason;
  }
  return { services, gatewayUrls: gateways.map(gatewayUrl), metricsUrls, stop };
}

interface Listener {
  name: string;
  service: string;
  port: number;
}

function serviceProcess(options: {
  name: string;
  service: string;
  entry: string;
  env: Record<string, string>;
  url: string;
  log: string;
}): ServiceProcess {
  const { name, service, url } = options;
  let child: ChildProcess | undefined;

  const ended = (running: ChildProcess) =>
    running.exitCode !== null || running.signalCode !== null
      ? Promise.resolve()
      : new Promise<void>((done) => running.once('exit', () => done()));

  const start = async (more: Readonly<Record<string, string>> = {}) => {
    const running = spawn(process.execPath, [...NODE_FLAGS, options.entry], {
      cwd: ROOT,
      // Nothing of this process's own environment but what a program needs to run: credentials stay with their owner.
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        EXIT_WITH_PARENT: '1',
        ...SERVICE_ENVIRONMENT,
        ...COMPILE_CACHE,
        ...options.env,
        ...more,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = running;
    const output = keepLog(running, options.log);
    const deadline = Date.now() + START_LIMIT_MS;
    while (!(await answers(`${url}/health`))) {
      if (running.exitCode !== null || running.signalCode !== null) {
        // Whatever became of the file: the reason is looked for in what is there.
        await finished(output).catch(() => undefined);
        throw new Error(`${name} ended while starting; its log: ${options.log}${await lastWords(options.log)}`);
      }
      if (Date.now() > deadline)
        throw new Error(`${name} did not answer within ${START_LIMIT_MS / 1_000} s; its log: ${options.log}`);
      await new Promise((next) => {
        setTimeout(next, LOOK_AGAIN_MS);
      });
    }
  };

  return {
    name,
    service,
    url,
    get pid() {
      return child?.pid ?? 0;
    },
    get isRunning() {
      return child !== undefined && child.exitCode === null && child.signalCode === null;
    },
    get exitCode() {
      return child?.exitCode ?? null;
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

/** How much of a log, in characters, is in an error: a stack or a few lines. */
const MAX_WORDS = 1_000;

/** What a process said last, for whoever cannot look at its log any more. */
async function lastWords(log: string): Promise<string> {
  const said = (await readFile(log, 'utf8').catch(() => '')).trim();
  return said === '' ? '' : `; it said last:\n${said.slice(-MAX_WORDS)}`;
}

/** Asked ten times a second of every process that starts: `fetch` would leave some 50 MB of garbage behind. */
function answers(url: string): Promise<boolean> {
  return new Promise((done) => {
    const request = get(url, { agent: false, timeout: 2_000 }, (response) => {
      response.resume();
      response.once('close', () => done(response.statusCode === 200));
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => done(false));
  });
}
