import type * as real from '../../../../subgraphs/inventory/src/store/locked-stock.ts';
import { inventoryTables } from '../../world/inventory-tables.ts';
import { statement } from '../../world/memory-orm.ts';
import { lockOffers } from './offers.ts';
import { linesIn, toRow } from './reservations.ts';

export * from '../../../../subgraphs/inventory/src/store/locked-stock.ts';

export const lockStock: typeof real.lockStock = async (em, { offerIds, reservationIds, requestKeys }) => {
  const offers = await lockOffers(em, offerIds, reservationIds);
  const stock = await statement(em, (transaction) => {
    const { levels, reservations, lines } = inventoryTables(em);
    return {
      now: new Date(transaction.database.scheduler.now).toISOString(),
      levels: transaction
        .all(levels)
        .filter((level) => offers.some(({ offerId }) => offerId === level.offerId))
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
  return { offers, stock };
};
