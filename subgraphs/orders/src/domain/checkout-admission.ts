import { isSameMoney, type Money, type Rejection } from '@marketgraph/platform/core';
import type { Cart } from './cart.ts';
import { isOnSale } from './offer-quote.ts';
import type { PricedCart } from './pricing.ts';

/**
 * Why a cart cannot be bought as it is; empty when it can. The buyer pays the
 * total that was shown: a line whose price has moved is refused once and shown
 * with its new price, and a code that stopped applying is refused, unless the
 * buyer states the total that is true now.
 */
export function checkoutRefusals(cart: Cart, priced: PricedCart, expectedTotal?: Money | null): Rejection[] {
  if (cart.lines.length === 0) return [{ code: 'INVALID', message: 'The cart is empty.', field: ['cartId'] }];
  if (!cart.shippingAddress) {
    return [{ code: 'INVALID', message: 'Say where to deliver first.', field: ['shippingAddress'] }];
  }
  const gone = priced.lines.flatMap(({ line, quote }, index): Rejection[] => {
    const field = ['lines', String(index)];
    if (!quote) return [{ code: 'NOT_FOUND', message: 'This offer is gone.', field }];
    if (!isOnSale(quote)) return [{ code: 'VENDOR_NOT_ACTIVE', message: 'This offer is not on sale.', field }];
    if (quote.price.currencyCode !== line.unitPrice.currencyCode) {
      return [{ code: 'INVALID', message: `This offer is now sold in ${quote.price.currencyCode}.`, field }];
    }
    return [];
  });
  if (gone.length > 0) return gone;
  // An order has one payment, and a payment is of at least one unit. What one vendor sends may cost nothing.
  if (priced.total.amount === 0) {
    const message = 'An order has to cost something; take a code out of the cart.';
    return [{ code: 'PROMOTION_NOT_APPLICABLE', message, field: ['promotions'] }];
  }
  if (expectedTotal) return wrongTotal(priced, expectedTotal);
  const moved = priced.warnings.filter((warning) => warning.code === 'PRICE_CHANGED');
  const raised = moved.map(({ message, lineId }): Rejection => ({
    code: 'PRICE_CHANGED',
    message,
    field: ['lines', String(cart.lines.findIndex((line) => line.id === lineId))],
  }));
  return [...raised, ...lapsed(priced)];
}

/** A code that was shown to take something off and does not any more: the buyer takes it out, or states the new total. */
function lapsed({ warnings }: PricedCart): Rejection[] {
  return warnings
    .filter(({ code }) => code === 'PROMOTION_NOT_APPLICABLE')
    .map(({ code, message }) => ({ code, message, field: ['promotions'] }));
}

function wrongTotal(priced: PricedCart, expectedTotal: Money): Rejection[] {
  const field = ['expectedTotal'];
  if (expectedTotal.currencyCode !== priced.currencyCode) {
    return [{ code: 'INVALID', message: `This cart is in ${priced.currencyCode}.`, field }];
  }
  if (isSameMoney(expectedTotal, priced.total)) return [];
  const moved = priced.warnings.some((warning) => warning.code === 'PRICE_CHANGED');
  const gone = lapsed(priced);
  if (!moved && gone.length > 0) return gone;
  return [
    moved
      ? { code: 'PRICE_CHANGED', message: 'A price has changed; look at the new total.', field }
      : { code: 'CART_CHANGED', message: 'The cart has another total; look at it again.', field },
  ];
}
