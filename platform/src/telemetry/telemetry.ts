import { mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { activeIds } from '../tracing/span.ts';
import type { Settings } from '../config/config.ts';
import { destination, type Logger, type LoggerOptions, pino, type SerializedError, stdSerializers } from 'pino';
import { withSourcePlaces } from './source-places.ts';

export type { Logger } from 'pino';
export {
  type Count,
  type CounterFamily,
  createMetrics,
  type GaugeReader,
  type HistogramFamily,
  type MetricOptions,
  type Metrics,
  type Observation,
} from './metrics.ts';
export { createHttpMetrics, type HttpMetrics } from './http-metrics.ts';
export { serveMetrics } from './metrics-server.ts';
export { type ProcessMetrics, startMetrics } from './process-metrics.ts';
export { withSourcePlaces } from './source-places.ts';

export interface LogOptions {
  service: string;
  /** `silent` for tests. */
  level?: string;
  /** Readable lines for a terminal instead of JSON. */
  pretty?: boolean;
  /** A file instead of standard output. */
  file?: string;
}

/** Paths whose values never reach a log line, wherever they are nested one level deep. */
const SECRET_KEYS = [
  'password',
  'newPassword',
  'token',
  'accessToken',
  'refreshToken',
  'authorization',
  'cookie',
  'clientSecret',
  'secret',
  'email',
  'line1',
  'phone',
];

/** JSON lines: `time level service …`. Secrets and personal data are redacted by key. */
export function createLogger({ service, level = 'info', pretty = false, file }: LogOptions): Logger {
  const options: LoggerOptions = {
    level,
    base: { service },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
    mixin: activeIds,
    serializers: { err: errorOf },
    redact: { paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: '[redacted]' },
  };
  if (pretty) {
    const { timestamp: _, ...readable } = options;
    return pino({
      ...readable,
      formatters: {},
      transport: { target: 'pino-pretty', options: { ignore: 'pid,hostname' } },
    });
  }
  return file ? pino(options, destination({ dest: opened(file), sync: false })) : pino(options);
}

function errorOf(error: Error): SerializedError {
  const serialized = stdSerializers.err(error);
  // What is logged as an error may be anything.
  if (typeof serialized?.stack === 'string') serialized.stack = withSourcePlaces(serialized.stack);
  return serialized;
}

/**
 * The log of a process: `LOG_FILE` and `LOG_LEVEL`; readable in a terminal and JSON lines anywhere else, unless
 * `LOG_PRETTY` says which.
 */
export function processLogger(
  settings: Settings,
  service: string,
  { isTerminal = process.stdout.isTTY === true }: { isTerminal?: boolean } = {},
): Logger {
  const file = settings.optional('LOG_FILE');
  const level = settings.optional('LOG_LEVEL') ?? 'info';
  return createLogger({ service, level, file, pretty: file === undefined && settings.flag('LOG_PRETTY', isTerminal) });
}

/** Opened at once: a process that ends before an asynchronous open is done would end with pino's stack instead of its own words. */
function opened(file: string): number {
  mkdirSync(dirname(file), { recursive: true });
  return openSync(file, 'a');
}
