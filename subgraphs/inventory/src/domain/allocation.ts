import { availableIn, type StockLevel } from './stock.ts';

export interface Allocation {
  warehouseId: string;
  quantity: number;
}

/**
 * Which warehouses give the units of one line. One warehouse that holds it all
 * comes before a split; among equals the fullest, so that the small ones keep
 * what others may need. Null when all of them together have too little.
 */
export function allocate(levels: readonly StockLevel[], quantity: number): Allocation[] | null {
  const fullestFirst = levels
    .filter((level) => availableIn(level) > 0)
    .toSorted((a, b) => availableIn(b) - availableIn(a) || (a.warehouseId < b.warehouseId ? -1 : 1));
  const total = fullestFirst.reduce((units, level) => units + availableIn(level), 0);
  if (total < quantity) return null;
  const allocations: Allocation[] = [];
  let left = quantity;
  for (const level of fullestFirst) {
    if (left === 0) break;
    const taken = Math.min(left, availableIn(level));
    allocations.push({ warehouseId: level.warehouseId, quantity: taken });
    left -= taken;
  }
  return allocations;
}
