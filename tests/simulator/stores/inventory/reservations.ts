import type * as real from '../../../../subgraphs/inventory/src/store/reservations.ts';
import { inventoryTables, lineKey, type Reservation } from '../../world/inventory-tables.ts';
import type { Transaction } from '../../world/memory-database.ts';
import { statement } from '../../world/memory-orm.ts';

export * from '../../../../subgraphs/inventory/src/store/reservations.ts';

/** The database's clock decides what is overdue, whatever the processes think. */
export function toRow(transaction: Transaction, { id, cartId, status, expiresAt }: Reservation): real.ReservationRow {
  const isOverdue = expiresAt <= transaction.database.scheduler.now;
  return { id, cartId, status, expiresAt: new Date(expiresAt).toISOString(), isOverdue };
}

export const reservationByKey: typeof real.reservationByKey = (em, requestKey) =>
  statement(em, (transaction) => {
    const row = transaction.all(inventoryTables(em).reservations).find((one) => one.requestKey === requestKey);
    return row && toRow(transaction, row);
  });

export const findReservations: typeof real.findReservations = (em, ids) =>
  statement(em, (transaction) =>
    ids.flatMap((id) => {
      const row = transaction.get(inventoryTables(em).reservations, id);
      return row ? [toRow(transaction, row)] : [];
    }),
  );

export function linesIn(
  transaction: Transaction,
  table: ReturnType<typeof inventoryTables>['lines'],
  ids: readonly string[],
): real.ReservationLineRow[] {
  return transaction
    .all(table)
    .filter((line) => ids.includes(line.reservationId))
    .toSorted((a, b) => (lineKey(a) < lineKey(b) ? -1 : 1));
}

export const linesOf: typeof real.linesOf = (em, ids) =>
  statement(em, (transaction) => linesIn(transaction, inventoryTables(em).lines, ids));

export const overdueReservations: typeof real.overdueReservations = (em, { limit, offerIds }) =>
  statement(em, (transaction) => {
    const { reservations, lines } = inventoryTables(em);
    const concerned =
      offerIds &&
      new Set(
        transaction
          .all(lines)
          .filter((line) => offerIds.includes(line.offerId))
          .map((line) => line.reservationId),
      );
    return transaction
      .all(reservations)
      .filter((row) => row.status === 'ACTIVE' && row.expiresAt <= transaction.database.scheduler.now)
      .filter((row) => !concerned || concerned.has(row.id))
      .toSorted((a, b) => a.expiresAt - b.expiresAt)
      .slice(0, limit)
      .map((row) => row.id);
  });
