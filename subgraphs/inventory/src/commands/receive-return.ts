import { accept, reject, type Result } from '@marketgraph/platform/core';
import { hashOf } from '@marketgraph/platform/postgres';
import { MAX_UNITS } from '../domain/stock.ts';
import { linesOf, reservationByKey } from '../store/reservations.ts';
import { insertReturn, returnById, returnedOf, type ReturnedUnits } from '../store/returns.ts';
import { changeStock } from './change-stock.ts';
import type { CommandDeps } from './deps.ts';

export interface ReceiveReturn {
  /** What comes back; the same one comes back once. */
  id: string;
  /** The order that was sold: its reservation was asked for under this key. */
  orderId: string;
  lines: readonly { offerId: string; quantity: number }[];
  trace?: string;
}

const MAX_LINES = 500;

/**
 * Units of a sale are on the shelf again, each where it was taken from. Asked
 * any number of times they come back once, and of all returns of a sale
 * together never more than was sold.
 */
export async function receiveReturn(deps: CommandDeps, command: ReceiveReturn): Promise<Result<string>> {
  const { id, orderId, lines, trace } = command;
  const wanted = new Map<string, number>();
  for (const { offerId, quantity } of lines) wanted.set(offerId, (wanted.get(offerId) ?? 0) + quantity);
  const isWhole = lines.every(({ quantity }) => Number.isInteger(quantity) && quantity >= 1 && quantity <= MAX_UNITS);
  if (lines.length === 0 || lines.length > MAX_LINES || !isWhole) {
    return reject('INVALID', `A return has 1 to ${MAX_LINES} lines of one unit or more.`, { field: ['lines'] });
  }
  const inputHash = hashOf({ orderId, units: Object.fromEntries(wanted) });
  return changeStock(
    deps,
    [...wanted.keys()],
    async (change): Promise<Result<string>> => {
      const earlier = await returnById(change.em, id);
      if (earlier) {
        return earlier.inputHash === inputHash
          ? accept(id)
          : reject('IDEMPOTENCY_KEY_REUSED', 'Something else came back under this id.', { field: ['id'] });
      }
      const sale = await reservationByKey(change.em, orderId);
      if (sale?.status !== 'CONFIRMED') {
        return reject('NOT_FOUND', `Nothing was sold to ${orderId}.`, { field: ['orderId'] });
      }
      const [slot] = [...change.offers.values()].filter(({ allowance }) => allowance).map(({ offerId }) => offerId);
      if (slot) return reject('INVALID', `What was used of ${slot} stays used.`, { field: ['lines'] });
      const left = unitsLeft(await linesOf(change.em, [sale.id]), await returnedOf(change.em, sale.id));
      const back: ReturnedUnits[] = [];
      for (const [offerId, quantity] of wanted) {
        const units = takeBack(left, offerId, quantity);
        if (!units) return reject('INVALID', `Fewer of ${offerId} were sold than come back.`, { field: ['lines'] });
        back.push(...units);
      }
      await insertReturn(change.em, { id, reservationId: sale.id, inputHash, lines: back });
      for (const { offerId, warehouseId, quantity } of back) {
        const movement = { offerId, warehouseId, onHandDelta: quantity, reservedDelta: 0, reason: 'RETURN' };
        if (!change.move({ ...movement, referenceId: id }))
          throw new Error(`Stock of ${offerId} changed under its lock`);
      }
      return accept(id);
    },
    { trace },
  );
}

function unitsLeft(sold: readonly ReturnedUnits[], returned: readonly ReturnedUnits[]): ReturnedUnits[] {
  return sold.map(({ offerId, warehouseId, quantity }) => {
    const back = returned.find((each) => each.offerId === offerId && each.warehouseId === warehouseId);
    return { offerId, warehouseId, quantity: quantity - (back?.quantity ?? 0) };
  });
}

/** To the warehouses the units came from, in their order; null when more would come back than is out there. */
function takeBack(left: readonly ReturnedUnits[], offerId: string, quantity: number): ReturnedUnits[] | null {
  const back: ReturnedUnits[] = [];
  let open = quantity;
  for (const from of left) {
    const units = from.offerId === offerId ? Math.min(open, from.quantity) : 0;
    if (units === 0) continue;
    back.push({ offerId, warehouseId: from.warehouseId, quantity: units });
    open -= units;
  }
  return open === 0 ? back : null;
}
