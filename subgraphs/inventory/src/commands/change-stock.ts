import { betweenCrashPoints, crashPoint } from '@marketgraph/platform/core';
import type { NewEvent } from '@marketgraph/platform/messaging';
import { appendToOutbox, type EntityManager, inTransaction } from '@marketgraph/platform/postgres';
import type { CounterValue } from '../clients/stock-counter.ts';
import { grantOf, usedOf } from '../domain/allowance.ts';
import { availableIn } from '../domain/stock.ts';
import { allowanceChangedEvent, stockChangedEvent } from '../events/out.ts';
import { saveGranted } from '../store/allowances.ts';
import {
  countStock,
  type Counting,
  insertLevels,
  type LevelRow,
  levelsOfOffers,
  type Movement,
  moveStock,
} from '../store/levels.ts';
import { lockOffers, type LockedOffer } from '../store/offers.ts';
import type { CommandDeps } from './deps.ts';

/** The stock of some offers, locked for the length of one transaction. */
export interface StockChange {
  readonly em: EntityManager;
  readonly offers: ReadonlyMap<string, LockedOffer>;
  levelsOf(offerId: string): readonly LevelRow[];
  /** False when the level would hold less than nothing, or less than is reserved. Then nothing of it happened. */
  move(movement: Omit<Movement, 'id'>): Promise<boolean>;
  /** As so many `move`s of units nobody has reserved, in one statement; each must be possible after those before it. */
  count(countings: readonly Omit<Counting, 'id'>[]): Promise<void>;
  openLevel(offerId: string, warehouseId: string): Promise<LevelRow>;
  openLevels(targets: readonly { offerId: string; warehouseId: string }[]): Promise<LevelRow[]>;
  /** Sent with the change, in the same transaction. */
  announce(event: NewEvent): void;
}

interface Touched {
  before: number;
  warehouseIds: Set<string>;
  reason: string;
}

/**
 * Every change of stock goes through here: offers locked in order, levels moved
 * by conditional updates, a movement for each, one event per offer with the
 * offer's next number; all of it or nothing. Allowances are counted the same way. After the commit the counters in
 * front learn the new sums, and that the claimant has what it claimed.
 */
export async function changeStock<T>(
  deps: CommandDeps,
  offerIds: readonly string[],
  work: (change: StockChange) => Promise<T>,
  { trace, claimant }: { trace?: string; claimant?: string } = {},
): Promise<T> {
  const { value, counters } = await betweenCrashPoints('stock.change', () =>
    inTransaction(deps.orm, (em) => run(deps, em, { offerIds, work, trace })),
  );
  if (counters.length > 0) {
    deps.onCommitted();
    await deps.counter.put(counters, { settled: claimant });
    crashPoint('stock.counted');
  }
  return value;
}

