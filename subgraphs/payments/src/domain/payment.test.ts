import { describe, expect, it } from 'vitest';
import { canMove, isCaptured, type PaymentStatus, transitions } from './payment.ts';

const all = Object.keys(transitions) as PaymentStatus[];

/** The table once more, by hand, as a shopkeeper would draw it: `x` where a step is legal. */
const drawn = `
                          RPM RA  PRO AUT PCA CAP PRE REF VOI FAI DIS
REQUIRES_PAYMENT_METHOD   .   x   x   x   x   x   .   .   x   x   .
REQUIRES_ACTION           x   .   x   x   x   x   .   .   x   x   .
PROCESSING                .   x   .   x   x   x   .   .   x   x   .
AUTHORIZED                .   .   .   .   x   x   .   .   x   .   .
PARTIALLY_CAPTURED        .   .   .   .   .   .   x   x   .   .   x
CAPTURED                  .   .   .   .   .   .   x   x   .   .   x
PARTIALLY_REFUNDED        .   .   .   .   .   .   .   x   .   .   x
REFUNDED                  .   .   .   .   .   .   .   .   .   .   x
VOIDED                    .   .   .   .   .   .   .   .   .   .   .
FAILED                    .   x   x   x   x   x   .   .   .   .   .
DISPUTED                  .   .   .   .   x   x   x   x   .   .   .
`
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => line.trim().split(/\s+/));

const cells = drawn.flatMap(([from, ...marks]) =>
  marks.map((mark, index) => [from as PaymentStatus, all[index]!, mark === 'x'] as const),
);

describe('the life of a payment', () => {
  it('has a cell for every pair of states', () => {
    expect(cells).toHaveLength(all.length ** 2);
    expect(drawn.map(([from]) => from)).toEqual(all);
  });

  it.each(cells)('%s → %s is legal: %s', (from, to, isLegal) => {
    expect(canMove(from, to)).toBe(isLegal);
  });

  it('never goes from money taken back to money not taken', () => {
    for (const from of all.filter(isCaptured)) {
      expect(transitions[from].filter((to) => !isCaptured(to))).toEqual([]);
    }
  });
});
