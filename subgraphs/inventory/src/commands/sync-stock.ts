import { accept, reject, type Rejection, type Result } from '@marketgraph/platform/core';
import { onceByKey } from '@marketgraph/platform/postgres';
import { MAX_UNITS } from '../domain/stock.ts';
import { type OfferRow, offersBySku } from '../store/offers.ts';
import { saveSyncPoints, type SyncPoint, syncPointsOf } from '../store/stock-sync.ts';
import { type WarehouseRow, warehousesOfVendors } from '../store/warehouses.ts';
import { changeStock, type StockChange } from './change-stock.ts';
import type { CommandDeps } from './deps.ts';
import { levelIn, type StockKeeper, type StockTarget } from './set-stock.ts';

export interface SyncEntry {
  sku: string;
  warehouseCode: string;
  onHand: number;
  sourceVersion: string;
}

export interface SyncStock extends StockKeeper {
  vendorId: string;
  /** The vendor's own system; versions of two systems are not compared. */
  source: string;
  entries: readonly SyncEntry[];
}

export interface Synced {
  applied: number;
  skippedStale: number;
  /** One per entry that could not be taken over; the others were. */
  rejections: Rejection[];
}

export const MAX_ENTRIES = 1_000;
/** Entries of one transaction: what it locks, checkouts wait for. */
const CHUNK = 50;
const SOURCE = /^[\w.:-]{1,64}$/;
/** Counts and Unix times; more digits than a bigint holds are no version. */
const VERSION = /^\d{1,18}$/;

/**
 * Takes over what a vendor's own system has counted. Each entry stands for
 * itself; a version that was seen before, or an older one, changes nothing. Each
 * chunk is decided once per key, so a batch that was cut off goes on where it
 * stopped, and the same batch again gets the same answer.
 */
export async function syncStock(deps: CommandDeps, command: SyncStock): Promise<Result<Synced>> {
  const { vendorId, source, entries, actorId: principal, idempotencyKey } = command;
  if (!command.mayActFor(vendorId)) {
    return reject('FORBIDDEN', 'You may not change the stock of this vendor.', { field: ['vendorId'] });
  }
  if (!SOURCE.test(source)) {
    return reject('INVALID', 'A source is 1 to 64 letters, digits, -, _, . and :.', { field: ['source'] });
  }
  if (entries.length === 0 || entries.length > MAX_ENTRIES) {
    return reject('INVALID', `A batch has 1 to ${MAX_ENTRIES} entries.`, { field: ['entries'] });
  }
  const input = { vendorId, source, entries };
  const total: Synced = { applied: 0, skippedStale: 0, rejections: [] };
  for (let from = 0; from < entries.length; from += CHUNK) {
    const chunk = entries.slice(from, from + CHUNK);
    const em = deps.orm.em.fork();
    const offers = await offersBySku(
      em,
      vendorId,
      chunk.map(({ sku }) => sku),
    );
    const warehouses = new Map((await warehousesOfVendors(em, [vendorId])).map((each) => [each.code, each]));
    const outcome = await changeStock(
      deps,
      [...offers.values()].map(({ offerId }) => offerId),
      (change) =>
        onceByKey(
          change.em,
          { principal, operation: 'inventorySyncBatch', key: keyOf(idempotencyKey, from), input },
          () => takeOver(change, { command, chunk, from, offers, warehouses }),
        ),
      { trace: command.trace },
    );
    if (outcome.kind === 'reused') {
      return reject('IDEMPOTENCY_KEY_REUSED', 'This key was used with another input.');
    }
    total.applied += outcome.answer.applied;
    total.skippedStale += outcome.answer.skippedStale;
    total.rejections.push(...outcome.answer.rejections);
  }
  return accept(total);
}

/** The first chunk has the client's own key: another input is found there. */
function keyOf(key: string, from: number): string {
  return from === 0 ? key : `${key}#${from}`;
}

interface Chunk {
  command: SyncStock;
  chunk: readonly SyncEntry[];
  from: number;
  offers: ReadonlyMap<string, OfferRow>;
  warehouses: ReadonlyMap<string, WarehouseRow>;
}

