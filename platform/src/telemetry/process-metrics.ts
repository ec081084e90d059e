import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Settings } from '../config/config.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { serveMetrics } from './metrics-server.ts';
import type { Logger } from './telemetry.ts';

export interface ProcessMetrics {
  metrics: Metrics;
  /** Whether somebody can look; what costs something to count is not counted otherwise. */
  isServed: boolean;
  /** Where, when they are served. */
  url?: string;
  stop(): Promise<void>;
}

/** The metrics of this process. `METRICS_PORT` serves them, at `METRICS_HOST` or on the loopback; without it nobody sees them. */
export async function startMetrics(settings: Settings, log: Logger): Promise<ProcessMetrics> {
  if (settings.optional('METRICS_PORT') === undefined) {
    return { metrics: createMetrics(), isServed: false, stop: async () => undefined };
  }
  const metrics = createMetrics({ process: true });
  tellBuild(metrics);
  const server = await serveMetrics(metrics, {
    host: settings.optional('METRICS_HOST') ?? '127.0.0.1',
    port: settings.integer('METRICS_PORT', 0, { max: 65_535 }),
    log,
  });
  const url = `${server.url}/metrics`;
  log.info({ url }, 'metrics');
  return { metrics, isServed: true, url, stop: () => server.stop() };
}

/** Which release this process is of: after a rollout all of them say the same. */
function tellBuild(metrics: Metrics): void {
  const { version } = JSON.parse(readFileSync(resolve(import.meta.dirname, '..', '..', 'package.json'), 'utf8')) as {
    version: string;
  };
  metrics.gauge(
    { name: 'build_info', help: 'Always 1; what runs is in the labels.', labels: ['version', 'node'] },
    () => [[[version, process.version], 1]],
  );
}
