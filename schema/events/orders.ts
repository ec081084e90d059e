import { fact, type MoneyFact } from './fact.ts';

/**
 * Something about the order moved: its status, a vendor's part or a
 * fulfilment. Key: the order; sequence: its version.
 * Topics: `orderStatusChanged:<orderId>`.
 */
export interface OrderStatusChanged {
  orderId: string;
  buyerId: string;
  /** An OrderStatus of the schema; null for the first event of an order. */
  previousStatus: string | null;
  status: string;
  vendorOrderId: string | null;
  fulfillmentId: string | null;
}

export interface OrderLineFact {
  lineId: string;
  offerId: string;
  productId: string;
  variantId: string;
  title: string;
  sku: string;
  quantity: number;
  unitPrice: MoneyFact;
  lineTotal: MoneyFact;
}

/** Paid and stock taken: the sale is final. Key: the order. */
export interface OrderConfirmed {
  orderId: string;
  number: string;
  buyerId: string;
  paymentId: string;
  total: MoneyFact;
  vendorOrders: { vendorOrderId: string; vendorId: string; total: MoneyFact; lines: OrderLineFact[] }[];
  /** What made it cheaper, each once; absent from events before there were promotions. */
  promotions?: { promotionId: string; code: string; amount: MoneyFact; shippingAmount: MoneyFact }[];
}

/** Nothing was charged, stock is back. Key: the order. */
export interface OrderFailed {
  orderId: string;
  buyerId: string;
  /** A UserErrorCode, e.g. PAYMENT_DECLINED; or CANCELED when it was called off before it was paid. */
  reason: string;
  message: string;
}

/** Key: the vendor order; sequence: its version. Topics: `vendorOrderFeed:<vendorId>`. */
export interface VendorOrderChanged {
  vendorOrderId: string;
  orderId: string;
  vendorId: string;
  buyerId: string;
  /** PLACED STATUS_CHANGED FULFILLMENT_UPDATED RETURN_REQUESTED RETURN_UPDATED CANCELED */
  type: string;
  previousStatus: string | null;
  /** A VendorOrderStatus of the schema. */
  status: string;
  fulfillmentId: string | null;
}

/** Everything of one vendor's part has arrived: it may be reviewed, and the return window runs. Key: the vendor order. */
export interface VendorOrderDelivered {
  vendorOrderId: string;
  orderId: string;
  vendorId: string;
  buyerId: string;
  deliveredAt: string;
  returnWindowEndsAt: string;
  lines: OrderLineFact[];
}

/**
 * A return came into being or moved on. While it is REQUESTED, APPROVED, IN_TRANSIT or RECEIVED its vendor is not paid.
 * Key: the return; sequence: the version of its order.
 */
export interface ReturnChanged {
  returnId: string;
  orderId: string;
  vendorOrderId: string;
  vendorId: string;
  buyerId: string;
  /** A ReturnStatus of the schema; null for a new one. */
  previousStatus: string | null;
  status: string;
  lines: { lineId: string; quantity: number }[];
}

/**
 * The cart has another content or state. Goes to the stream directly: a cart is
 * no money, and its newest state is all a listener needs.
 * Key: the cart; sequence: its version. Topics: `cartChanged:<cartId>`.
 */
export interface CartChanged {
  cartId: string;
  version: number;
}

const line: OrderLineFact = {
  lineId: 'lin_01J0000000000000000000LINE',
  offerId: 'off_01J0000000000000000000FFER',
  productId: 'prd_01J0000000000000000000PRDT',
  variantId: 'var_01J0000000000000000000VRNT',
  title: 'Brass reading lamp',
  sku: 'LAMP-1',
  quantity: 2,
  unitPrice: { amount: 4_900, currencyCode: 'EUR' },
  lineTotal: { amount: 9_800, currencyCode: 'EUR' },
};

export const orderStatusChanged = fact<OrderStatusChanged>()('orders.orderStatusChanged', 1, {
  orderId: 'ord_01J0000000000000000000RDER',
  buyerId: 'usr_01J0000000000000000000BUYR',
  previousStatus: 'PENDING_PAYMENT',
  status: 'CONFIRMED',
  vendorOrderId: null,
  fulfillmentId: null,
});
export const orderConfirmed = fact<OrderConfirmed>()('orders.orderConfirmed', 1, {
  orderId: 'ord_01J0000000000000000000RDER',
  number: 'M-2026-000001',
  buyerId: 'usr_01J0000000000000000000BUYR',
  paymentId: 'pay_01J0000000000000000000PAYM',
  total: { amount: 9_800, currencyCode: 'EUR' },
  vendorOrders: [
    {
      vendorOrderId: 'vor_01J0000000000000000000VRDR',
      vendorId: 'ven_01J0000000000000000000VEND',
      total: { amount: 9_800, currencyCode: 'EUR' },
      lines: [line],
    },
  ],
  promotions: [
    {
      promotionId: 'prm_01J0000000000000000000PRMT',
      code: 'SUMMER-10',
      amount: { amount: 980, currencyCode: 'EUR' },
      shippingAmount: { amount: 0, currencyCode: 'EUR' },
    },
  ],
});
export const orderFailed = fact<OrderFailed>()('orders.orderFailed', 1, {
  orderId: 'ord_01J0000000000000000000RDER',
  buyerId: 'usr_01J0000000000000000000BUYR',
  reason: 'PAYMENT_DECLINED',
  message: 'Your card was declined.',
});
export const vendorOrderChanged = fact<VendorOrderChanged>()('orders.vendorOrderChanged', 1, {
  vendorOrderId: 'vor_01J0000000000000000000VRDR',
  orderId: 'ord_01J0000000000000000000RDER',
  vendorId: 'ven_01J0000000000000000000VEND',
  buyerId: 'usr_01J0000000000000000000BUYR',
  type: 'PLACED',
  previousStatus: null,
  status: 'PENDING',
  fulfillmentId: null,
});
export const vendorOrderDelivered = fact<VendorOrderDelivered>()('orders.vendorOrderDelivered', 1, {
  vendorOrderId: 'vor_01J0000000000000000000VRDR',
  orderId: 'ord_01J0000000000000000000RDER',
  vendorId: 'ven_01J0000000000000000000VEND',
  buyerId: 'usr_01J0000000000000000000BUYR',
  deliveredAt: '2026-01-05T00:00:00.000Z',
  returnWindowEndsAt: '2026-02-04T00:00:00.000Z',
  lines: [line],
});
export const returnChanged = fact<ReturnChanged>()('orders.returnChanged', 1, {
  returnId: 'ret_01J0000000000000000000RTRN',
  orderId: 'ord_01J0000000000000000000RDER',
  vendorOrderId: 'vor_01J0000000000000000000VRDR',
  vendorId: 'ven_01J0000000000000000000VEND',
  buyerId: 'usr_01J0000000000000000000BUYR',
  previousStatus: 'REQUESTED',
  status: 'APPROVED',
  lines: [{ lineId: 'lin_01J0000000000000000000LINE', quantity: 1 }],
});
export const cartChanged = fact<CartChanged>()('orders.cartChanged', 1, {
  cartId: 'crt_01J0000000000000000000CART',
  version: 3,
});
