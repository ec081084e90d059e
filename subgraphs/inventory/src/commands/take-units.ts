import { allocate } from '../domain/allocation.ts';
import { insertReservationLine } from '../store/reservations.ts';
import type { StockChange } from './change-stock.ts';

export interface Shortage {
  offerId: string;
  requested: number;
  available: number;
}

/** Allocates and reserves; the caller has seen that there is enough. */
export async function takeUnits(
  change: StockChange,
  { reservationId, wanted }: { reservationId: string; wanted: ReadonlyMap<string, number> },
): Promise<void> {
  for (const [offerId, quantity] of wanted) {
    for (const { warehouseId, quantity: units } of allocate(change.levelsOf(offerId), quantity) ?? []) {
      const moved = await change.move({
        offerId,
        warehouseId,
        onHandDelta: 0,
        reservedDelta: units,
        reason: 'RESERVATION',
        referenceId: reservationId,
      });
      if (!moved) throw new Error(`Stock of ${offerId} changed under its lock`);
      await insertReservationLine(change.em, { reservationId, offerId, warehouseId, quantity: units });
    }
  }
}

export function shortagesIn(change: StockChange, wanted: ReadonlyMap<string, number>): Shortage[] {
  return [...wanted].flatMap(([offerId, requested]) => {
    const levels = change.levelsOf(offerId);
    if (allocate(levels, requested)) return [];
    const available = levels.reduce((units, level) => units + level.onHand - level.reserved, 0);
    return [{ offerId, requested, available }];
  });
}
