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
  /** Of the offer itself. */
  price: Money;
  /** The deal that runs now and has slots left, as far as the catalog knows; inventory decides about each slot. */
  deal?: { id: string; price: Money } | null;
  returnWindowDays: number;
  minOrderQuantity: number;
  orderMultiple: number;
  /** Of the product, up to the root; looked up for a checkout only, because commission depends on it. */
  categoryIds: readonly string[];
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

/** What one costs now. A line that got no slot of a deal has the offer's own price for as long as it stays as it is. */
export function unitPriceOf({ price, deal }: OfferQuote, missedDealId?: string): UnitPrice {
  const isTheirs = deal && deal.id !== missedDealId && deal.price.currencyCode === price.currencyCode;
  return isTheirs ? { unitPrice: deal.price, dealId: deal.id } : { unitPrice: price };
}
