import type { Viewer } from '@marketgraph/platform/graphql';
import { type Contender, mainCurrency, rankOffers } from '../domain/featured-offer.ts';
import type { OfferState } from '../domain/offer.ts';
import type { ProductState } from '../domain/product.ts';
import { isActive } from '../domain/vendor.ts';
import { seesEverything, sellsFor } from './access.ts';
import type { Loaders } from './loaders.ts';

export interface Listings {
  /** Offers a buyer can choose from, the one to show first in front. */
  forSale: OfferState[];
  /** The same and what else the viewer may see, cheapest first. */
  visible: OfferState[];
}

/** The offers of a product as this viewer sees them: two calls to the store for however many products. */
export async function listingsOf(
  product: ProductState,
  { viewer, loaders }: { viewer: Viewer; loaders: Loaders },
): Promise<Listings> {
  const offers = await loaders.offersOfProduct.load(product.id);
  const vendors = await Promise.all(offers.map(({ vendorId }) => loaders.vendor.load(vendorId)));
  const contenders: (Contender & { offer: OfferState })[] = [];
  for (const [index, offer] of offers.entries()) {
    const vendor = vendors[index];
    if (offer.status !== 'ACTIVE' || !isActive(vendor)) continue;
    const { id, price, stock } = offer;
    contenders.push({ id, price, stock, rating: vendor!.rating, offer });
  }
  const isForSale = product.status === 'PUBLISHED';
  const forSale = isForSale ? rankOffers(contenders).map(({ offer }) => offer) : [];
  const mayBuy = new Set(forSale.map(({ id }) => id));
  const visible = offers
    .filter((offer) => mayBuy.has(offer.id) || seesEverything(viewer) || sellsFor(viewer, offer.vendorId))
    .toSorted((a, b) => a.price.amount - b.price.amount || (a.id < b.id ? -1 : 1));
  return { forSale, visible };
}

export function priceRangeOf(
  forSale: readonly OfferState[],
): { min: OfferState['price']; max: OfferState['price'] } | null {
  const currency = mainCurrency(forSale);
  const prices = forSale
    .map(({ price }) => price)
    .filter(({ currencyCode }) => currencyCode === currency)
    .toSorted((a, b) => a.amount - b.amount);
  return prices.length > 0 ? { min: prices[0]!, max: prices.at(-1)! } : null;
}
