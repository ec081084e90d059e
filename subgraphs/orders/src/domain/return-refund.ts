import { add, type Money, money, sum } from '@marketgraph/platform/core';
import type { Units } from './order.ts';

/** A line as it was paid for. */
export interface PaidLine {
  id: string;
  quantity: number;
  /** Unit price times quantity less discount. */
  lineTotal: Money;
  tax: Money;
}

/**
 * What was paid for `units` of a line when `before` of it have come back
 * already: the difference of two rounded-down shares of the whole, so that the
 * returns of a line add up to what was paid for it, in whatever portions.
 */
export function shareOfLine(line: PaidLine, { before, units }: { before: number; units: number }): Money {
  if (before < 0 || units < 0 || before + units > line.quantity) {
    throw new RangeError(`${units} after ${before} of ${line.quantity} units cannot come back.`);
  }
  const paid = add(line.lineTotal, line.tax);
  const upTo = (count: number) => Number((BigInt(paid.amount) * BigInt(count)) / BigInt(line.quantity));
  return money(upTo(before + units) - upTo(before), paid.currencyCode);
}

/**
 * What goes back to the buyer for units that were received. Delivery was
 * rendered and stays paid, unless with these units everything of the vendor's
 * part has come back: who keeps nothing of an order owes nothing for it.
 */
export function refundOfUnits(
  sold: { lines: readonly PaidLine[]; shipping: Money },
  { earlier, units }: { earlier: ReadonlyMap<string, number>; units: readonly Units[] },
): Money {
  const now = new Map(units.map(({ lineId, quantity }) => [lineId, quantity]));
  const shares = sold.lines.map((line) =>
    shareOfLine(line, { before: earlier.get(line.id) ?? 0, units: now.get(line.id) ?? 0 }),
  );
  const goods = sum(shares, sold.shipping.currencyCode);
  const isAll = sold.lines.every(({ id, quantity }) => (earlier.get(id) ?? 0) + (now.get(id) ?? 0) === quantity);
  return isAll ? add(goods, sold.shipping) : goods;
}
