import type { EventHandler } from '@marketgraph/platform/messaging';
import type { EntityManager } from '@marketgraph/platform/postgres';
import { offerChanged, type OfferChanged } from '@marketgraph/schema/events/catalog';
import { saveOffer } from '../store/offers.ts';

/** What inventory needs to know of the catalog: which offers there are and whose. */
export const handlers: Readonly<Record<string, EventHandler<EntityManager>>> = {
  [offerChanged.name]: async (event, em) => {
    const { offerId, vendorId, sku, variantId } = event.payload as OfferChanged;
    await saveOffer(em, { offerId, vendorId, sku, variantId });
  },
};
