import { availableIn, type StockLevel } from './stock.ts';

export interface Allocation {
  warehouseId: string;
  quantity: number;
}

/** A level, and how far its warehouse is from where the goods go; without a destination all are equally far. */
export type Reachable = StockLevel & { distance?: number };

/**
 * Which warehouses give the units of one line: the nearest, and among equals
 * the fullest, so that one gives all of it where one can and the small ones keep
 * what others may need. The next give what is still missing. Null when all of
 * them together have too little.
 */
export function allocate(levels: readonly Reachable[], quantity: number): Allocation[] | null {
  const inTurn = levels
    .filter((level) => availableIn(level) > 0)
    .toSorted(
      (a, b) =>
        (a.distance ?? 0) - (b.distance ?? 0) ||
        availableIn(b) - availableIn(a) ||
        (a.warehouseId < b.warehouseId ? -1 : 1),
    );
  const total = inTurn.reduce((units, level) => units + availableIn(level), 0);
  if (total < quantity) return null;
  const allocations: Allocation[] = [];
  let left = quantity;
  for (const level of inTurn) {
    if (left === 0) break;
    const taken = Math.min(left, availableIn(level));
    allocations.push({ warehouseId: level.warehouseId, quantity: taken });
    left -= taken;
  }
  return allocations;
}
