import { accept, type Money, reject, type Result } from '@marketgraph/platform/core';
import type { Order, OrderFact, Units, VendorOrder } from './order.ts';
import { mayMove, type ReturnStatus, returnTransitions } from './order-status.ts';
import type { Return, ReturnFact } from './return-facts.ts';
import { type PaidLine, refundOfUnits } from './return-refund.ts';

/** Requests of one vendor's part, refused and called off ones too: every list of returns stays short. */
export const MAX_RETURNS = 20;

const CAME_BACK: readonly ReturnStatus[] = ['RECEIVED', 'REFUNDED'];
const CAME_TO_NOTHING: readonly ReturnStatus[] = ['REJECTED', 'CANCELED'];

/** On its way back, by word or by parcel: until it has ended the vendor is not paid. */
export function isOpenReturn(status: ReturnStatus): boolean {
  return status !== 'REFUNDED' && !CAME_TO_NOTHING.includes(status);
}

export interface NewReturn {
  returnId: string;
  lines: readonly Units[];
  /** Parts whose return window has ended, by the clock of whoever asks. */
  closed: ReadonlySet<string>;
}

/** A buyer wants to send units back: of one vendor's part, which have arrived and are in no other return. */
export function requestReturn(
  order: Order,
  { returnId, lines, closed }: NewReturn,
): Result<{ vendorOrderId: string; facts: OrderFact[] }> {
  if (lines.length === 0) return reject('INVALID', 'A return is of something.', { field: ['lines'] });
  const partOf = (lineId: string) =>
    order.vendorOrders.find((candidate) => candidate.lines.some((line) => line.lineId === lineId));
  const part = partOf(lines[0]!.lineId);
  for (const [index, { lineId, quantity }] of lines.entries()) {
    const field = ['lines', String(index)];
    const own = partOf(lineId);
    if (!own || !part) return reject('NOT_FOUND', 'This order has no such line.', { field: [...field, 'lineId'] });
    if (own !== part) {
      return reject('INVALID', 'A return goes to one vendor: ask for one per vendor.', { field: [...field, 'lineId'] });
    }
    if (lines.findIndex((other) => other.lineId === lineId) !== index) {
      return reject('INVALID', 'Name each line once.', { field: [...field, 'lineId'] });
    }
    if (!Number.isInteger(quantity) || quantity < 1) {
      return reject('INVALID', 'A whole number of units, from 1.', { field: [...field, 'quantity'] });
    }
    if (deliveredUnits(part, lineId) === 0) {
      return reject('ILLEGAL_TRANSITION', 'Nothing of this line has arrived.', { field: [...field, 'lineId'] });
    }
  }
  const { id: vendorOrderId } = part!;
  if (closed.has(vendorOrderId)) {
    return reject('RETURN_WINDOW_CLOSED', 'The time for returning this is over.', { field: ['lines'] });
  }
  for (const [index, { lineId, quantity }] of lines.entries()) {
    const left = returnableUnits(part!, lineId);
    if (quantity > left) {
      const field = ['lines', String(index), 'quantity'];
      return reject('INVALID', `${left} of this line can be returned.`, { field });
    }
  }
  if (part!.returns.length >= MAX_RETURNS) {
    return reject('LIMIT_EXCEEDED', `At most ${MAX_RETURNS} returns of one vendor’s goods.`, { field: ['lines'] });
  }
  const units = lines.toSorted((a, b) => (a.lineId < b.lineId ? -1 : 1));
  const fact: ReturnFact = {
    type: 'RETURN_STATUS',
    subjectId: returnId,
    from: null,
    to: 'REQUESTED',
    detail: { vendorOrderId, lines: units },
  };
  return accept({ vendorOrderId, facts: [fact] });
}

/** One step of a return. `RECEIVED` has its own function: money follows from it. */
export function moveReturn(
  order: Order,
  returnId: string,
  { to, note }: { to: Exclude<ReturnStatus, 'REQUESTED' | 'RECEIVED'>; note?: string | null },
): Result<OrderFact[]> {
  return step(order, returnId, { to, ...(note ? { detail: { note } } : {}) });
}

/** The goods are with the vendor: what the buyer gets for them. Nothing, for what cost nothing, and then it is done. */
export function receiveReturn(
  order: Order,
  returnId: string,
  { sold, restock }: { sold: { lines: readonly PaidLine[]; shipping: Money }; restock: boolean },
): Result<{ facts: OrderFact[]; refund: Money }> {
  const moved = step(order, returnId, { to: 'RECEIVED', detail: { restock } });
  if (!moved.ok) return moved;
  const { part, found } = returnOf(order, returnId);
  const earlier = new Map(part.lines.map(({ lineId }) => [lineId, returnedUnits(part, lineId)]));
  const refund = refundOfUnits(sold, { earlier, units: found.lines });
  if (refund.amount > 0) return accept({ facts: moved.value, refund });
  const done: ReturnFact = { type: 'RETURN_STATUS', subjectId: returnId, from: 'RECEIVED', to: 'REFUNDED' };
  return accept({ facts: [...moved.value, done], refund });
}

export function findReturn(order: Order, id: string): { part: VendorOrder; found: Return } | undefined {
  for (const part of order.vendorOrders) {
    const found = part.returns.find((each) => each.id === id);
    if (found) return { part, found };
  }
  return undefined;
}

export function returnOf(order: Order, id: string): { part: VendorOrder; found: Return } {
  const found = findReturn(order, id);
  if (!found) throw new Error(`Order ${order.id} has no return ${id}.`);
  return found;
}

/** Units that have arrived and are in no return, but those that came to nothing. */
export function returnableUnits(part: VendorOrder, lineId: string): number {
  const claimed = part.returns.filter(({ status }) => !CAME_TO_NOTHING.includes(status));
  return deliveredUnits(part, lineId) - unitsIn(claimed, lineId);
}

/** Units that the vendor has again. */
export function returnedUnits(part: VendorOrder, lineId: string): number {
  return unitsIn(
    part.returns.filter(({ status }) => CAME_BACK.includes(status)),
    lineId,
  );
}

function deliveredUnits(part: VendorOrder, lineId: string): number {
  return unitsIn(
    part.fulfillments.filter(({ status }) => status === 'DELIVERED'),
    lineId,
  );
}

function unitsIn(boxes: readonly { lines: readonly Units[] }[], lineId: string): number {
  return boxes
    .flatMap(({ lines }) => lines)
    .filter((line) => line.lineId === lineId)
    .reduce((total, line) => total + line.quantity, 0);
}

function step(order: Order, returnId: string, move: Pick<ReturnFact, 'to' | 'detail'>): Result<ReturnFact[]> {
  const { status: from } = returnOf(order, returnId).found;
  if (!mayMove(returnTransitions, from, move.to)) {
    return reject('ILLEGAL_TRANSITION', `A return that is ${from} cannot become ${move.to}.`, { field: ['id'] });
  }
  return accept([{ type: 'RETURN_STATUS', subjectId: returnId, from, ...move }]);
}
