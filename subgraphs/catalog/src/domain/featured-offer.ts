import type { Money } from '@marketgraph/platform/core';
import type { StockBand } from './stock-band.ts';

/** What decides which of several vendors' offers a buyer is shown first. */
export interface Contender {
  id: string;
  price: Money;
  stock: StockBand;
  /** Of the vendor; `count` 0 when nobody has rated it. */
  rating: { average: number; count: number };
}

/** Stock comes first: no price makes up for an empty shelf. */
const stockRank: Readonly<Record<StockBand, number>> = { IN_STOCK: 3, LOW: 3, UNKNOWN: 2, OUT: 1 };

/** The cheapest gets all of it; twice its price gets half. */
const PRICE_WEIGHT = 0.7;
const RATING_WEIGHT = 0.25;
/** A shelf that is nearly empty sells out under the buyer's hands. */
const STOCK_WEIGHT = 0.05;
/** A vendor's average counts as if this many ratings of the usual sort came with it, so one five-star friend is not proof. */
const PRIOR_COUNT = 10;
const PRIOR_AVERAGE = 3.5;

/** The offer to show first, or undefined when there is none. The same contenders always give the same answer. */
export function featuredOffer<T extends Contender>(contenders: readonly T[]): T | undefined {
  return rankOffers(contenders)[0];
}

/** Best first. Offers in another currency than most are compared by stock and rating alone. */
export function rankOffers<T extends Contender>(contenders: readonly T[]): T[] {
  const cheapest = cheapestIn(mainCurrency(contenders), contenders);
  return contenders
    .map((contender) => ({ contender, score: scoreOf(contender, cheapest) }))
    .toSorted(
      (a, b) =>
        stockRank[b.contender.stock] - stockRank[a.contender.stock] ||
        b.score - a.score ||
        (a.contender.id < b.contender.id ? -1 : 1),
    )
    .map(({ contender }) => contender);
}

/** The currency that most offers are in; the first in the alphabet on a tie. */
export function mainCurrency(offers: readonly { price: Money }[]): string | undefined {
  const counts = new Map<string, number>();
  for (const { price } of offers) counts.set(price.currencyCode, (counts.get(price.currencyCode) ?? 0) + 1);
  return [...counts].toSorted(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1))[0]?.[0];
}

function scoreOf({ price, stock, rating }: Contender, cheapest: Money | undefined): number {
  const isComparable = cheapest?.currencyCode === price.currencyCode;
  const priceScore = isComparable && price.amount > 0 ? cheapest.amount / price.amount : 0;
  const believed = (rating.average * rating.count + PRIOR_AVERAGE * PRIOR_COUNT) / (rating.count + PRIOR_COUNT);
  return PRICE_WEIGHT * priceScore + RATING_WEIGHT * (believed / 5) + STOCK_WEIGHT * (stock === 'IN_STOCK' ? 1 : 0);
}

/** Cheapest among those that can be bought, so that a sold-out bargain does not make the others look dear. */
function cheapestIn(currencyCode: string | undefined, contenders: readonly Contender[]): Money | undefined {
  const comparable = contenders.filter(({ price }) => price.currencyCode === currencyCode);
  const sellable = comparable.filter(({ stock }) => stock !== 'OUT');
  return (sellable.length > 0 ? sellable : comparable)
    .map(({ price }) => price)
    .reduce<Money | undefined>((least, price) => (!least || price.amount < least.amount ? price : least), undefined);
}
