import { money, type Money } from '@marketgraph/platform/core';
import type { Address } from '../domain/address.ts';
import type { Failure } from '../domain/checkout.ts';
import type { FulfillmentStatus, OrderPaymentStatus, OrderStatus, VendorOrderStatus } from '../domain/order-status.ts';

/** The five sums of an order or of a vendor's part. */
export interface Totals {
  subtotal: Money;
  discountTotal: Money;
  shippingTotal: Money;
  taxTotal: Money;
  total: Money;
}

export interface StoredOrder extends Totals {
  id: string;
  number: string | null;
  cartId: string;
  buyerId: string;
  organizationId: string | null;
  paymentId: string | null;
  status: OrderStatus;
  paymentStatus: OrderPaymentStatus;
  currencyCode: string;
  shippingAddress: Address;
  billingAddress: Address;
  purchaseOrderNumber: string | null;
  failure: Failure | null;
  placedAt: Date;
  confirmedAt: Date | null;
  updatedAt: Date;
  version: number;
}

export interface StoredVendorOrder extends Totals {
  id: string;
  orderId: string;
  vendorId: string;
  buyerId: string;
  number: string | null;
  status: VendorOrderStatus;
  delivery: { id: string; name: string };
  confirmedAt: Date | null;
  deliveredAt: Date | null;
  returnWindowEndsAt: Date | null;
  version: number;
}

export interface StoredLine {
  id: string;
  orderId: string;
  vendorOrderId: string;
  vendorId: string;
  buyerId: string;
  isConfirmed: boolean;
  vendorOrderStatus: VendorOrderStatus;
  offerId: string;
  productId: string;
  variantId: string;
  title: string;
  sku: string;
  quantity: number;
  quantityFulfilled: number;
  /** Units in returns: on their way back, with the vendor again, and of those paid back. */
  quantityReturning: number;
  quantityReturned: number;
  quantityRefunded: number;
  unitPrice: Money;
  discount: Money;
  lineTotal: Money;
  tax: Money;
  returnWindowDays: number;
}

export interface StoredFulfillment {
  id: string;
  orderId: string;
  vendorOrderId: string;
  vendorId: string;
  buyerId: string;
  status: FulfillmentStatus;
  warehouseId: string | null;
  carrier: string | null;
  trackingNumber: string | null;
  trackingUrl: string | null;
  labelUrl: string | null;
  createdAt: Date;
  shippedAt: Date | null;
  deliveredAt: Date | null;
}

interface TotalsRow {
  currency_code: string;
  subtotal: string;
  discount_total: string;
  shipping_total: string;
  tax_total: string;
  total: string;
}

export interface OrderRow extends TotalsRow {
  id: string;
  number: string | null;
  cart_id: string;
  buyer_id: string;
  organization_id: string | null;
  payment_id: string | null;
  status: OrderStatus;
  payment_status: OrderPaymentStatus;
  shipping_address: Address;
  billing_address: Address;
  purchase_order_number: string | null;
  failure: Failure | null;
  placed_at: string;
  confirmed_at: string | null;
  updated_at: string;
  version: number;
}

/** A vendor order joined with its order's buyer and currency. */
export interface VendorOrderRow extends TotalsRow {
  id: string;
  order_id: string;
  vendor_id: string;
  buyer_id: string;
  number: string | null;
  status: VendorOrderStatus;
  delivery: { id: string; name: string };
  confirmed_at: string | null;
  delivered_at: string | null;
  return_window_ends_at: string | null;
  version: number;
}

export interface LineRow {
  id: string;
  order_id: string;
  vendor_order_id: string;
  vendor_id: string;
  buyer_id: string;
  is_confirmed: boolean;
  vendor_order_status: VendorOrderStatus;
  currency_code: string;
  offer_id: string;
  product_id: string;
  variant_id: string;
  title: string;
  sku: string;
  quantity: number;
  quantity_fulfilled: string;
  quantity_returning: string;
  quantity_returned: string;
  quantity_refunded: string;
  unit_price: string;
  discount: string;
  line_total: string;
  tax: string;
  return_window_days: number;
}

