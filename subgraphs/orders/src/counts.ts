import { type Watch, watchFigure } from '@marketgraph/platform/messaging';
import type { Database } from '@marketgraph/platform/postgres';
import {
  type CounterFamily,
  createMetrics,
  type HistogramFamily,
  type Logger,
  type Metrics,
} from '@marketgraph/platform/telemetry';
import { countStuckCheckouts } from './store/checkouts.ts';

/** What this service counts of its own work. */
export interface OrdersCounts {
  /** Checkouts that came to their end, by how: `completed`, or the code of their failure in lower case. */
  checkouts: CounterFamily;
  /** What a checkout asks of others, by what it asks. */
  stepSeconds: HistogramFamily;
}

export function ordersCounts(metrics: Metrics = createMetrics()): OrdersCounts {
  return {
    checkouts: metrics.counter({
      name: 'checkout_saga_total',
      help: 'Checkouts that came to their end.',
      labels: ['outcome'],
    }),
    stepSeconds: metrics.histogram({
      name: 'checkout_saga_step_duration_seconds',
      help: 'How long a step of a checkout waited for its answer, failed tries included.',
      labels: ['step'],
    }),
  };
}

/** So long without a step, and with nobody to wait for, a checkout is stuck. */
const STUCK_AFTER_S = 120;

export function watchCheckouts(orm: Database, { metrics, log }: { metrics: Metrics; log: Logger }): Watch {
  return watchFigure(
    {
      name: 'checkout_saga_stuck',
      help: `Checkouts that have not moved for ${STUCK_AFTER_S} s though nobody has to pay first; must be 0.`,
    },
    { metrics, log, look: () => countStuckCheckouts(orm.em.fork(), STUCK_AFTER_S) },
  );
}
