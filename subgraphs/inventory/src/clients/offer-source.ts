import type { SubgraphClient } from '@marketgraph/platform/serve';
import type { OfferRow } from '../store/offers.ts';

export type KnownOffer = Omit<OfferRow, 'lowStockThreshold'>;

/** Where offers come from that no event has told of yet. */
export interface OfferSource {
  find(offerIds: readonly string[]): Promise<KnownOffer[]>;
}

const OFFERS = `query InventoryOffers($representations: [_Any!]!) {
  _entities(representations: $representations) { ... on Offer { id sku vendor { id } variant { id } } }
}`;

interface OffersData {
  _entities: ({ id: string; sku: string; vendor: { id: string }; variant: { id: string } } | null)[];
}

export function catalogOfferSource(peers: SubgraphClient): OfferSource {
  return {
    async find(offerIds) {
      const data = await peers.call<OffersData>('catalog', OFFERS, {
        representations: offerIds.map((id) => ({ __typename: 'Offer', id })),
      });
      return data._entities.flatMap((offer) =>
        offer ? [{ offerId: offer.id, sku: offer.sku, vendorId: offer.vendor.id, variantId: offer.variant.id }] : [],
      );
    },
  };
}
