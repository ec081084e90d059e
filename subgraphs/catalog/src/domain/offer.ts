import { accept, isSameMoney, type Money } from '@marketgraph/platform/core';
import { isKnownCurrency } from './currency.ts';
import { type Outcome, type Refusal, refusal, refuse, refuseAll, versionMismatch } from './outcome.ts';
import type { ProductStatus } from './product-status.ts';
import type { StockBand } from './stock-band.ts';

export const offerConditions = ['NEW', 'REFURBISHED', 'USED'] as const;
export type OfferCondition = (typeof offerConditions)[number];
export const offerStatuses = ['ACTIVE', 'PAUSED', 'OUT_OF_COMPLIANCE', 'ARCHIVED'] as const;
export type OfferStatus = (typeof offerStatuses)[number];

/** One vendor's listing of one variant. */
export interface OfferState {
  id: string;
  vendorId: string;
  sku: string;
  productId: string;
  variantId: string;
  condition: OfferCondition;
  price: Money;
  status: OfferStatus;
  minOrderQuantity: number;
  orderMultiple: number;
  returnWindowDays: number;
  /** How much there is, roughly; the truth is inventory's. */
  stock: StockBand;
  /** The last prices before this one, oldest first, at most `MAX_EARLIER_PRICES`; absent when it never had another. */
  earlierPrices?: EarlierPrice[];
  /** When its price was changed last to less than half or more than twice what it was; absent when it never was. */
  jumpedAt?: Date;
  /** Counts the deals that were scheduled; absent when there was none, so that nobody has to look for one. */
  dealsRevision?: number;
  createdAt: Date;
  updatedAt: Date;
  version: number;
}

/** An offer by what it is shown with. */
export type Listing = Pick<OfferState, 'id' | 'productId' | 'variantId'>;

/** One event names so many at most. */
export const MAX_LISTINGS_TOLD = 200;

export interface EarlierPrice {
  amount: number;
  currencyCode: string;
  /** Until when it was the price. */
  until: Date;
}

export interface OfferTerms {
  vendorId: string;
  variantId: string;
  sku: string;
  price: Money;
  condition: OfferCondition;
  minOrderQuantity: number;
  orderMultiple: number;
  returnWindowDays: number;
}

