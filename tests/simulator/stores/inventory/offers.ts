import type * as real from '../../../../subgraphs/inventory/src/store/offers.ts';
import { inventoryTables, type Offer } from '../../world/inventory-tables.ts';
import { statement } from '../../world/memory-orm.ts';

export * from '../../../../subgraphs/inventory/src/store/offers.ts';

export const knownItems: typeof real.knownItems = (em, ids) =>
  statement(em, (transaction) => new Set(ids.filter((id) => transaction.get(inventoryTables(em).offers, id))));

export const lockOffers: typeof real.lockOffers = async (em, offerIds, reservationIds = []) => {
  if (offerIds.length === 0 && reservationIds.length === 0) return [];
  return statement(em, async (transaction) => {
    const { offers, lines } = inventoryTables(em);
    const held = transaction.all(lines).filter(({ reservationId }) => reservationIds.includes(reservationId));
    const locked: Offer[] = [];
    for (const offerId of [...new Set([...offerIds, ...held.map((line) => line.offerId)])].toSorted()) {
      const offer = await transaction.lock(offers, offerId);
      if (offer) locked.push({ ...offer, allowance: offer.allowance && { ...offer.allowance } });
    }
    return locked;
  });
};
