import type { GaugeReader, Logger, MetricOptions, Metrics } from '../telemetry/telemetry.ts';

type Figure = ReturnType<GaugeReader>;

/** Numbers are as old as this at most: several who look at the same time cost one look. */
const MAX_AGE_MS = 1_000;

export interface Watch {
  /** Resolves when a look that is under way has ended. */
  stop(): Promise<void>;
}

/** A gauge that a store has to be asked for, when somebody looks at metrics. */
export function watchFigure(
  metric: MetricOptions,
  { metrics, log, look }: { metrics: Metrics; log: Logger; look(): Promise<Figure> },
): Watch {
  let figure: Figure = metric.labels ? [] : 0;
  metrics.gauge(metric, () => figure);
  return watchBy({ name: metric.name, metrics, log }, async () => {
    figure = await look();
  });
}

/** Runs `look` whenever somebody wants to see metrics; one that fails leaves what was known before. */
export function watchBy(
  { name, metrics, log }: { name: string; metrics: Metrics; log: Logger },
  look: () => Promise<void>,
): Watch {
  let lookedAt = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> = Promise.resolve();
  const asked = metrics.beforeText(() => {
    if (performance.now() - lookedAt >= MAX_AGE_MS) {
      lookedAt = performance.now();
      looking = look().catch((error: unknown) =>
        log.warn({ err: error, metric: name }, 'a metric could not be looked at'),
      );
    }
    return looking;
  });
  return {
    async stop() {
      asked.undo();
      await looking;
    },
  };
}
