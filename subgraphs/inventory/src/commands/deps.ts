import type { Clock, Ids } from '@marketgraph/platform/core';
import type { Database } from '@marketgraph/platform/postgres';
import type { Logger } from '@marketgraph/platform/telemetry';
import type { OfferSource } from '../clients/offer-source.ts';
import type { StockCounter } from '../clients/stock-counter.ts';
import type { InventoryCounts } from '../counts.ts';

/** What commands work with. */
export interface CommandDeps {
  orm: Database;
  ids: Ids;
  clock: Clock;
  counter: StockCounter;
  offerSource: OfferSource;
  log: Logger;
  counts: InventoryCounts;
  reservationTtlS: number;
  /** Events wait in the outbox: the relay may look now. */
  onCommitted(): void;
}
