import type { Money } from '@marketgraph/platform/core';

/** What the catalog says about an offer right now: the only source of a price. */
export interface OfferQuote {
  offerId: string;
  vendorId: string;
  productId: string;
  variantId: string;
  sku: string;
  title: string;
  status: string;
  /** None were left when the catalog last heard of it: reason to ask inventory, which knows. */
  isSoldOut?: boolean;
  /** Of the offer itself. */
  price: Money;
  /** The deal that runs now and has slots left, as far as the catalog knows; inventory decides about each slot. */
  deal?: { id: string; price: Money } | null;
  /** What it costs by quantity to who it was asked for, where that is less than its own price; without overlaps. */
  tiers?: readonly QuoteTier[];
  returnWindowDays: number;
  minOrderQuantity: number;
  orderMultiple: number;
  /** Of the product, up to the root; looked up for a checkout only, because commission depends on it. */
  categoryIds: readonly string[];
}

export interface QuoteTier {
  minQuantity: number;
  /** Null: any number from there on. */
  maxQuantity: number | null;
  unitPrice: Money;
}

export type Quotes = ReadonlyMap<string, OfferQuote>;

/** Sold by a vendor who may sell, and not taken off sale. */
export function isOnSale(quote: OfferQuote): boolean {
  return quote.status === 'ACTIVE';
}

export interface UnitPrice {
  unitPrice: Money;
  /** The deal whose slots are asked for with the units; absent at the price of the offer. */
  dealId?: string;
}

/**
 * What one costs now when so many are bought: the price of a list or the
 * offer's own, or the deal's where that is lower still. A line that got no slot
 * of a deal is priced without it for as long as it stays as it is.
 */
export function unitPriceOf(
  { price, deal, tiers = [] }: OfferQuote,
  { quantity, missedDealId }: { quantity: number; missedDealId?: string },
): UnitPrice {
  const tier = tiers.find(
    ({ minQuantity, maxQuantity }) => minQuantity <= quantity && (maxQuantity === null || quantity <= maxQuantity),
  );
  const listed = tier && isLower(tier.unitPrice, price) ? tier.unitPrice : price;
  const isTheirs = deal && deal.id !== missedDealId && isLower(deal.price, listed);
  return isTheirs ? { unitPrice: deal.price, dealId: deal.id } : { unitPrice: listed };
}

function isLower(one: Money, than: Money): boolean {
  return one.currencyCode === than.currencyCode && one.amount < than.amount;
}
