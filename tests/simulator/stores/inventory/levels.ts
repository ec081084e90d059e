import type * as real from '../../../../subgraphs/inventory/src/store/levels.ts';
import { inventoryTables, levelKey } from '../../world/inventory-tables.ts';
import { statement } from '../../world/memory-orm.ts';

export * from '../../../../subgraphs/inventory/src/store/levels.ts';

const inOrder = (a: { warehouseId: string; offerId: string }, b: { warehouseId: string; offerId: string }) =>
  levelKey(a) < levelKey(b) ? -1 : 1;

export const levelsOfOffers: typeof real.levelsOfOffers = (em, offerIds) =>
  statement(em, (transaction) =>
    transaction
      .all(inventoryTables(em).levels)
      .filter((level) => offerIds.includes(level.offerId))
      .toSorted(inOrder)
      .map((level) => ({ ...level })),
  );

export const availabilityOf: typeof real.availabilityOf = (em, offerIds) =>
  statement(em, (transaction) => {
    const { levels, reservations, lines } = inventoryTables(em);
    const { now } = transaction.database.scheduler;
    return [...new Set(offerIds)].flatMap((offerId) => {
      const own = transaction.all(levels).filter((level) => level.offerId === offerId);
      if (own.length === 0) return [];
      const overdue = transaction
        .all(lines)
        .filter((line) => line.offerId === offerId)
        .filter(({ reservationId }) => {
          const reservation = transaction.get(reservations, reservationId);
          return reservation?.status === 'ACTIVE' && reservation.expiresAt <= now;
        });
      return {
        offerId,
        onHand: own.reduce((units, level) => units + level.onHand, 0),
        reserved: own.reduce((units, level) => units + level.reserved, 0),
        overdue: overdue.reduce((units, line) => units + line.quantity, 0),
      };
    });
  });
