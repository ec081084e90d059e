import type * as real from '../../../../subgraphs/inventory/src/store/stock-writes.ts';
import { STALE_STATE } from '../../../../subgraphs/inventory/src/store/stock-writes.ts';
import { inventoryTables, levelKey, lineKey, type Reservation } from '../../world/inventory-tables.ts';
import type { Transaction } from '../../world/memory-database.ts';
import { statement } from '../../world/memory-orm.ts';

export * from '../../../../subgraphs/inventory/src/store/stock-writes.ts';

export const writeStock: typeof real.writeStock = (em, writes) =>
  statement(em, async (transaction) => {
    const { levels, movements, lines, offers, reservations } = inventoryTables(em);
    for (const { offerId, warehouseId, onHandDelta, reservedDelta, seen, version } of writes.levels) {
      const changed = await transaction.update(levels, levelKey({ offerId, warehouseId }), (level) => {
        const onHand = level.onHand + onHandDelta;
        const reserved = level.reserved + reservedDelta;
        return level.version === seen && onHand >= reserved && reserved >= 0
          ? { onHand, reserved, version }
          : undefined;
      });
      if (!changed) throw stale('levels');
    }
    for (const level of writes.opened) await transaction.insert(levels, levelKey(level), level);
    for (const movement of writes.movements) await transaction.insert(movements, movement.id, movement);
    for (const { offerId, sequence, allowance } of writes.offers) {
      await transaction.update(offers, offerId, () => ({ sequence, allowance: allowance && { ...allowance } }));
    }
    for (const reservation of writes.reservations.toSorted((a, b) => (a.requestKey < b.requestKey ? -1 : 1))) {
      const isFirst = await transaction.insert(reservations, reservation.id, made(transaction, reservation), 'nothing');
      if (!isFirst) throw stale('requests');
    }
    for (const line of writes.lines) await transaction.insert(lines, lineKey(line), line);
    for (const { id, was, status } of writes.statuses) {
      const ended = await transaction.update(reservations, id, (row) => (row.status === was ? { status } : undefined));
      if (!ended) throw stale('reservations');
    }
    for (const { id, lines: taken } of writes.takenAnew) {
      for (const line of transaction.all(lines)) {
        if (line.reservationId === id) await transaction.remove(lines, lineKey(line));
      }
      for (const each of taken) {
        const line = { ...each, reservationId: id };
        await transaction.insert(lines, lineKey(line), line);
      }
    }
  });

function made(transaction: Transaction, { id, cartId, requestKey, ttlS }: real.NewReservation): Reservation {
  const expiresAt = transaction.database.scheduler.now + ttlS * 1_000;
  return { id, cartId, requestKey, status: 'ACTIVE', expiresAt };
}

/** As the database says it. */
function stale(what: string): Error {
  return Object.assign(new Error(`Other ${what} than those that were decided on`), { code: STALE_STATE });
}