/** Ten thousand million in units of most currencies: far above any price, far below the end of exact integers. */
const MAX_PRICE_MINOR = 1_000_000_000_000;
const MAX_ORDER_QUANTITY = 9_999;
const MAX_RETURN_DAYS = 365;
/** Enough to see a price that changes all day. */
const MAX_EARLIER_PRICES = 12;
const JUMP = 2;
const SKU = /^[\p{L}\p{N}][\p{L}\p{N} ._/#+-]{0,63}$/u;

/** Creates the listing, or changes the one that has this sku. An input that changes nothing leaves the state as it is. */
export function listOffer(
  existing: OfferState | null,
  terms: OfferTerms,
  facts: { id: string; productId: string; now: Date },
): Outcome<OfferState> {
  const refusals = checkTerms(terms);
  if (refusals.length > 0) return refuseAll(refusals);
  if (!existing) {
    return accept({
      id: facts.id,
      vendorId: terms.vendorId,
      sku: terms.sku,
      productId: facts.productId,
      variantId: terms.variantId,
      condition: terms.condition,
      price: terms.price,
      status: 'ACTIVE',
      minOrderQuantity: terms.minOrderQuantity,
      orderMultiple: terms.orderMultiple,
      returnWindowDays: terms.returnWindowDays,
      stock: 'UNKNOWN',
      createdAt: facts.now,
      updatedAt: facts.now,
      version: 1,
    });
  }
  if (existing.variantId !== terms.variantId) {
    return refuse('CONFLICT', `The sku "${terms.sku}" is the vendor's listing of another variant.`, ['sku']);
  }
  const { condition, price, minOrderQuantity, orderMultiple, returnWindowDays } = terms;
  const isSame =
    isSameMoney(existing.price, price) &&
    existing.condition === condition &&
    existing.minOrderQuantity === minOrderQuantity &&
    existing.orderMultiple === orderMultiple &&
    existing.returnWindowDays === returnWindowDays &&
    existing.status === 'ACTIVE';
  if (isSame) return accept(existing);
  return accept({
    ...withPrice(existing, price, facts.now),
    condition,
    minOrderQuantity,
    orderMultiple,
    returnWindowDays,
    // Listing an archived or paused sku again is how a vendor brings it back; a moderator's verdict stays.
    status: existing.status === 'OUT_OF_COMPLIANCE' ? existing.status : 'ACTIVE',
    updatedAt: facts.now,
    version: existing.version + 1,
  });
}

export function priceOffer(
  offer: OfferState,
  price: Money,
  facts: { expectedVersion: number; now: Date },
): Outcome<OfferState> {
  if (offer.version !== facts.expectedVersion) return versionMismatch(offer.version);
  if (offer.status === 'ARCHIVED')
    return refuse('ILLEGAL_TRANSITION', 'An archived offer has no price to set.', ['id']);
  const refusals = checkPrice(price);
  if (refusals.length > 0) return refuseAll(refusals);
  if (isSameMoney(offer.price, price)) return accept(offer);
  return accept({ ...withPrice(offer, price, facts.now), updatedAt: facts.now, version: offer.version + 1 });
}

/** With what the screening looks at: what it cost before, and whether that was very different. */
function withPrice(offer: OfferState, price: Money, now: Date): OfferState {
  if (isSameMoney(offer.price, price)) return offer;
  const { amount, currencyCode } = offer.price;
  const earlierPrices = [...(offer.earlierPrices ?? []), { amount, currencyCode, until: now }];
  const factor = currencyCode === price.currencyCode ? price.amount / amount : 1;
  const isJump = factor > JUMP || factor < 1 / JUMP;
  return {
    ...offer,
    price,
    earlierPrices: earlierPrices.slice(-MAX_EARLIER_PRICES),
    ...(isJump ? { jumpedAt: now } : {}),
  };
}

/**
 * What a buyer may count on: an offer is only as active as its vendor and its
 * product. The vendor's own switch stays as it was for when both are back.
 */
export function offerStatusFor(
  status: OfferStatus,
  { isVendorActive, productStatus }: { isVendorActive: boolean; productStatus: ProductStatus },
): OfferStatus {
  if (status !== 'ACTIVE') return status;
  if (productStatus === 'ARCHIVED') return 'ARCHIVED';
  return isVendorActive && productStatus === 'PUBLISHED' ? 'ACTIVE' : 'PAUSED';
}

export function checkPrice(price: Money): Refusal[] {
  if (!Number.isSafeInteger(price.amount) || price.amount < 1 || price.amount > MAX_PRICE_MINOR) {
    return [refusal('INVALID', `A price is from 1 to ${MAX_PRICE_MINOR} minor units.`, ['price', 'amount'])];
  }
  if (!isKnownCurrency(price.currencyCode)) {
    return [refusal('INVALID', `${price.currencyCode} is not a currency.`, ['price', 'currencyCode'])];
  }
  return [];
}

export function isSku(sku: string): boolean {
  return SKU.test(sku) && sku === sku.trim();
}

function checkTerms(terms: OfferTerms): Refusal[] {
  const refusals = checkPrice(terms.price);
  if (!isSku(terms.sku)) {
    refusals.push(
      refusal('INVALID', 'A sku is 1 to 64 letters, digits, spaces or . _ / # + - and begins with a letter or digit.', [
        'sku',
      ]),
    );
  }
  const { minOrderQuantity: minimum, orderMultiple: multiple, returnWindowDays: days } = terms;
  if (!isWithin(minimum, 1, MAX_ORDER_QUANTITY)) {
    refusals.push(refusal('INVALID', `minOrderQuantity is from 1 to ${MAX_ORDER_QUANTITY}.`, ['minOrderQuantity']));
  }
  if (!isWithin(multiple, 1, MAX_ORDER_QUANTITY)) {
    refusals.push(refusal('INVALID', `orderMultiple is from 1 to ${MAX_ORDER_QUANTITY}.`, ['orderMultiple']));
  }
  if (!isWithin(days, 0, MAX_RETURN_DAYS)) {
    refusals.push(refusal('INVALID', `returnWindowDays is from 0 to ${MAX_RETURN_DAYS}.`, ['returnWindowDays']));
  }
  return refusals;
}

function isWithin(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}
