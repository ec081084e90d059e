import type { GaugeReader, Logger, MetricOptions, Metrics } from '../telemetry/telemetry.ts';
import { type Loop, startLoop } from './loop.ts';

type Figure = ReturnType<GaugeReader>;

/** Numbers are as old as this at most, which is well within the patience of an alert. */
const DEFAULT_INTERVAL_MS = 5_000;

/** A gauge that a store has to be asked for: by a loop of its own, so that whoever looks at metrics waits for no store. */
export function watchFigure(
  metric: MetricOptions,
  {
    metrics,
    log,
    intervalMs = DEFAULT_INTERVAL_MS,
    look,
  }: { metrics: Metrics; log: Logger; intervalMs?: number; look(): Promise<Figure> },
): Loop {
  let figure: Figure = metric.labels ? [] : 0;
  metrics.gauge(metric, () => figure);
  return startLoop({
    name: `metric ${metric.name}`,
    log,
    intervalMs,
    async run() {
      figure = await look();
      return 'idle';
    },
  });
}
