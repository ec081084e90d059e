import {
  add,
  basisPointsOf,
  isSameMoney,
  type Money,
  money,
  multiply,
  subtract,
  sum,
  zero,
} from '@marketgraph/platform/core';
import { type Cart, type CartLine, promotionsIn } from './cart.ts';
import { type DeliveryOption, deliveryOptions, selectedDelivery } from './delivery.ts';
import { isOnSale, type OfferQuote, type Quotes, type UnitPrice, unitPriceOf } from './offer-quote.ts';
import { applicable, type Discount, type DiscountedLine, discountsOf } from './discounts.ts';
import type { Promotion } from './promotion.ts';
import type { TaxRates } from './tax.ts';

export interface PricedLine {
  line: CartLine;
  /** Undefined when the catalog knows the offer no more, or could not be asked. */
  quote: OfferQuote | undefined;
  unitPrice: Money;
  /** The deal the price is of; its slots go with the units. */
  dealId?: string;
  discount: Money;
  /** Unit price times quantity, less the discount, before tax. */
  lineTotal: Money;
  tax: Money;
}

export interface PricedGroup {
  vendorId: string;
  lines: PricedLine[];
  options: DeliveryOption[];
  selected: DeliveryOption | null;
  subtotal: Money;
  discountTotal: Money;
  shippingTotal: Money;
  taxTotal: Money;
  total: Money;
}

/** A promotion that applies, with what it takes off in all and per vendor. */
export interface AppliedPromotion {
  promotionId: string;
  code: string;
  name: string;
  isLimited: boolean;
  usageLimitPerBuyer: number | null;
  /** Off the goods; those of all promotions add up to the discount. */
  amount: Money;
  /** Delivery that is not paid. */
  shippingAmount: Money;
  parts: { vendorId: string; amount: Money; shippingAmount: Money }[];
}

export interface Warning {
  code: 'PRICE_CHANGED' | 'VENDOR_PAUSED' | 'PROMOTION_NOT_APPLICABLE';
  message: string;
  /** Null when it is about the whole cart. */
  lineId: string | null;
}

export interface PricedCart {
  currencyCode: string;
  lines: PricedLine[];
  groups: PricedGroup[];
  subtotal: Money;
  discountTotal: Money;
  shippingTotal: Money;
  taxTotal: Money;
  total: Money;
  promotions: AppliedPromotion[];
  warnings: Warning[];
}

/** What an empty cart counts in: it has no line to take a currency from. */
const EMPTY_CART_CURRENCY = 'EUR';

export interface PricingFacts {
  /** Undefined when the catalog could not be asked: the prices last seen are shown then, and nothing can be bought. */
  quotes: Quotes | undefined;
  taxes: TaxRates;
  /** Those of the cart's promotions that are open to its buyer now, by id; undefined when that could not be asked. */
  promotions?: ReadonlyMap<string, Promotion>;
}

/**
 * Prices a cart. Every total is the sum of its parts: lines make groups, groups
 * make the cart, and rounding happens once, on the line.
 */
export function priceCart(cart: Cart, { quotes, taxes, promotions }: PricingFacts): PricedCart {
  const quoted = cart.lines.map((line) => ({ line, quote: quotes?.get(line.offerId) }));
  const currencyCode = quoted[0]?.line.unitPrice.currencyCode ?? EMPTY_CART_CURRENCY;
  const rate = cart.shippingAddress ? taxes.rateOf(cart.shippingAddress) : 0;

  const gross = quoted.map(({ line, quote }) => multiply(priceOf(line, quote).unitPrice, line.quantity));
  const promoted = quoted.map(({ line, quote }): DiscountedLine => {
    const { offerId, vendorId, quantity } = line;
    const { productId, categoryIds = [] } = quote ?? {};
    return { offerId, vendorId, productId, categoryIds, quantity, unitPrice: priceOf(line, quote).unitPrice };
  });
  const open = promotionsIn(cart).flatMap(({ promotionId }) => promotions?.get(promotionId) ?? []);
  const discounts = discountsOf(applicable(open, promoted), promoted);
  const lines = quoted.map(({ line, quote }, index): PricedLine => {
    const off = discounts.reduce((amount, discount) => amount + discount.lineAmounts[index]!, 0);
    const discount = money(off, currencyCode);
    const lineTotal = subtract(gross[index]!, discount);
    const tax = basisPointsOf(lineTotal, rate);
    return { line, quote, ...priceOf(line, quote), discount, lineTotal, tax };
  });

  const freeVendorIds = new Set(discounts.flatMap((discount) => discount.freeVendorIds));
  const byVendor = Map.groupBy(lines, ({ line }) => line.vendorId);
  const groups = [...byVendor].map(([vendorId, own]) =>
    groupOf(cart, { vendorId, lines: own, currencyCode, isFree: freeVendorIds.has(vendorId) }),
  );
  const total = (part: (group: PricedGroup) => Money) => sum(groups.map(part), currencyCode);
  return {
    currencyCode,
    lines,
    groups,
    subtotal: total((group) => group.subtotal),
    discountTotal: total((group) => group.discountTotal),
    shippingTotal: total((group) => group.shippingTotal),
    taxTotal: total((group) => group.taxTotal),
    total: total((group) => group.total),
    promotions: appliedPromotions(discounts, lines, groups),
    warnings: [
      ...(quotes ? lines.flatMap(warningsOf) : []),
      ...(quotes && promotions ? lapsedPromotions(cart, discounts) : []),
    ],
  };
}

