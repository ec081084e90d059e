import type * as real from '../../../../subgraphs/inventory/src/store/offers.ts';
import { inventoryTables } from '../../world/inventory-tables.ts';
import { statement } from '../../world/memory-orm.ts';

export * from '../../../../subgraphs/inventory/src/store/offers.ts';

export const knownItems: typeof real.knownItems = (em, ids) =>
  statement(em, (transaction) => new Set(ids.filter((id) => transaction.get(inventoryTables(em).offers, id))));

export const lockOffers: typeof real.lockOffers = async (em, offerIds) => {
  if (offerIds.length === 0) return new Map();
  return statement(em, async (transaction) => {
    const locked = new Map<string, real.LockedOffer>();
    for (const offerId of [...new Set(offerIds)].toSorted()) {
      const offer = await transaction.lock(inventoryTables(em).offers, offerId);
      if (offer) locked.set(offerId, { ...offer, allowance: offer.allowance && { ...offer.allowance } });
    }
    return locked;
  });
};