/** What is asked of the database does not grow with the entries: they are decided here, in their order, and kept at once. */
async function takeOver(change: StockChange, work: Chunk): Promise<Synced> {
  const { command, chunk, offers } = work;
  const { source, actorId } = command;
  const offerIds = [...offers.values()].map(({ offerId }) => offerId);
  const seen = new Map((await syncPointsOf(change.em, { source, offerIds })).map((point) => [levelKey(point), point]));
  const counted = new Set<string>();
  const synced: Synced = { applied: 0, skippedStale: 0, rejections: [] };
  for (const [index, entry] of chunk.entries()) {
    const target = targetOf(change, work, entry);
    const taken = target.ok ? takeOne(change, entry, { target: target.value, seen, counted }) : target;
    if (!taken.ok) {
      const { code, message, field = [] } = taken.rejection;
      synced.rejections.push({ code, message, field: ['entries', String(work.from + index), ...field] });
    } else if (taken.value === null) synced.skippedStale += 1;
    else {
      synced.applied += 1;
      const { offerId, warehouseId, onHandDelta } = taken.value;
      if (!levelIn(change, taken.value)) change.openLevel(offerId, warehouseId);
      if (onHandDelta === 0) continue;
      const move = { offerId, warehouseId, onHandDelta, reservedDelta: 0 };
      if (!change.move({ ...move, reason: 'SYNC', referenceId: source, actorId })) {
        throw new Error(`Stock of ${offerId} was counted and cannot be so`);
      }
    }
  }
  await saveSyncPoints(
    change.em,
    source,
    [...counted].map((key) => seen.get(key)!),
  );
  return synced;
}

const levelKey = ({ offerId, warehouseId }: StockTarget): string => `${offerId} ${warehouseId}`;

/** The level an entry is about. */
function targetOf(
  change: StockChange,
  { command, offers, warehouses }: Chunk,
  { sku, warehouseCode, onHand, sourceVersion }: SyncEntry,
): Result<StockTarget> {
  if (!Number.isInteger(onHand) || onHand < 0 || onHand > MAX_UNITS) {
    return reject('INVALID', `onHand is from 0 to ${MAX_UNITS}.`, { field: ['onHand'] });
  }
  if (!VERSION.test(sourceVersion)) {
    return reject('INVALID', 'A version is a whole number of up to 18 digits.', { field: ['sourceVersion'] });
  }
  const offer = offers.get(sku);
  // Sold to another vendor since it was looked up is as unknown as one that never was.
  if (!offer || change.offers.get(offer.offerId)?.vendorId !== command.vendorId) {
    return reject('NOT_FOUND', `There is no offer with the SKU ${sku.slice(0, 100)}.`, { field: ['sku'] });
  }
  const warehouse = warehouses.get(warehouseCode);
  if (!warehouse) {
    return reject('NOT_FOUND', `There is no warehouse ${warehouseCode.slice(0, 100)}.`, { field: ['warehouseCode'] });
  }
  return accept({ offerId: offer.offerId, warehouseId: warehouse.id });
}

/** By how much the level changes; null: this version, or a newer one, was taken over before. */
function takeOne(
  change: StockChange,
  { onHand, sourceVersion }: SyncEntry,
  { target, seen, counted }: { target: StockTarget; seen: Map<string, SyncPoint>; counted: Set<string> },
): Result<(StockTarget & { onHandDelta: number }) | null> {
  const key = levelKey(target);
  const version = BigInt(sourceVersion);
  const newest = seen.get(key)?.version;
  if (newest !== undefined && version <= newest) return accept(null);

  const level = levelIn(change, target);
  const reserved = level?.reserved ?? 0;
  if (onHand < reserved) {
    return reject('CONFLICT', `${reserved} units are reserved: there cannot be fewer on hand.`, { field: ['onHand'] });
  }
  seen.set(key, { ...target, version });
  counted.add(key);
  return accept({ ...target, onHandDelta: onHand - (level?.onHand ?? 0) });
}
