import { accept, reject, type Result } from '@marketgraph/platform/core';
import { type IdempotentAnswer, onceByKey } from '@marketgraph/platform/postgres';
import { MAX_UNITS } from '../domain/stock.ts';
import type { LevelRow } from '../store/levels.ts';
import { findWarehouses } from '../store/warehouses.ts';
import { changeStock, type StockChange } from './change-stock.ts';
import type { CommandDeps } from './deps.ts';
import { knowOffers } from './know-offers.ts';

/** Reasons a person may give; the others belong to the machine. */
const MANUAL_REASONS = new Set(['RECEIPT', 'ADJUSTMENT', 'RETURN', 'SYNC']);

export interface StockTarget {
  offerId: string;
  warehouseId: string;
}

/** Who changes stock by hand, and under which key. */
export interface StockKeeper {
  actorId: string;
  /** Whether the actor may change the stock of this vendor. */
  mayActFor(vendorId: string): boolean;
  idempotencyKey: string;
  trace?: string;
}

export type StockCommand = StockTarget & StockKeeper;

export type StockOutcome = IdempotentAnswer<Result<LevelRow>>;

/** Counted anew: the level holds exactly this. A level that does not exist yet has version 0. */
export function setStock(
  deps: CommandDeps,
  command: StockCommand & { onHand: number; expectedVersion: number },
): Promise<StockOutcome> {
  const { offerId, warehouseId, onHand, expectedVersion } = command;
  return once(deps, command, 'inventorySet', { offerId, warehouseId, onHand, expectedVersion }, async (change) => {
    if (!isUnits(onHand)) return reject('INVALID', `onHand is from 0 to ${MAX_UNITS}.`, { field: ['onHand'] });
    const level = levelIn(change, command);
    if ((level?.version ?? 0) !== expectedVersion) {
      return reject('VERSION_MISMATCH', `The stock level is at version ${level?.version ?? 0}.`, {
        field: ['expectedVersion'],
        details: { currentVersion: level?.version ?? 0 },
      });
    }
    const { onHand: before } = level ?? change.openLevel(offerId, warehouseId);
    return moved(change, command, { delta: onHand - before, reason: 'ADJUSTMENT' });
  });
}

/** More or less by some units, with the reason why. */
export function adjustStock(
  deps: CommandDeps,
  command: StockCommand & { delta: number; reason: string },
): Promise<StockOutcome> {
  const { offerId, warehouseId, delta, reason } = command;
  return once(deps, command, 'inventoryAdjust', { offerId, warehouseId, delta, reason }, async (change) => {
    if (!Number.isInteger(delta) || delta === 0 || Math.abs(delta) > MAX_UNITS) {
      return reject('INVALID', 'delta is a whole number other than 0.', { field: ['delta'] });
    }
    if (!MANUAL_REASONS.has(reason)) {
      return reject('INVALID', `${reason} is not a reason for an adjustment by hand.`, { field: ['reason'] });
    }
    if (!levelIn(change, command)) change.openLevel(offerId, warehouseId);
    return moved(change, command, { delta, reason });
  });
}

function once(
  deps: CommandDeps,
  command: StockCommand,
  operation: string,
  input: unknown,
  work: (change: StockChange) => Promise<Result<LevelRow>>,
): Promise<StockOutcome> {
  const { warehouseId } = command;
  return onceForOffer(deps, command, { operation, input, warehouses: { warehouseId } }, work);
}

/** A change of one offer's stock by its vendor: once per key, in warehouses (by the input field that names each) the vendor may use. */
export async function onceForOffer<T>(
  deps: CommandDeps,
  command: StockKeeper & { offerId: string },
  call: { operation: string; input: unknown; warehouses: Readonly<Record<string, string>> },
  work: (change: StockChange) => Promise<Result<T>>,
): Promise<IdempotentAnswer<Result<T>>> {
  const { offerId, actorId, idempotencyKey: key } = command;
  const { operation, input } = call;
  await knowOffers(deps, [offerId]);
  return changeStock(
    deps,
    [offerId],
    (change) =>
      onceByKey<Result<T>>(change.em, { principal: actorId, operation, key, input }, async () => {
        const vendorId = change.offers.get(offerId)?.vendorId;
        // An allowance is nobody's stock, and set by what it is the allowance of.
        if (!vendorId) return reject('NOT_FOUND', 'There is no such offer.', { field: ['offerId'] });
        if (!command.mayActFor(vendorId)) {
          return reject('FORBIDDEN', 'This offer belongs to another vendor.', { field: ['offerId'] });
        }
        const found = await findWarehouses(change.em, Object.values(call.warehouses));
        for (const [field, id] of Object.entries(call.warehouses)) {
          const warehouse = found.find((each) => each.id === id);
          // A warehouse of nobody is the marketplace's own; another vendor's might as well not exist.
          if (!warehouse || (warehouse.vendorId !== null && warehouse.vendorId !== vendorId)) {
            return reject('NOT_FOUND', 'There is no such warehouse.', { field: [field] });
          }
        }
        return work(change);
      }),
    { trace: command.trace },
  );
}

function moved(
  change: StockChange,
  { offerId, warehouseId, actorId }: StockCommand,
  { delta, reason }: { delta: number; reason: string },
): Result<LevelRow> {
  const level = levelIn(change, { offerId, warehouseId })!;
  if (level.onHand + delta > MAX_UNITS) return reject('INVALID', `A level holds at most ${MAX_UNITS} units.`);
  const done = change.move({ offerId, warehouseId, onHandDelta: delta, reservedDelta: 0, reason, actorId });
  if (!done) {
    return reject('CONFLICT', `${level.reserved} units are reserved: there cannot be fewer on hand.`, {
      details: { reserved: level.reserved },
    });
  }
  return accept(levelIn(change, { offerId, warehouseId })!);
}

export function levelIn(change: StockChange, { offerId, warehouseId }: StockTarget): LevelRow | undefined {
  return change.levelsOf(offerId).find((level) => level.warehouseId === warehouseId);
}

function isUnits(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= MAX_UNITS;
}
