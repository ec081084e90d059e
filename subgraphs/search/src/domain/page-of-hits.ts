import { type IndexedOffer, type ProductDocument, readOffers } from './product-document.ts';

/** How many are looked at to show so many, because some of them may be sold out or taken down. */
export function withSpare(count: number): number {
  return count + 5 + Math.ceil(count / 4);
}

/** Which offers of a hit a buyer would accept. */
export interface OfferWishes {
  vendorIds?: readonly string[] | null;
  currency: string;
  priceMin?: number | null;
  priceMax?: number | null;
  primeEligible?: boolean | null;
  /** The country it must be shipped to. */
  shipTo?: string | null;
  /** As a search is narrowed by them: options of a variant are among them. */
  attributes?: readonly { key: string; anyOf: readonly string[] }[] | null;
  inStockOnly: boolean;
}

/** Of documents that are kept they are asked for again and again. */
const known = new WeakMap<object, readonly IndexedOffer[]>();

function offersOf(document: Pick<ProductDocument, 'offers'>): readonly IndexedOffer[] {
  let offers = known.get(document);
  if (!offers) known.set(document, (offers = readOffers(document)));
  return offers;
}

/** The offers of a hit that fit what was asked for, in the order of preference. */
export function fittingOffers(document: Pick<ProductDocument, 'offers'>, wishes: OfferWishes): IndexedOffer[] {
  const { vendorIds, currency, priceMin, priceMax, primeEligible, shipTo } = wishes;
  const hasPrice = typeof priceMin === 'number' || typeof priceMax === 'number';
  const isWanted = wantedOptions(wishes.attributes ?? []);
  const offers = offersOf(document).filter(
    (offer) =>
      (!vendorIds || vendorIds.includes(offer.vendorId)) &&
      (primeEligible == null || primeEligible === (offer.isPrime ?? false)) &&
      (!shipTo || !offer.shipsTo || offer.shipsTo.includes(shipTo)) &&
      isWanted(offer) &&
      (!hasPrice ||
        (offer.currencyCode === currency &&
          offer.amount >= (priceMin ?? 0) &&
          offer.amount <= (priceMax ?? Number.MAX_SAFE_INTEGER))),
  );
  // A price in the buyer's own currency can be compared; cheapest first is the order of the document.
  if (offers.length < 2) return offers;
  return offers.toSorted((a, b) => Number(b.currencyCode === currency) - Number(a.currencyCode === currency));
}

/** Of an attribute that tells variants apart an offer has one value, which must be among those asked for; of others the product has. */
function wantedOptions(attributes: NonNullable<OfferWishes['attributes']>): (offer: IndexedOffer) => boolean {
  if (attributes.length === 0) return () => true;
  const vendors = attributes.filter(({ key }) => key === 'vendor').map(({ anyOf }) => new Set(anyOf));
  const wanted = attributes.map(({ key, anyOf }) => ({
    prefix: `${key}=`,
    values: new Set(anyOf.map((value) => asCompared(`${key}=${value}`))),
  }));
  return ({ vendorId, options }) =>
    vendors.every((ids) => ids.has(vendorId)) &&
    (!options ||
      wanted.every(({ prefix, values }) => {
        const own = options.filter((option) => option.startsWith(prefix));
        return own.length === 0 || own.some((option) => values.has(asCompared(option)));
      }));
}

/** The index does not tell small letters from large ones. */
function asCompared(text: string): string {
  return text
    .replaceAll(/[`\\\s]+/g, ' ')
    .trim()
    .toLowerCase();
}

/** By what each costs this buyer, in the currency that can be compared; the others stay behind, as they were. */
export function cheapestFirst(
  offers: readonly IndexedOffer[],
  prices: ReadonlyMap<string, { amount: number; currencyCode: string }>,
  currency: string,
): IndexedOffer[] {
  const costOf = ({ id, amount, currencyCode }: IndexedOffer) => {
    const price = prices.get(id) ?? { amount, currencyCode };
    return price.currencyCode === currency ? price.amount : Number.POSITIVE_INFINITY;
  };
  const cost = new Map(offers.map((offer) => [offer, costOf(offer)]));
  return offers.toSorted((a, b) => (cost.get(a) === cost.get(b) ? 0 : cost.get(a)! - cost.get(b)!));
}

/**
 * The offer a hit is about, by what inventory says now (null: it did not
 * answer, so the index's word must do). `isShown` is false when the buyer wants
 * what is in stock and nothing is.
 */
export function chooseOffer(
  offers: readonly IndexedOffer[],
  available: ReadonlyMap<string, number> | null,
  inStockOnly: boolean,
): { offerId: string | null; isShown: boolean } {
  const stocked = offers.find(({ id, inStock }) => (available ? (available.get(id) ?? 0) > 0 : inStock));
  if (stocked) return { offerId: stocked.id, isShown: true };
  return { offerId: offers[0]?.id ?? null, isShown: !inStockOnly };
}
