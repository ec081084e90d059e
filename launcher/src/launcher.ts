import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Environment, settingsOf } from '@marketgraph/platform/config';
import { createLogger, type Logger, startMetrics } from '@marketgraph/platform/telemetry';
import { startTracing } from '@marketgraph/platform/tracing';
import { type ExternalStores, freePort, type StoreLog, startStores, type Stores } from '@marketgraph/stores';
import type { Copies } from './copies.ts';
import { environmentsOf, joined } from './environment.ts';
import { loadKeys } from './keys.ts';
import { startNightlyVerify } from './nightly-verify.ts';
import { type Processes, startProcesses } from './processes.ts';

export type Shape = 'monolith' | 'processes';

export interface MarketplaceOptions {
  shape: Shape;
  /** In the processes shape: services of which more than one process is to run. */
  copies?: Copies;
  /** 0 is any free one. */
  port: number;
  host?: string;
  dataDir: string;
  cacheDir: string;
  /** False trades safety against power loss for speed. For tests only. */
  durable?: boolean;
  /** Servers somebody else runs. */
  external?: ExternalStores;
  /** The first operator. Without it one is made up and kept in the data folder. */
  operator?: { email: string; password: string };
  /** Services refuse what must not be so in production. */
  production?: boolean;
  /** Settings of services under their prefix, e.g. `ORDERS_RESERVATION_TTL_S`. */
  settings?: Environment;
  /** The time of day (UTC) at which the invariants are verified by a process of its own, e.g. `03:00`. */
  verifyAt?: string | undefined;
  /** Where metrics are told on the loopback: by the one process, or by as many from here on. 0: any free ports. */
  metricsPort?: number | undefined;
  /** The file that traces are appended to; OpenTelemetry's own variables in `settings` send them to a collector. */
  traceFile?: string | undefined;
  /** What services are told of the stores, where something stands in between. For tests only. */
  through?(stores: Stores): Promise<Stores>;
  /** Emulators as processes of their own, which they are in the processes shape anyway: to tell their cost from ours. */
  emulatorProcesses?: boolean;
  onStep?(step: string): void;
}

