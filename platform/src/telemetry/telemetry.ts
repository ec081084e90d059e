import { destination, type Logger, type LoggerOptions, pino } from 'pino';

export type { Logger } from 'pino';

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
  return file ? pino(options, destination({ dest: file, mkdir: true, sync: false })) : pino(options);
}
