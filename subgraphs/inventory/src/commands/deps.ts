import type { Clock, Ids } from '@marketgraph/platform/core';
import type { Database } from '@marketgraph/platform/postgres';
import type { Logger } from '@marketgraph/platform/telemetry';
import type { OfferSource } from '../clients/offer-source.ts';
import type { SparingCounter } from '../clients/sparing-counter.ts';
import type { InventoryCounts } from '../counts.ts';
import { type Refusals, refusalsOf } from './refusals.ts';
import { type StockRounds, stockRounds } from './stock-rounds.ts';

/** What commands work with. */
export interface CommandDeps extends CommandParts {
  rounds: StockRounds;
  refusals: Refusals;
}

/** Of one process: what its commands decide together, they decide by these. */
export function commandDeps(parts: CommandParts): CommandDeps {
  return { ...parts, rounds: stockRounds(parts), refusals: refusalsOf(parts) };
}

export interface CommandParts {
  orm: Database;
  ids: Ids;
  clock: Clock;
  counter: SparingCounter;
  offerSource: OfferSource;
  log: Logger;
  counts: InventoryCounts;
  reservationTtlS: number;
}
