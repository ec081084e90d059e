import { betweenCrashPoints, crashPoint } from '@marketgraph/platform/core';
import { appendToOutbox, type EntityManager, inTransaction } from '@marketgraph/platform/postgres';
import type { CounterValue } from '../clients/stock-counter.ts';
import {
  type LedgerEntry,
  type LedgerLevel,
  type LedgerMove,
  type LedgerOffer,
  StockLedger,
  unitsOf,
} from '../domain/stock-ledger.ts';
import { offerChangeEvent } from '../events/out.ts';
import { levelsOfOffers } from '../store/levels.ts';
import { lockOffers } from '../store/offers.ts';
import { isStale, type StockWrites, writeStock } from '../store/stock-writes.ts';
import type { CommandParts } from './deps.ts';

/** The stock of some offers, locked for the length of one transaction. What is done to it is written at its end. */
export interface StockChange {
  readonly em: EntityManager;
  readonly offers: ReadonlyMap<string, LedgerOffer>;
  levelsOf(offerId: string): readonly LedgerLevel[];
  /** False when the level would hold less than nothing, or less than is reserved. Then nothing of it happened. */
  move(movement: LedgerMove): boolean;
  openLevel(offerId: string, warehouseId: string): LedgerLevel;
  /** So many uses of an allowance there are from now on, by the word of this number. */
  allow(allowanceId: string, units: number, sequence: number): void;
}

/** Decided on what was not there: rare enough that a few times are many. */
const MAX_TRIES = 5;

/**
 * Every change of stock goes through here or through a round: offers locked in order, levels moved by conditional
 * updates, a movement for each, one event per offer with the offer's next number; all of it or nothing. Allowances are
 * counted the same way. After the commit the counters in front learn the new sums.
 */
export async function changeStock<T>(
  deps: CommandParts,
  offerIds: readonly string[],
  work: (change: StockChange) => Promise<T>,
  { trace }: { trace?: string } = {},
): Promise<T> {
  const { value, counters } = await unlessStale(() =>
    betweenCrashPoints('stock.change', () =>
      inTransaction(deps.orm, async (em) => {
        const ledger = new StockLedger(await lockOffers(em, offerIds), await levelsOfOffers(em, offerIds));
        const entry = ledger.begin();
        const value = await work(toChange(deps, { em, ledger, entry }));
        const changes = ledger.keep(entry);
        await writeStock(em, stockWritesOf(deps, ledger));
        await appendToOutbox(em, changes.map(offerChangeEvent), { ids: deps.ids, now: deps.clock.now(), trace });
        return { value, counters: changes.map(({ offer }) => counterOf(ledger, offer)) };
      }),
    ),
  );
  await tellCounter(deps, counters);
  return value;
}

/** Tried again when what was decided on had changed under the locks: something else than these commands did that. */
export async function unlessStale<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isStale(error) || tries >= MAX_TRIES) throw error;
    }
  }
}

export function stockWritesOf(
  { ids }: Pick<CommandParts, 'ids'>,
  ledger: StockLedger,
  reservations: Partial<StockWrites> = {},
): StockWrites {
  const { moves, ...writes } = ledger.writes;
  const movements = moves.map((move) => ({ ...move, id: ids.next('mov') }));
  return { reservations: [], lines: [], statuses: [], takenAnew: [], ...reservations, ...writes, movements };
}

/** What the counter in front is told of an offer as it stands there. */
export function counterOf(
  stock: Pick<LedgerEntry, 'levelsOf'>,
  { offerId, sequence }: Pick<LedgerOffer, 'offerId' | 'sequence'>,
): CounterValue {
  return { offerId, available: unitsOf(stock.levelsOf(offerId)).available, sequence };
}

/** After the commit: everybody who waits for what was decided is told. */
export async function tellCounter(deps: CommandParts, counters: readonly CounterValue[]): Promise<void> {
  if (counters.length === 0) return;
  await deps.counter.tell(counters);
  crashPoint('stock.counted');
}

function toChange(
  { ids }: Pick<CommandParts, 'ids'>,
  { em, ledger, entry }: { em: EntityManager; ledger: StockLedger; entry: LedgerEntry },
): StockChange {
  return {
    em,
    offers: ledger.offers,
    levelsOf: (offerId) => entry.levelsOf(offerId),
    move: (movement) => entry.move(movement),
    openLevel: (offerId, warehouseId) => entry.open({ id: ids.next('lvl'), offerId, warehouseId }),
    allow: (allowanceId, units, sequence) => entry.allow(allowanceId, units, sequence),
  };
}
