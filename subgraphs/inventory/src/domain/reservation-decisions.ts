import { accept, type Result } from '@marketgraph/platform/core';
import { allocate } from './allocation.ts';
import { type ReservationCommand, type ReservationStatus, step, type StockEffect } from './reservation.ts';
import { type LedgerEntry, unitsOf } from './stock-ledger.ts';

export interface Shortage {
  offerId: string;
  requested: number;
  available: number;
}

export interface ReservationLine {
  offerId: string;
  warehouseId: string;
  quantity: number;
}

/** A reservation as it stands when its end is decided. */
export interface HeldReservation {
  id: string;
  status: ReservationStatus;
  isOverdue: boolean;
  lines: readonly ReservationLine[];
}

/** How far a warehouse is from where the goods go; undefined where nobody knows. */
export type DistanceTo = (warehouseId: string) => number | undefined;

/** What each effect means for a line: units on hand, units reserved, and the movement's reason. */
const EFFECTS: Readonly<
  Record<StockEffect, (command: ReservationCommand) => { onHand: -1 | 0 | 1; reserved: -1 | 0; reason: string }>
> = {
  ship: () => ({ onHand: -1, reserved: -1, reason: 'SALE' }),
  free: (command) => ({ onHand: 0, reserved: -1, reason: command === 'expire' ? 'EXPIRY' : 'RELEASE' }),
  restock: () => ({ onHand: 1, reserved: 0, reason: 'RELEASE' }),
  none: () => ({ onHand: 0, reserved: 0, reason: '' }),
};

/** Of each offer that has too little for what is wanted of it; none: all can be had. */
export function shortagesIn(entry: LedgerEntry, wanted: ReadonlyMap<string, number>): Shortage[] {
  return [...wanted].flatMap(([offerId, requested]) => {
    const levels = entry.levelsOf(offerId);
    if (allocate(levels, requested)) return [];
    return [{ offerId, requested, available: unitsOf(levels).available }];
  });
}

/** Allocates and reserves, nearest first, and without a destination the fullest; the caller has seen that there is enough. */
export function takeUnits(
  entry: LedgerEntry,
  { id, wanted, distanceTo }: { id: string; wanted: ReadonlyMap<string, number>; distanceTo: DistanceTo },
): ReservationLine[] {
  const lines: ReservationLine[] = [];
  for (const [offerId, quantity] of wanted) {
    const levels = entry.levelsOf(offerId).map((level) => ({ ...level, distance: distanceTo(level.warehouseId) }));
    for (const { warehouseId, quantity: units } of allocate(levels, quantity) ?? []) {
      const move = { offerId, warehouseId, onHandDelta: 0, reservedDelta: units };
      if (!entry.move({ ...move, reason: 'RESERVATION', referenceId: id })) {
        throw new Error(`Stock of ${offerId} was given and is not there`);
      }
      lines.push({ offerId, warehouseId, quantity: units });
    }
  }
  return lines;
}

/** What becomes of a reservation: null when it is there already. With lines when it was given others. */
export function decideEnd(
  entry: LedgerEntry,
  reservation: HeldReservation,
  { command, distanceTo }: { command: ReservationCommand; distanceTo: DistanceTo },
): Result<{ status: ReservationStatus; takenAnew?: ReservationLine[] } | null> {
  if (command === 'confirm' && mustReserveAnew(reservation)) return confirmLate(entry, reservation, distanceTo);
  const next = step(reservation.status, command);
  if (!next.ok) return next;
  const { status, effect } = next.value;
  if (status === reservation.status) return accept(null);
  apply(entry, reservation, { command, effect });
  return accept({ status });
}

/** Expired, by the sweeper or by the clock alone: its units may have gone to somebody else. */
function mustReserveAnew({ status, isOverdue }: HeldReservation): boolean {
  return status === 'EXPIRED' || (status === 'ACTIVE' && isOverdue);
}

/** The buyer paid after the time was over. When the units are still there the sale stands. */
function confirmLate(
  entry: LedgerEntry,
  reservation: HeldReservation,
  distanceTo: DistanceTo,
): Result<{ status: ReservationStatus; takenAnew?: ReservationLine[] } | null> {
  const { id } = reservation;
  if (reservation.status === 'ACTIVE') {
    apply(entry, reservation, { command: 'confirm', effect: 'ship' });
    return accept({ status: 'CONFIRMED' });
  }
  const wanted = new Map<string, number>();
  for (const { offerId, quantity } of reservation.lines) wanted.set(offerId, (wanted.get(offerId) ?? 0) + quantity);
  // What the table says of an expired one that cannot be saved.
  if (shortagesIn(entry, wanted).length > 0) return step('EXPIRED', 'confirm') as Result<never>;
  const takenAnew = takeUnits(entry, { id, wanted, distanceTo });
  apply(entry, { ...reservation, lines: takenAnew }, { command: 'confirm', effect: 'ship' });
  return accept({ status: 'CONFIRMED', takenAnew });
}

function apply(
  entry: LedgerEntry,
  { id, lines }: HeldReservation,
  { command, effect }: { command: ReservationCommand; effect: StockEffect },
): void {
  if (effect === 'none') return;
  const { onHand, reserved, reason } = EFFECTS[effect](command);
  for (const { offerId, warehouseId, quantity } of lines) {
    const deltas = { onHandDelta: onHand * quantity, reservedDelta: reserved * quantity };
    if (!entry.move({ offerId, warehouseId, ...deltas, reason, referenceId: id })) {
      throw new Error(`Reservation ${id} and the stock of ${offerId} do not agree`);
    }
  }
}
