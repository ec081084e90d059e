import {
  add,
  basisPointsOf,
  isSameMoney,
  type Money,
  multiply,
  split,
  subtract,
  sum,
  zero,
} from '@marketgraph/platform/core';
import type { Cart, CartLine } from './cart.ts';
import { type DeliveryOption, deliveryOptions, selectedDelivery } from './delivery.ts';
import { isOnSale, type OfferQuote, type Quotes } from './offer-quote.ts';
import type { TaxRates } from './tax.ts';

export interface PricedLine {
  line: CartLine;
  /** Undefined when the catalog knows the offer no more, or could not be asked. */
  quote: OfferQuote | undefined;
  unitPrice: Money;
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

export interface Warning {
  code: 'PRICE_CHANGED' | 'VENDOR_PAUSED';
  message: string;
  lineId: string;
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
  warnings: Warning[];
}

/** What an empty cart counts in: it has no line to take a currency from. */
const EMPTY_CART_CURRENCY = 'EUR';

export interface PricingFacts {
  /** Undefined when the catalog could not be asked: the prices last seen are shown then, and nothing can be bought. */
  quotes: Quotes | undefined;
  taxes: TaxRates;
  /** Taken off the whole cart, spread over the lines by their worth. */
  discount?: Money;
}

/**
 * Prices a cart. Every total is the sum of its parts: lines make groups, groups
 * make the cart, and rounding happens once, on the line.
 */
export function priceCart(cart: Cart, { quotes, taxes, discount }: PricingFacts): PricedCart {
  const quoted = cart.lines.map((line) => ({ line, quote: quotes?.get(line.offerId) }));
  const currencyCode = quoted[0]?.line.unitPrice.currencyCode ?? EMPTY_CART_CURRENCY;
  const rate = cart.shippingAddress ? taxes.rateOf(cart.shippingAddress) : 0;

  const gross = quoted.map(({ line, quote }) => multiply(priceOf(line, quote), line.quantity));
  const discounts = spread(discount ?? zero(currencyCode), gross);
  const lines = quoted.map(({ line, quote }, index): PricedLine => {
    const lineTotal = subtract(gross[index]!, discounts[index]!);
    const tax = basisPointsOf(lineTotal, rate);
    return { line, quote, unitPrice: priceOf(line, quote), discount: discounts[index]!, lineTotal, tax };
  });

  const byVendor = Map.groupBy(lines, ({ line }) => line.vendorId);
  const groups = [...byVendor].map(([vendorId, own]) => groupOf(cart, { vendorId, lines: own, currencyCode }));
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
    warnings: quotes ? lines.flatMap(warningsOf) : [],
  };
}

function groupOf(
  cart: Cart,
  { vendorId, lines, currencyCode }: { vendorId: string; lines: PricedLine[]; currencyCode: string },
): PricedGroup {
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
  const shippingTotal = selected?.price ?? zero(currencyCode);
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
function priceOf(line: CartLine, quote: OfferQuote | undefined): Money {
  return quote && quote.price.currencyCode === line.unitPrice.currencyCode ? quote.price : line.unitPrice;
}

function spread(discount: Money, gross: readonly Money[]): Money[] {
  return gross.length === 0
    ? []
    : split(
        discount,
        gross.map((part) => part.amount),
      );
}

function warningsOf({ line, quote }: PricedLine): Warning[] {
  if (!quote || !isOnSale(quote)) {
    return [{ code: 'VENDOR_PAUSED', message: 'This offer is not on sale at the moment.', lineId: line.id }];
  }
  if (isSameMoney(quote.price, line.unitPrice)) return [];
  return [{ code: 'PRICE_CHANGED', message: 'The price has changed since you put this in the cart.', lineId: line.id }];
}
