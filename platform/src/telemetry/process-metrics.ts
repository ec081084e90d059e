import type { Settings } from '../config/config.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { serveMetrics } from './metrics-server.ts';
import type { Logger } from './telemetry.ts';

export interface ProcessMetrics {
  metrics: Metrics;
  /** Whether somebody can look; what costs something to count is not counted otherwise. */
  isServed: boolean;
  stop(): Promise<void>;
}

/** The metrics of this process. `METRICS_PORT` serves them, at `METRICS_HOST` or on the loopback; without it nobody sees them. */
export async function startMetrics(settings: Settings, log: Logger): Promise<ProcessMetrics> {
  if (settings.optional('METRICS_PORT') === undefined) {
    return { metrics: createMetrics(), isServed: false, stop: async () => undefined };
  }
  const metrics = createMetrics({ process: true });
  const server = await serveMetrics(metrics, {
    host: settings.optional('METRICS_HOST') ?? '127.0.0.1',
    port: settings.integer('METRICS_PORT', 0, { max: 65_535 }),
    log,
  });
  log.info({ url: `${server.url}/metrics` }, 'metrics');
  return { metrics, isServed: true, stop: () => server.stop() };
}