function groupOf(
  cart: Cart,
  part: { vendorId: string; lines: PricedLine[]; currencyCode: string; isFree: boolean },
): PricedGroup {
  const { vendorId, lines, currencyCode, isFree } = part;
  const discountTotal = sum(
    lines.map((line) => line.discount),
    currencyCode,
  );
  const net = sum(
    lines.map((line) => line.lineTotal),
    currencyCode,
  );
  const taxTotal = sum(
    lines.map((line) => line.tax),
    currencyCode,
  );
  const options = deliveryOptions(net, cart.shippingAddress?.countryCode ?? null);
  const selected = selectedDelivery(options, cart.delivery[vendorId]);
  const shippingTotal = isFree || !selected ? zero(currencyCode) : selected.price;
  return {
    vendorId,
    lines,
    options,
    selected,
    subtotal: add(net, discountTotal),
    discountTotal,
    shippingTotal,
    taxTotal,
    total: add(add(net, shippingTotal), taxTotal),
  };
}

/** A cart holds one currency: an offer that now trades in another keeps the price it was taken at, and cannot be bought. */
function priceOf(line: CartLine, quote: OfferQuote | undefined): UnitPrice {
  return quote && quote.price.currencyCode === line.unitPrice.currencyCode
    ? unitPriceOf(quote, line)
    : { unitPrice: line.unitPrice };
}

/** Of several that pay one delivery the first one has paid it. */
function appliedPromotions(
  discounts: readonly Discount[],
  lines: readonly PricedLine[],
  groups: readonly PricedGroup[],
): AppliedPromotion[] {
  const paid = new Set<string>();
  return discounts.map(({ promotion, lineAmounts, freeVendorIds }) => {
    const parts = groups.map(({ vendorId, selected, subtotal: { currencyCode } }) => {
      const pays = freeVendorIds.includes(vendorId) && !paid.has(vendorId);
      if (pays) paid.add(vendorId);
      const own = lineAmounts.filter((_, index) => lines[index]!.line.vendorId === vendorId);
      const amount = own.reduce((total, lineAmount) => total + lineAmount, 0);
      const shippingAmount = pays && selected ? selected.price : zero(currencyCode);
      return { vendorId, amount: money(amount, currencyCode), shippingAmount };
    });
    const total = (part: (one: (typeof parts)[number]) => Money) =>
      sum(parts.map(part), groups[0]!.subtotal.currencyCode);
    const { promotionId, code, name, usageLimit, usageLimitPerBuyer } = promotion;
    return {
      promotionId,
      code,
      name,
      isLimited: usageLimit !== null,
      usageLimitPerBuyer,
      amount: total((part) => part.amount),
      shippingAmount: total((part) => part.shippingAmount),
      parts,
    };
  });
}

function lapsedPromotions(cart: Cart, discounts: readonly Discount[]): Warning[] {
  return promotionsIn(cart)
    .filter(({ promotionId }) => !discounts.some(({ promotion }) => promotion.promotionId === promotionId))
    .map(({ code }) => ({
      code: 'PROMOTION_NOT_APPLICABLE',
      message: `The code ${code} does not apply to this cart at the moment.`,
      lineId: null,
    }));
}

function warningsOf({ line, quote }: PricedLine): Warning[] {
  if (!quote || !isOnSale(quote)) {
    return [{ code: 'VENDOR_PAUSED', message: 'This offer is not on sale at the moment.', lineId: line.id }];
  }
  if (isSameMoney(unitPriceOf(quote, line).unitPrice, line.unitPrice)) return [];
  return [{ code: 'PRICE_CHANGED', message: 'The price has changed since you put this in the cart.', lineId: line.id }];
}
