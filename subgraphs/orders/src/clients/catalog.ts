import type { SubgraphClient } from '@marketgraph/platform/serve';
import type { OfferQuote, Quotes } from '../domain/offer-quote.ts';
import type { Promotion } from '../domain/promotion.ts';
import { PROMOTION_BY_CODE, type PromotionAnswer, PROMOTIONS, promotionOf } from './promotion-answer.ts';

/** The port to the catalog: prices come from here and from nowhere else. */
export interface CatalogClient {
  /** All offers in one call. An offer that is not in the answer does not exist for a buyer. */
  quotes(offerIds: readonly string[], call?: QuoteOptions): Promise<Quotes>;
  /** All promotions in one call, whatever their status. */
  promotions(promotionIds: readonly string[], call?: CallOptions): Promise<ReadonlyMap<string, Promotion>>;
  /** As a buyer spells it. */
  promotionByCode(code: string, call?: CallOptions): Promise<Promotion | undefined>;
}

export interface CallOptions {
  traceparent?: string;
  timeoutMs?: number;
}

export interface QuoteOptions extends CallOptions {
  withCategories?: boolean;
  /** For whom is bought; who may do so is the caller's to know. */
  organizationId?: string | null;
}

const OFFERS = `query OrdersQuotes($offers: [_Any!]!, $withCategories: Boolean!, $organizationId: ID) {
  _entities(representations: $offers) {
    ... on Offer {
      id sku status soldOut returnWindowDays minOrderQuantity orderMultiple
      price { amount currencyCode }
      tiers(organizationId: $organizationId) { minQuantity maxQuantity unitPrice { amount currencyCode } }
      activeDeal { id status dealPrice { amount currencyCode } }
      vendor { id }
      variant { id title product { id title
        category @include(if: $withCategories) { id parent { id parent { id parent { id parent { id } } } } }
      } }
    }
  }
}`;

interface CategoryAnswer {
  id: string;
  parent?: CategoryAnswer | null;
}

interface OffersAnswer {
  _entities: ({
    id: string;
    sku: string;
    status: string;
    soldOut: boolean;
    returnWindowDays: number;
    minOrderQuantity: number;
    orderMultiple: number;
    price: { amount: number; currencyCode: string };
    tiers: { minQuantity: number; maxQuantity: number | null; unitPrice: { amount: number; currencyCode: string } }[];
    activeDeal: { id: string; status: string; dealPrice: { amount: number; currencyCode: string } } | null;
    vendor: { id: string } | null;
    variant: {
      id: string;
      title: string | null;
      product: { id: string; title: string; category?: CategoryAnswer | null } | null;
    } | null;
  } | null)[];
}

export function catalogOverPeers(peers: SubgraphClient): CatalogClient {
  return {
    async quotes(offerIds, { withCategories = false, organizationId = null, ...call } = {}) {
      if (offerIds.length === 0) return new Map();
      const offers = [...new Set(offerIds)].map((id) => ({ __typename: 'Offer', id }));
      const answer = await peers.call<OffersAnswer>(
        'catalog',
        OFFERS,
        { offers, withCategories, organizationId },
        call,
      );
      return new Map(answer._entities.flatMap((offer) => quoteOf(offer) ?? []).map((quote) => [quote.offerId, quote]));
    },

    async promotions(promotionIds, call) {
      if (promotionIds.length === 0) return new Map();
      const promotions = [...new Set(promotionIds)].map((id) => ({ __typename: 'Promotion', id }));
      const answer = await peers.call<{ _entities: (PromotionAnswer | null)[] }>(
        'catalog',
        PROMOTIONS,
        { promotions },
        call,
      );
      const found = answer._entities.flatMap((one) => (one ? [promotionOf(one)] : []));
      return new Map(found.map((promotion) => [promotion.promotionId, promotion]));
    },

    async promotionByCode(code, call) {
      const answer = await peers.call<{ promotion: PromotionAnswer | null }>(
        'catalog',
        PROMOTION_BY_CODE,
        { code },
        call,
      );
      return answer.promotion ? promotionOf(answer.promotion) : undefined;
    },
  };
}

function quoteOf(offer: OffersAnswer['_entities'][number]): OfferQuote | undefined {
  if (!offer?.vendor || !offer.variant?.product) return undefined;
  const { product, title } = offer.variant;
  return {
    offerId: offer.id,
    vendorId: offer.vendor.id,
    productId: product.id,
    variantId: offer.variant.id,
    sku: offer.sku,
    title: title && title !== product.title ? `${product.title} – ${title}` : product.title,
    status: offer.status,
    isSoldOut: offer.soldOut,
    price: { amount: offer.price.amount, currencyCode: offer.price.currencyCode },
    deal: dealOf(offer),
    tiers: offer.tiers,
    returnWindowDays: offer.returnWindowDays,
    minOrderQuantity: offer.minOrderQuantity,
    orderMultiple: offer.orderMultiple,
    categoryIds: upwards(product.category),
  };
}

function dealOf({ activeDeal }: NonNullable<OffersAnswer['_entities'][number]>): OfferQuote['deal'] {
  if (activeDeal?.status !== 'LIVE') return null;
  const { id, dealPrice } = activeDeal;
  return { id, price: { amount: dealPrice.amount, currencyCode: dealPrice.currencyCode } };
}

function upwards(category: CategoryAnswer | null | undefined): string[] {
  return category ? [category.id, ...upwards(category.parent)] : [];
}

/** For one request: what its command has asked for, its answer is priced with, and the catalog is asked once. */
export function catalogOfRequest(catalog: CatalogClient): CatalogClient {
  const asked = new Map<string, Promise<Quotes>>();
  return {
    ...catalog,
    async quotes(offerIds, call = {}) {
      if (call.withCategories) return catalog.quotes(offerIds, call);
      const keyOf = (id: string) => `${id} ${call.organizationId ?? ''}`;
      const missing = [...new Set(offerIds)].filter((id) => !asked.has(keyOf(id)));
      if (missing.length > 0) {
        const answer = catalog.quotes(missing, call);
        for (const id of missing) asked.set(keyOf(id), answer);
        // A failure is told to whoever asked, and is no answer for the next.
        answer.catch(() => missing.forEach((id) => asked.delete(keyOf(id))));
      }
      const quotes = await Promise.all(offerIds.map((id) => asked.get(keyOf(id))!));
      return new Map(
        offerIds.flatMap((id, index) => {
          const quote = quotes[index]!.get(id);
          return quote ? [[id, quote] as const] : [];
        }),
      );
    },
  };
}
