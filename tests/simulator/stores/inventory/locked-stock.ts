import type * as real from '../../../../subgraphs/inventory/src/store/locked-stock.ts';
import { inventoryTables } from '../../world/inventory-tables.ts';
import { statement } from '../../world/memory-orm.ts';
import { linesIn, toRow } from './reservations.ts';

export * from '../../../../subgraphs/inventory/src/store/locked-stock.ts';

export const readLockedStock: typeof real.readLockedStock = (em, { offerIds, reservationIds, requestKeys }) =>
  statement(em, (transaction) => {
    const { levels, reservations, lines } = inventoryTables(em);
    return {
      now: new Date(transaction.database.scheduler.now).toISOString(),
      levels: transaction
        .all(levels)
        .filter(({ offerId }) => offerIds.includes(offerId))
        .map((level) => ({ ...level, place: null })),
      reservations: transaction
        .all(reservations)
        .filter(({ id, requestKey }) => reservationIds.includes(id) || requestKeys.includes(requestKey))
        .map((row) => ({
          ...toRow(transaction, row),
          requestKey: row.requestKey,
          lines: linesIn(transaction, lines, [row.id]),
        })),
    };
  });
