import { cases } from '@marketgraph/platform/testing';
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

  it('I14 takes the nearest first, though others are fuller, and the rest from the next', () => {
    const near = { ...level('near', 3), distance: 0 };
    const [far, farther] = [
      { ...level('far', 5), distance: 2 },
      { ...level('farther', 9), distance: 3 },
    ];
    expect(allocate([farther, far, near], 2)).toEqual([{ warehouseId: 'near', quantity: 2 }]);
    expect(allocate([farther, far, near], 10)).toEqual([
      { warehouseId: 'near', quantity: 3 },
      { warehouseId: 'far', quantity: 5 },
      { warehouseId: 'farther', quantity: 2 },
    ]);
  });

  it('I14 agrees with a clerk who fetches unit by unit, each from the best shelf that is not empty', () => {
    const shelves = fc.array(fc.record({ onHand: fc.nat(12), distance: fc.nat(3) }), { maxLength: 6 });
    fc.assert(
      fc.property(shelves, fc.integer({ min: 1, max: 50 }), (drawn, quantity) => {
        const given = drawn.map(({ onHand, distance }, index) => ({ ...level(`w${index}`, onHand), distance }));
        const fetched = new Map<string, number>();
        for (let unit = 0; unit < quantity; unit += 1) {
          const [best] = given
            .filter(({ warehouseId, onHand }) => onHand > (fetched.get(warehouseId) ?? 0))
            .toSorted(
              (a, b) => a.distance - b.distance || b.onHand - a.onHand || a.warehouseId.localeCompare(b.warehouseId),
            );
          if (!best) {
            expect(allocate(given, quantity)).toBeNull();
            return;
          }
          fetched.set(best.warehouseId, (fetched.get(best.warehouseId) ?? 0) + 1);
        }
        const allocated = (allocate(given, quantity) ?? []).map((one) => [one.warehouseId, one.quantity] as const);
        expect(new Map(allocated)).toEqual(fetched);
      }),
      { numRuns: cases(1_000) },
    );
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