export interface Marketplace {
  readonly shape: Shape;
  readonly url: string;
  readonly port: number;
  readonly stores: Stores;
  readonly operator: { email: string; password: string };
  /** In the processes shape: the subgraphs and the gateway. */
  readonly processes?: Processes;
  readonly logsDir: string;
  /** Where metrics are told, by process; `metrics-targets.json` in the data folder says the same to Prometheus. */
  readonly metricsUrls: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Stores up, services up, in this order; stopped in the other. All or nothing. */
export async function startMarketplace(options: MarketplaceOptions): Promise<Marketplace> {
  const { shape, dataDir, cacheDir, host = '127.0.0.1', onStep = () => undefined } = options;
  const port = options.port === 0 ? await freePort() : options.port;
  const logsDir = join(dataDir, 'logs');
  await mkdir(logsDir, { recursive: true });
  const log = createLogger({ service: 'launcher', level: 'info', file: join(logsDir, 'launcher.log') });

  const startingStores = startStores({
    dataDir,
    cacheDir,
    durable: options.durable ?? true,
    processes: options.emulatorProcesses ?? shape === 'processes',
    external: options.external,
    log: toStoreLog(log),
    onProgress: ({ store, state }) => state === 'ready' && onStep(store),
  });
  // Only in this shape: in the other one this process needs neither the gateway nor a subgraph. Servers come up meanwhile.
  const loading = shape === 'monolith' ? loadMonolith() : undefined;
  // Whoever waits for it is told, once the stores are there.
  loading?.catch(() => undefined);
  const stores = await startingStores;
  let services:
    | { stop(): Promise<void>; processes?: Processes; metricsUrls: Readonly<Record<string, string>> }
    | undefined;
  try {
    const publicUrl = `http://${host === '0.0.0.0' ? 'localhost' : host}:${port}`;
    const operator = options.operator ?? (await keptOperator(join(dataDir, 'operator.json')));
    const environments = environmentsOf({
      stores: (await options.through?.(stores)) ?? stores,
      keys: await loadKeys(join(dataDir, 'keys.json')),
      publicUrl,
      port,
      host,
      filesDir: join(dataDir, 'files'),
      outboxDir: join(dataDir, 'outbox'),
      operator,
      production: options.production ?? false,
      overrides: options.settings,
    });
    await stores.stripe.setWebhook({ url: `${publicUrl}/webhooks/stripe`, secret: stores.stripe.webhookSecret });
    if (loading) {
      const { startMonolith } = await loading;
      const serviceLog = createLogger({ service: 'monolith', level: 'info', file: join(logsDir, 'monolith.log') });
      const tracing = await startTracing(settingsOf('', tracingSettings(options)), 'monolith', serviceLog);
      const telemetry = await startMetrics(metricsSettings(options.metricsPort), serviceLog);
      const { isServed, metrics, url } = telemetry;
      const monolith = await startMonolith({
        env: joined(environments),
        log: serviceLog,
        ...(isServed ? { metrics } : {}),
      }).catch(async (error: unknown) => {
        await telemetry.stop();
        await tracing.stop();
        throw error;
      });
      services = {
        metricsUrls: url === undefined ? {} : { monolith: url },
        async stop() {
          await monolith.stop();
          await telemetry.stop();
          await tracing.stop();
        },
      };
      onStep('services');
    } else {
      const processes = await startProcesses({
        tracing: tracingSettings(options),
        environments,
        copies: options.copies,
        logsDir,
        gatewayHost: host,
        gatewayPort: port,
        ...(options.metricsPort === undefined ? {} : { metricsPort: options.metricsPort }),
        onProgress: onStep,
      });
      services = { stop: processes.stop, processes, metricsUrls: processes.metricsUrls };
    }
    // For the commands an operator runs beside the marketplace, on this machine.
    await writeFile(join(dataDir, 'operator-access.json'), JSON.stringify(operatorAccess(stores)), { mode: 0o600 });
    await writeFile(
      join(dataDir, 'client.json'),
      JSON.stringify({
        url: publicUrl,
        operator,
        stripe: { apiUrl: stores.stripe.url, publishableKey: stores.stripe.publishableKey },
      }),
      { mode: 0o600 },
    );
    await writeFile(join(dataDir, 'metrics-targets.json'), prometheusTargets(services.metricsUrls));
    const running = services;
    const verify =
      options.verifyAt === undefined
        ? undefined
        : startNightlyVerify({ at: options.verifyAt, dataDir, logsDir, settings: options.settings ?? {} });
    let stopping: Promise<void> | undefined;
    return {
      shape,
      url: publicUrl,
      port,
      stores,
      operator,
      logsDir,
      metricsUrls: running.metricsUrls,
      ...(running.processes ? { processes: running.processes } : {}),
      stop: () =>
        (stopping ??= (async () => {
          await verify?.stop();
          await running.stop();
          await stores.stop();
        })()),
    };
  } catch (error) {
    await services?.stop().catch(() => undefined);
    await stores.stop();
    throw error;
  }
}

async function loadMonolith() {
  const monolith = await import('@marketgraph/monolith');
  await monolith.loadMonolith();
  return monolith;
}

/** Where the stores are, for `redrive`, `verify` and `doctor`. */
export function operatorAccess({ postgres, redis, mongodb, typesense, stripe }: Stores) {
  const { accounts, inventory, orders, payments } = postgres;
  return {
    redisUrl: redis.admin,
    postgres: { accounts, inventory, orders, payments },
    mongodb,
    typesense,
    stripe: { secretKey: stripe.secretKey, ...(stripe.url === undefined ? {} : { url: stripe.url }) },
  };
}

function tracingSettings({ traceFile, settings = {} }: MarketplaceOptions): Record<string, string> {
  const chosen = Object.entries(settings).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && entry[0].startsWith('OTEL_'),
  );
  return { ...Object.fromEntries(chosen), ...(traceFile === undefined ? {} : { TRACE_FILE: traceFile }) };
}

function metricsSettings(port: number | undefined) {
  return settingsOf('', port === undefined ? {} : { METRICS_PORT: String(port) });
}

/** As Prometheus reads them (`file_sd_configs`). */
function prometheusTargets(urls: Readonly<Record<string, string>>): string {
  const targets = Object.entries(urls).map(([process, url]) => ({
    targets: [new URL(url).host],
    labels: { process },
  }));
  return JSON.stringify(targets);
}

async function keptOperator(file: string): Promise<{ email: string; password: string }> {
  const known = await readFile(file, 'utf8').catch(() => null);
  if (known) return JSON.parse(known) as { email: string; password: string };
  const operator = { email: 'operator@marketgraph.example', password: randomBytes(12).toString('base64url') };
  await writeFile(file, JSON.stringify(operator), { mode: 0o600 });
  return operator;
}

function toStoreLog(log: Logger): StoreLog {
  return {
    info: (message) => log.info(message),
    warn: (message) => log.warn(message),
  };
}
