import type { Money } from '@marketgraph/platform/core';
import type { Address } from './address.ts';
import type { Cart } from './cart.ts';
import type { OfferQuote } from './offer-quote.ts';
import type { PricedCart } from './pricing.ts';

/** One line as it is sold: a copy, so that neither a new price nor a new title changes a placed order. */
export interface DraftLine {
  lineId: string;
  offerId: string;
  productId: string;
  variantId: string;
  title: string;
  sku: string;
  quantity: number;
  unitPrice: Money;
  /** The deal the price is of: a slot of it is held with each unit. */
  dealId?: string;
  discount: Money;
  lineTotal: Money;
  tax: Money;
  returnWindowDays: number;
}

export interface DraftVendorOrder {
  vendorOrderId: string;
  vendorId: string;
  delivery: { id: string; name: string };
  /** Of all its products: what commission may depend on. */
  categoryIds: readonly string[];
  subtotal: Money;
  discountTotal: Money;
  shippingTotal: Money;
  taxTotal: Money;
  total: Money;
  lines: DraftLine[];
}

/** A promotion as it was used: a copy of what it took off, per part. */
export interface DraftPromotion {
  promotionId: string;
  code: string;
  name: string;
  /** One of a limited number of uses is held with the stock. */
  isLimited: boolean;
  usageLimitPerBuyer: number | null;
  parts: { vendorOrderId: string; amount: Money; shippingAmount: Money }[];
}

/** An order that is decided in every part and not yet placed. */
export interface OrderDraft {
  orderId: string;
  cartId: string;
  buyerId: string;
  /** For whom it was bought; absent: for the buyer alone. */
  organizationId?: string;
  currencyCode: string;
  shippingAddress: Address;
  billingAddress: Address;
  subtotal: Money;
  discountTotal: Money;
  shippingTotal: Money;
  taxTotal: Money;
  total: Money;
  vendorOrders: DraftVendorOrder[];
  /** Absent from drafts that were stored before there were promotions. */
  promotions?: DraftPromotion[];
}

/** Splits a priced cart by vendor. The vendor orders' totals add up to the order's because they are its only parts. */
export function draftOrder(
  cart: Cart & { buyerId: string; shippingAddress: Address },
  priced: PricedCart,
  { orderId, nextId }: { orderId: string; nextId: (prefix: 'vor' | 'lin') => string },
): OrderDraft {
  const vendorOrderIds = new Map(priced.groups.map(({ vendorId }) => [vendorId, nextId('vor')]));
  return {
    orderId,
    cartId: cart.id,
    buyerId: cart.buyerId,
    ...(cart.organizationId ? { organizationId: cart.organizationId } : {}),
    currencyCode: priced.currencyCode,
    shippingAddress: cart.shippingAddress,
    billingAddress: cart.billingAddress ?? cart.shippingAddress,
    subtotal: priced.subtotal,
    discountTotal: priced.discountTotal,
    shippingTotal: priced.shippingTotal,
    taxTotal: priced.taxTotal,
    total: priced.total,
    vendorOrders: priced.groups.map((group) => ({
      vendorOrderId: vendorOrderIds.get(group.vendorId)!,
      vendorId: group.vendorId,
      delivery: { id: group.selected?.id ?? 'STANDARD', name: group.selected?.name ?? 'Standard delivery' },
      categoryIds: [...new Set(group.lines.flatMap(({ quote }) => quote?.categoryIds ?? []))],
      subtotal: group.subtotal,
      discountTotal: group.discountTotal,
      shippingTotal: group.shippingTotal,
      taxTotal: group.taxTotal,
      total: group.total,
      lines: group.lines.map(({ line, quote, unitPrice, dealId, discount, lineTotal, tax }) => ({
        lineId: nextId('lin'),
        ...snapshotOf(quote),
        quantity: line.quantity,
        unitPrice,
        ...(dealId ? { dealId } : {}),
        discount,
        lineTotal,
        tax,
      })),
    })),
    promotions: priced.promotions.filter(takesEffect).map((promotion) => ({
      promotionId: promotion.promotionId,
      code: promotion.code,
      name: promotion.name,
      isLimited: promotion.isLimited,
      usageLimitPerBuyer: promotion.usageLimitPerBuyer,
      parts: promotion.parts
        .filter(takesEffect)
        .map(({ vendorId, ...amounts }) => ({ vendorOrderId: vendorOrderIds.get(vendorId)!, ...amounts })),
    })),
  };
}

/** What takes nothing off was not used, and uses nothing up. */
export function takesEffect({ amount, shippingAmount }: { amount: Money; shippingAmount: Money }): boolean {
  return amount.amount + shippingAmount.amount > 0;
}

function snapshotOf(
  quote: OfferQuote | undefined,
): Pick<DraftLine, 'offerId' | 'productId' | 'variantId' | 'title' | 'sku' | 'returnWindowDays'> {
  if (!quote) throw new Error('An order is drafted from offers the catalog has confirmed.');
  const { offerId, productId, variantId, title, sku, returnWindowDays } = quote;
  return { offerId, productId, variantId, title, sku, returnWindowDays };
}