async function run<T>(
  deps: CommandDeps,
  em: EntityManager,
  { offerIds, work, trace }: { offerIds: readonly string[]; work: (change: StockChange) => Promise<T>; trace?: string },
): Promise<{ value: T; counters: CounterValue[] }> {
  const offers = await lockOffers(em, offerIds);
  const levels = new Map<string, LevelRow[]>();
  for (const level of await levelsOfOffers(em, offerIds)) {
    levels.set(level.offerId, [...(levels.get(level.offerId) ?? []), level]);
  }
  const touched = new Map<string, Touched>();
  const events: NewEvent[] = [];
  const touch = ({ offerId, warehouseId, reason }: Pick<Movement, 'offerId' | 'warehouseId' | 'reason'>) => {
    const known = touched.get(offerId) ?? { before: totalOf(levels.get(offerId)), warehouseIds: new Set(), reason };
    known.warehouseIds.add(warehouseId);
    touched.set(offerId, { ...known, reason });
  };
  const nextOf = (offerId: string) => (offers.get(offerId)?.sequence ?? 0) + 1;
  const hold = (level: LevelRow) => {
    const others = (levels.get(level.offerId) ?? []).filter(({ id }) => id !== level.id);
    levels.set(level.offerId, [...others, level]);
  };

  const change: StockChange = {
    em,
    offers,
    levelsOf: (offerId) => levels.get(offerId) ?? [],
    async move(movement) {
      const sequence = nextOf(movement.offerId);
      const moved = await moveStock(em, { ...movement, id: deps.ids.next('mov') }, { sequence });
      if (!moved) return false;
      touch(movement);
      hold(moved);
      return true;
    },
    async count(countings) {
      if (countings.length === 0) return;
      const withIds = countings.map((counting) => ({ ...counting, id: deps.ids.next('mov') }));
      const sequences = new Map(countings.map(({ offerId }) => [offerId, nextOf(offerId)]));
      const moved = await countStock(em, withIds, { sequences });
      const wanted = new Set(countings.map(({ offerId, warehouseId }) => `${offerId} ${warehouseId}`));
      if (moved.length < wanted.size) throw new Error('A level that was counted changed under the lock of its offer');
      for (const counting of countings) touch(counting);
      for (const level of moved) hold(level);
    },
    async openLevel(offerId, warehouseId) {
      const [level] = await change.openLevels([{ offerId, warehouseId }]);
      return level!;
    },
    async openLevels(targets) {
      if (targets.length === 0) return [];
      const opened = targets.map(({ offerId, warehouseId }) => ({
        ...{ id: deps.ids.next('lvl'), offerId, warehouseId },
        ...{ onHand: 0, reserved: 0, version: 1 },
      }));
      await insertLevels(em, opened);
      for (const level of opened) hold(level);
      return opened;
    },
    announce: (event) => void events.push(event),
  };
  const value = await work(change);
  await settleAllowances(change);

  const counters: CounterValue[] = [];
  for (const [offerId, { before, warehouseIds, reason }] of touched) {
    const offer = offers.get(offerId)!;
    const sequence = offer.sequence + 1;
    const rows = levels.get(offerId) ?? [];
    const available = totalOf(rows);
    const onHand = rows.reduce((units, level) => units + level.onHand, 0);
    const reserved = rows.reduce((units, level) => units + level.reserved, 0);
    const { vendorId, lowStockThreshold, allowance } = offer;
    if (allowance) {
      const uses = { units: allowance.allowed, available, reserved, used: usedOf(allowance, onHand) };
      events.push(allowanceChangedEvent({ allowanceId: offerId, ...uses }, sequence));
    } else {
      const warehouseId = warehouseIds.size === 1 ? [...warehouseIds][0]! : null;
      const units = { previousAvailable: before, available, onHand, reserved };
      // What is no allowance is a vendor's: the table says so.
      const payload = { offerId, vendorId: vendorId!, warehouseId, ...units, lowStockThreshold, reason };
      events.push(stockChangedEvent(payload, sequence));
    }
    counters.push({ offerId, available, sequence });
  }
  await appendToOutbox(em, events, { ids: deps.ids, now: deps.clock.now(), trace });
  return { value, counters };
}

/**
 * Every change of an allowance ends with as many given as are allowed: units
 * that came back of a claim which stood in the way of a lower limit go at once.
 */
async function settleAllowances(change: StockChange): Promise<void> {
  for (const { offerId, allowance } of change.offers.values()) {
    const [level] = change.levelsOf(offerId);
    if (!allowance || !level) continue;
    const onHandDelta = grantOf(allowance, level);
    if (onHandDelta === 0) continue;
    const { warehouseId } = level;
    const moved = await change.move({ offerId, warehouseId, onHandDelta, reservedDelta: 0, reason: 'ADJUSTMENT' });
    if (!moved) throw new Error(`Allowance ${offerId} changed under its lock`);
    allowance.granted += onHandDelta;
    await saveGranted(change.em, offerId, allowance.granted);
  }
}

function totalOf(levels: readonly LevelRow[] = []): number {
  return levels.reduce((units, level) => units + availableIn(level), 0);
}
