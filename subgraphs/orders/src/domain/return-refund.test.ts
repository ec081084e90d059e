import { money } from '@marketgraph/platform/core';
import { cases } from '@marketgraph/platform/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refundOfUnits, shareOfLine } from './return-refund.ts';

const RUNS = cases(10_000);

const paidLine = fc.record({
  quantity: fc.integer({ min: 1, max: 999 }),
  lineTotal: fc.integer({ min: 0, max: 9_000_000_000_000 }),
  tax: fc.integer({ min: 0, max: 1_000_000_000 }),
});
type Drawn = { quantity: number; lineTotal: number; tax: number };
const eur = (amount: number) => money(amount, 'EUR');
const toLine = ({ quantity, lineTotal, tax }: Drawn, id = 'line') => ({
  id,
  quantity,
  lineTotal: eur(lineTotal),
  tax: eur(tax),
});

describe('R32 a line that comes back in portions', () => {
  it('is paid back to the unit, whatever the portions, and no portion is negative', () => {
    fc.assert(
      fc.property(paidLine, fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 20 }), (drawn, cuts) => {
        const line = toLine(drawn);
        let before = 0;
        let back = 0;
        for (const cut of [...cuts, line.quantity]) {
          const units = Math.min(cut, line.quantity - before);
          const share = shareOfLine(line, { before, units }).amount;
          expect(share).toBeGreaterThanOrEqual(0);
          // Nobody gets more than a unit's rounding off the exact share.
          const exact = ((drawn.lineTotal + drawn.tax) / line.quantity) * units;
          expect(Math.abs(share - exact)).toBeLessThanOrEqual(1 + exact * 1e-9);
          before += units;
          back += share;
        }
        expect(back).toBe(drawn.lineTotal + drawn.tax);
      }),
      { numRuns: RUNS },
    );
  });

  it('never gives for more units than there were', () => {
    const line = toLine({ quantity: 2, lineTotal: 100, tax: 19 });
    expect(() => shareOfLine(line, { before: 1, units: 2 })).toThrow(RangeError);
    expect(() => shareOfLine(line, { before: 0, units: -1 })).toThrow(RangeError);
  });
});

describe('R32 a vendor’s part that comes back line by line, in any order', () => {
  it('is paid back in full with its delivery, and delivery not before', () => {
    const parts = fc.array(paidLine, { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(parts, fc.nat({ max: 10_000 }), fc.infiniteStream(fc.nat()), (drawn, shipping, order) => {
        const lines = drawn.map((each, index) => toLine(each, `line-${index}`));
        const sold = { lines, shipping: eur(shipping) };
        const earlier = new Map<string, number>();
        const goods = drawn.reduce((total, { lineTotal, tax }) => total + lineTotal + tax, 0);
        const left = lines.map(({ id }) => id);
        let back = 0;
        while (left.length > 0) {
          const [lineId] = left.splice(order.next().value! % left.length, 1);
          const { quantity } = lines.find(({ id }) => id === lineId)!;
          back += refundOfUnits(sold, { earlier, units: [{ lineId: lineId!, quantity }] }).amount;
          earlier.set(lineId!, quantity);
          if (left.length > 0) expect(back).toBeLessThanOrEqual(goods);
        }
        expect(back).toBe(goods + shipping);
      }),
      { numRuns: RUNS },
    );
  });
});