export interface FulfillmentRow {
  id: string;
  order_id: string;
  vendor_order_id: string;
  vendor_id: string;
  buyer_id: string;
  status: FulfillmentStatus;
  warehouse_id: string | null;
  carrier: string | null;
  tracking_number: string | null;
  tracking_url: string | null;
  label_url: string | null;
  created_at: string;
  shipped_at: string | null;
  delivered_at: string | null;
}

export function toStoredOrder(row: OrderRow): StoredOrder {
  return {
    id: row.id,
    number: row.number,
    cartId: row.cart_id,
    buyerId: row.buyer_id,
    organizationId: row.organization_id,
    paymentId: row.payment_id,
    status: row.status,
    paymentStatus: row.payment_status,
    currencyCode: row.currency_code,
    ...toTotals(row),
    shippingAddress: row.shipping_address,
    billingAddress: row.billing_address,
    purchaseOrderNumber: row.purchase_order_number,
    failure: row.failure,
    placedAt: new Date(row.placed_at),
    confirmedAt: toDate(row.confirmed_at),
    updatedAt: new Date(row.updated_at),
    version: row.version,
  };
}

export function toStoredVendorOrder(row: VendorOrderRow): StoredVendorOrder {
  return {
    id: row.id,
    orderId: row.order_id,
    vendorId: row.vendor_id,
    buyerId: row.buyer_id,
    number: row.number,
    status: row.status,
    delivery: row.delivery,
    ...toTotals(row),
    confirmedAt: toDate(row.confirmed_at),
    deliveredAt: toDate(row.delivered_at),
    returnWindowEndsAt: toDate(row.return_window_ends_at),
    version: row.version,
  };
}

export function toStoredLine(row: LineRow): StoredLine {
  const amount = (minor: string) => money(Number(minor), row.currency_code);
  return {
    id: row.id,
    orderId: row.order_id,
    vendorOrderId: row.vendor_order_id,
    vendorId: row.vendor_id,
    buyerId: row.buyer_id,
    isConfirmed: row.is_confirmed,
    vendorOrderStatus: row.vendor_order_status,
    offerId: row.offer_id,
    productId: row.product_id,
    variantId: row.variant_id,
    title: row.title,
    sku: row.sku,
    quantity: row.quantity,
    quantityFulfilled: Number(row.quantity_fulfilled),
    quantityReturning: Number(row.quantity_returning),
    quantityReturned: Number(row.quantity_returned),
    quantityRefunded: Number(row.quantity_refunded),
    unitPrice: amount(row.unit_price),
    discount: amount(row.discount),
    lineTotal: amount(row.line_total),
    tax: amount(row.tax),
    returnWindowDays: row.return_window_days,
  };
}

export function toStoredFulfillment(row: FulfillmentRow): StoredFulfillment {
  return {
    id: row.id,
    orderId: row.order_id,
    vendorOrderId: row.vendor_order_id,
    vendorId: row.vendor_id,
    buyerId: row.buyer_id,
    status: row.status,
    warehouseId: row.warehouse_id,
    carrier: row.carrier,
    trackingNumber: row.tracking_number,
    trackingUrl: row.tracking_url,
    labelUrl: row.label_url,
    createdAt: new Date(row.created_at),
    shippedAt: toDate(row.shipped_at),
    deliveredAt: toDate(row.delivered_at),
  };
}

function toTotals(row: TotalsRow): Totals {
  const amount = (minor: string) => money(Number(minor), row.currency_code);
  return {
    subtotal: amount(row.subtotal),
    discountTotal: amount(row.discount_total),
    shippingTotal: amount(row.shipping_total),
    taxTotal: amount(row.tax_total),
    total: amount(row.total),
  };
}

function toDate(value: string | null): Date | null {
  return value === null ? null : new Date(value);
}
