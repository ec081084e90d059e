import { sum } from '@marketgraph/platform/core';
import type { Totals } from '../store/order-rows.ts';
import type { StoredFulfillment, StoredLine, StoredVendorOrder } from '../store/order-rows.ts';
import type { OrderView } from './access.ts';
import { Fulfillment, Order, OrderLine, VendorOrder } from './order.type.ts';
import { OrderLineStatus, OrderPaymentStatus } from './order-status.type.ts';

/** Rows as the schema shows them. */

export function toOrder({ order, isWhole, ownParts }: OrderView): Order {
  return Object.assign(new Order(), {
    __typename: 'Order',
    id: order.id,
    number: order.number,
    status: order.status,
    buyer: { id: order.buyerId },
    organization: order.organizationId === null ? null : { id: order.organizationId },
    shippingAddress: order.shippingAddress,
    billingAddress: isWhole ? order.billingAddress : null,
    ...(isWhole ? totalsOf(order) : sumOf(ownParts, order.currencyCode)),
    paymentStatus: OrderPaymentStatus[order.paymentStatus],
    purchaseOrderNumber: order.purchaseOrderNumber,
    placedAt: order.placedAt,
    updatedAt: order.updatedAt,
    version: order.version,
    ownParts: isWhole ? null : ownParts,
  });
}

export function toVendorOrder(row: StoredVendorOrder): VendorOrder {
  return Object.assign(new VendorOrder(), {
    __typename: 'VendorOrder',
    id: row.id,
    orderId: row.orderId,
    number: row.number,
    vendor: { id: row.vendorId },
    status: row.status,
    ...totalsOf(row),
    returnWindowEndsAt: row.returnWindowEndsAt,
    version: row.version,
  });
}

export function toOrderLine(row: StoredLine): OrderLine {
  return Object.assign(new OrderLine(), {
    __typename: 'OrderLine',
    id: row.id,
    offer: { id: row.offerId },
    title: row.title,
    sku: row.sku,
    quantity: row.quantity,
    unitPrice: row.unitPrice,
    taxAmount: row.tax,
    discountAmount: row.discount,
    lineTotal: row.lineTotal,
    status: lineStatus(row),
    quantityFulfilled: row.quantityFulfilled,
    quantityReturned: row.quantityReturned,
  });
}

export function toFulfillment(row: StoredFulfillment): Fulfillment {
  return Object.assign(new Fulfillment(), {
    __typename: 'Fulfillment',
    id: row.id,
    status: row.status,
    warehouseId: row.warehouseId,
    carrier: row.carrier,
    trackingNumber: row.trackingNumber,
    trackingUrl: row.trackingUrl,
    labelUrl: row.labelUrl,
    shippedAt: row.shippedAt,
    deliveredAt: row.deliveredAt,
  });
}

function totalsOf({ subtotal, discountTotal, shippingTotal, taxTotal, total }: Totals): Totals {
  return { subtotal, discountTotal, shippingTotal, taxTotal, total };
}

function sumOf(parts: readonly Totals[], currencyCode: string): Totals {
  const total = (field: keyof Totals) =>
    sum(
      parts.map((part) => part[field]),
      currencyCode,
    );
  return {
    subtotal: total('subtotal'),
    discountTotal: total('discountTotal'),
    shippingTotal: total('shippingTotal'),
    taxTotal: total('taxTotal'),
    total: total('total'),
  };
}

function lineStatus(row: StoredLine): OrderLineStatus {
  const { vendorOrderStatus, quantity } = row;
  if (vendorOrderStatus === 'REJECTED' || vendorOrderStatus === 'CANCELED') return OrderLineStatus.CANCELED;
  if (row.quantityReturning > 0) return OrderLineStatus.RETURN_REQUESTED;
  if (row.quantityRefunded === quantity) return OrderLineStatus.REFUNDED;
  if (row.quantityReturned === quantity) return OrderLineStatus.RETURNED;
  return row.quantityFulfilled >= quantity ? OrderLineStatus.FULFILLED : OrderLineStatus.PENDING;
}
