import { type Watch, watchFigure } from '@marketgraph/platform/messaging';
import type { Database } from '@marketgraph/platform/postgres';
import {
  type Count,
  type CounterFamily,
  createMetrics,
  type Logger,
  type Metrics,
} from '@marketgraph/platform/telemetry';
import { countHeldSettlements } from './store/settlements.ts';

/** What this service counts of its own work. */
export interface PaymentsCounts {
  /** Money taken, in minor units, by currency. */
  captured: CounterFamily;
  /** The provider's events, by type and by what became of them: `kept`, `duplicate` or `ignored`. */
  webhooks: CounterFamily;
  /** What came to the provider's door without the provider's signature. */
  badSignatures: Count;
}

export function paymentsCounts(metrics: Metrics = createMetrics()): PaymentsCounts {
  return {
    captured: metrics.counter({
      name: 'payments_captured_minor_total',
      help: 'Money taken, in minor units.',
      labels: ['currency'],
    }),
    webhooks: metrics.counter({
      name: 'webhook_received_total',
      help: 'Signed events of the provider.',
      labels: ['type', 'outcome'],
    }),
    badSignatures: metrics
      .counter({ name: 'webhook_signature_invalid_total', help: 'Events refused for their signature.' })
      .of(),
  };
}

export function watchPayouts(orm: Database, { metrics, log }: { metrics: Metrics; log: Logger }): Watch {
  return watchFigure(
    { name: 'payouts_held', help: 'Settlements that wait for their return window to end.' },
    { metrics, log, look: () => countHeldSettlements(orm.em.fork()) },
  );
}
