import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allocate } from './allocation.ts';
import { availableIn } from './stock.ts';

const level = (warehouseId: string, onHand: number, reserved = 0) => ({ warehouseId, onHand, reserved });

describe('allocation', () => {
  it('takes a line from one warehouse when one holds it all', () => {
    expect(allocate([level('a', 3), level('b', 9)], 4)).toEqual([{ warehouseId: 'b', quantity: 4 }]);
  });

  it('splits across warehouses when each is short', () => {
    expect(allocate([level('a', 3), level('b', 2)], 5)).toEqual([
      { warehouseId: 'a', quantity: 3 },
      { warehouseId: 'b', quantity: 2 },
    ]);
  });

  it('counts only what is not reserved', () => {
    expect(allocate([level('a', 5, 4)], 2)).toBeNull();
  });

  it('gives exactly the quantity or nothing, and never more than a warehouse has', () => {
    const levels = fc.array(fc.record({ onHand: fc.nat(50), reservedShare: fc.integer({ min: 0, max: 100 }) }), {
      maxLength: 6,
    });
    fc.assert(
      fc.property(levels, fc.integer({ min: 1, max: 120 }), (drawn, quantity) => {
        const given = drawn.map(({ onHand, reservedShare }, index) =>
          level(`w${index}`, onHand, Math.floor((onHand * reservedShare) / 100)),
        );
        const total = given.reduce((units, one) => units + availableIn(one), 0);
        const allocations = allocate(given, quantity);
        if (total < quantity) {
          expect(allocations).toBeNull();
          return;
        }
        expect(allocations?.reduce((units, one) => units + one.quantity, 0)).toBe(quantity);
        for (const { warehouseId, quantity: taken } of allocations ?? []) {
          const from = given.find((one) => one.warehouseId === warehouseId)!;
          expect(taken).toBeGreaterThan(0);
          expect(taken).toBeLessThanOrEqual(availableIn(from));
        }
      }),
    );
  });
});
