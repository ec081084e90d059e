import { accept, reject, type Result } from '@marketgraph/platform/core';
import type { IdempotentAnswer } from '@marketgraph/platform/postgres';
import { availableIn, MAX_UNITS } from '../domain/stock.ts';
import type { LevelRow } from '../store/levels.ts';
import type { CommandDeps } from './deps.ts';
import { levelIn, onceForOffer, type StockKeeper } from './set-stock.ts';

export interface TransferStock extends StockKeeper {
  offerId: string;
  fromWarehouseId: string;
  toWarehouseId: string;
  quantity: number;
}

export interface Transferred {
  from: LevelRow;
  to: LevelRow;
}

/** Units go from one warehouse to another: out of the one and into the other, or not at all. */
export function transferStock(
  deps: CommandDeps,
  command: TransferStock,
): Promise<IdempotentAnswer<Result<Transferred>>> {
  const { offerId, fromWarehouseId, toWarehouseId, quantity, actorId } = command;
  const warehouses = { fromWarehouseId, toWarehouseId };
  const input = { offerId, ...warehouses, quantity };
  return onceForOffer(deps, command, { operation: 'inventoryTransfer', input, warehouses }, async (change) => {
    if (fromWarehouseId === toWarehouseId) {
      return reject('INVALID', 'A transfer goes to another warehouse.', { field: ['toWarehouseId'] });
    }
    if (!Number.isInteger(quantity) || quantity < 1 || quantity > MAX_UNITS) {
      return reject('INVALID', 'A quantity is a whole number from 1.', { field: ['quantity'] });
    }
    const from = levelIn(change, { offerId, warehouseId: fromWarehouseId });
    const available = from ? availableIn(from) : 0;
    if (available < quantity) {
      return reject('INSUFFICIENT_STOCK', `Only ${available} units are free to move.`, {
        field: ['quantity'],
        details: { offerId, requested: quantity, available },
      });
    }
    const to = levelIn(change, { offerId, warehouseId: toWarehouseId });
    if ((to?.onHand ?? 0) + quantity > MAX_UNITS) {
      return reject('INVALID', `A level holds at most ${MAX_UNITS} units.`, { field: ['quantity'] });
    }
    if (!to) change.openLevel(offerId, toWarehouseId);
    const referenceId = deps.ids.next('trf');
    const moves = [
      { warehouseId: fromWarehouseId, onHandDelta: -quantity, reason: 'TRANSFER_OUT' },
      { warehouseId: toWarehouseId, onHandDelta: quantity, reason: 'TRANSFER_IN' },
    ];
    for (const move of moves) {
      const isMoved = change.move({ ...move, offerId, reservedDelta: 0, referenceId, actorId });
      if (!isMoved) throw new Error(`Stock of ${offerId} changed under its lock`);
    }
    return accept({
      from: levelIn(change, { offerId, warehouseId: fromWarehouseId })!,
      to: levelIn(change, { offerId, warehouseId: toWarehouseId })!,
    });
  });
}
