import { allocate } from '../domain/allocation.ts';
import { type Destination, distanceBetween } from '../domain/nearness.ts';
import { availableIn } from '../domain/stock.ts';
import { findWarehouses } from '../store/warehouses.ts';
import type { StockChange } from './change-stock.ts';

export interface Shortage {
  offerId: string;
  requested: number;
  available: number;
}

export interface TakeUnits {
  reservationId: string;
  wanted: ReadonlyMap<string, number>;
  /** Nearest first; without it the fullest. */
  shipTo?: Destination | null;
}

/** Allocates and reserves; the caller has seen that there is enough. */
export async function takeUnits(change: StockChange, { reservationId, wanted, shipTo }: TakeUnits): Promise<void> {
  const distances = await distancesTo(change, [...wanted.keys()], shipTo);
  for (const [offerId, quantity] of wanted) {
    const levels = change.levelsOf(offerId).map((level) => ({ ...level, distance: distances.get(level.warehouseId) }));
    for (const { warehouseId, quantity: units } of allocate(levels, quantity) ?? []) {
      const moved = await change.move({
        offerId,
        warehouseId,
        onHandDelta: 0,
        reservedDelta: units,
        reason: 'RESERVATION',
        referenceId: reservationId,
        isHeld: true,
      });
      if (!moved) throw new Error(`Stock of ${offerId} changed under its lock`);
    }
  }
}

/** How far each warehouse is; looked up only where there is a choice. */
async function distancesTo(
  { em, levelsOf }: StockChange,
  offerIds: readonly string[],
  shipTo: Destination | null | undefined,
): Promise<Map<string, number>> {
  if (!shipTo) return new Map();
  const choices = offerIds
    .map((offerId) => levelsOf(offerId).filter((level) => availableIn(level) > 0))
    .filter((levels) => levels.length > 1);
  const warehouses = await findWarehouses(em, [...new Set(choices.flat().map(({ warehouseId }) => warehouseId))]);
  return new Map(
    warehouses.map(({ id, region, address }) => {
      const place = {
        region,
        countryCode: address?.['countryCode'] ?? null,
        addressRegion: address?.['region'] ?? null,
      };
      return [id, distanceBetween(place, shipTo)];
    }),
  );
}

export function shortagesIn(change: StockChange, wanted: ReadonlyMap<string, number>): Shortage[] {
  return [...wanted].flatMap(([offerId, requested]) => {
    const levels = change.levelsOf(offerId);
    if (allocate(levels, requested)) return [];
    const available = levels.reduce((units, level) => units + level.onHand - level.reserved, 0);
    return [{ offerId, requested, available }];
  });
}
