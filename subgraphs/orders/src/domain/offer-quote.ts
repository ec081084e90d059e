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
  price: Money;
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
