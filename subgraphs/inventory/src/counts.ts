import { type Watch, watchFigure } from '@marketgraph/platform/messaging';
import type { Database } from '@marketgraph/platform/postgres';
import { type Count, createMetrics, type Logger, type Metrics } from '@marketgraph/platform/telemetry';
import { countActiveReservations } from './store/reservations.ts';

/** What this service counts of its own work. */
export interface InventoryCounts {
  /** Reservations refused because there were not enough units. */
  oversellPrevented: Count;
  reservationsExpired: Count;
  /** Transactions in which requests for stock were decided, and the requests that were. */
  rounds: Count;
  roundRequests: Count;
}

export function inventoryCounts(metrics: Metrics = createMetrics()): InventoryCounts {
  return {
    oversellPrevented: metrics
      .counter({
        name: 'inventory_oversell_prevented_total',
        help: 'Reservations refused because there were not enough units.',
      })
      .of(),
    reservationsExpired: metrics
      .counter({ name: 'inventory_reservation_expired_total', help: 'Reservations whose time ran out.' })
      .of(),
    rounds: metrics
      .counter({ name: 'inventory_rounds_total', help: 'Transactions that decided about reservations.' })
      .of(),
    roundRequests: metrics
      .counter({ name: 'inventory_round_requests_total', help: 'Requests these transactions decided.' })
      .of(),
  };
}

export function watchReservations(orm: Database, { metrics, log }: { metrics: Metrics; log: Logger }): Watch {
  return watchFigure(
    { name: 'inventory_reservations_active', help: 'Reservations that hold units for somebody.' },
    { metrics, log, look: () => countActiveReservations(orm.em.fork()) },
  );
}
