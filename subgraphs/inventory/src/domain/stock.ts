/** Units of one offer in one warehouse. `available` is what is not spoken for. */
export interface StockLevel {
  warehouseId: string;
  onHand: number;
  reserved: number;
}

export type AvailabilityStatus = 'IN_STOCK' | 'LOW_STOCK' | 'OUT_OF_STOCK';

/** No single level holds more: a mistyped number is caught before it is believed. */
export const MAX_UNITS = 100_000_000;

export function availableIn(level: Pick<StockLevel, 'onHand' | 'reserved'>): number {
  return level.onHand - level.reserved;
}

export function statusOf(available: number, lowStockThreshold: number): AvailabilityStatus {
  if (available <= 0) return 'OUT_OF_STOCK';
  return available <= lowStockThreshold ? 'LOW_STOCK' : 'IN_STOCK';
}
