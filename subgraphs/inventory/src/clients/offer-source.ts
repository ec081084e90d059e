import { idPrefix } from '@marketgraph/platform/core';
import type { SubgraphClient } from '@marketgraph/platform/serve';
import type { OfferRow } from '../store/offers.ts';

export type KnownOffer = Omit<OfferRow, 'lowStockThreshold' | 'sequence'>;

export interface KnownAllowance {
  allowanceId: string;
  units: number;
}

/** Where offers and allowances come from that no event has told of yet. */
export interface OfferSource {
  find(ids: readonly string[]): Promise<{ offers: KnownOffer[]; allowances: KnownAllowance[] }>;
}

/** What has an allowance, by the prefix of its id, and the field that says how many uses there are. The rest are offers. */
const ALLOWANCES: Readonly<Record<string, { type: string; units: string }>> = {
  dea: { type: 'LightningDeal', units: 'slotsAllowed' },
  prm: { type: 'Promotion', units: 'usageLimit' },
};

const OFFERS = `query InventoryOffers($representations: [_Any!]!) {
  _entities(representations: $representations) { ... on Offer { id sku vendor { id } variant { id } } }
}`;

interface OffersData {
  _entities: ({ id: string; sku: string; vendor: { id: string }; variant: { id: string } } | null)[];
}

const allowancesOf = ({ type, units }: { type: string; units: string }) =>
  `query InventoryAllowances($representations: [_Any!]!) {
  _entities(representations: $representations) { ... on ${type} { id units: ${units} } }
}`;

interface AllowancesData {
  /** Null units: it has no limit, and nobody holds a use of it. */
  _entities: ({ id: string; units: number | null } | null)[];
}

export function catalogOfferSource(peers: SubgraphClient): OfferSource {
  const entities = <Data>(query: string, type: string, ids: readonly string[]) =>
    peers.call<Data>('catalog', query, { representations: ids.map((id) => ({ __typename: type, id })) });

  const findOffers = async (ids: readonly string[]): Promise<KnownOffer[]> => {
    const { _entities } = await entities<OffersData>(OFFERS, 'Offer', ids);
    return _entities.flatMap((offer) =>
      offer ? [{ offerId: offer.id, sku: offer.sku, vendorId: offer.vendor.id, variantId: offer.variant.id }] : [],
    );
  };
  const findAllowances = async (prefix: string, ids: readonly string[]): Promise<KnownAllowance[]> => {
    const allowance = ALLOWANCES[prefix]!;
    const { _entities } = await entities<AllowancesData>(allowancesOf(allowance), allowance.type, ids);
    return _entities.flatMap((each) =>
      each && each.units !== null ? [{ allowanceId: each.id, units: each.units }] : [],
    );
  };

  return {
    async find(ids) {
      const byKind = Map.groupBy(ids, (id) => {
        const prefix = idPrefix(id);
        return prefix && Object.hasOwn(ALLOWANCES, prefix) ? prefix : 'offer';
      });
      const offers = byKind.get('offer') ?? [];
      byKind.delete('offer');
      const allowances = [...byKind].map(([prefix, own]) => findAllowances(prefix, own));
      return {
        offers: offers.length > 0 ? await findOffers(offers) : [],
        allowances: (await Promise.all(allowances)).flat(),
      };
    },
  };
}
