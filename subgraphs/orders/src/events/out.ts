import type { Money } from '@marketgraph/platform/core';
import type { NewEvent } from '@marketgraph/platform/messaging';
import * as contracts from '@marketgraph/schema/events/orders';
import type { Failure } from '../domain/checkout.ts';
import type { OrderDraft } from '../domain/order-draft.ts';
import { sumPromotions } from '../domain/used-promotions.ts';

/** What happened to an order, in the words other services know. `sequence` is the version the change made. */

interface SoldOrder {
  id: string;
  number: string | null;
  buyerId: string;
  paymentId: string | null;
  total: Money;
  version: number;
}

interface SoldPart {
  id: string;
  orderId: string;
  vendorId: string;
  buyerId: string;
  total: Money;
  version: number;
}

interface SoldLine extends Omit<contracts.OrderLineFact, 'lineId'> {
  id: string;
}

export function orderStatusChanged(change: contracts.OrderStatusChanged, sequence: number): NewEvent {
  const { name, version } = contracts.orderStatusChanged;
  const topics = [`orderStatusChanged:${change.orderId}`];
  return { name, version, key: change.orderId, sequence, topics, payload: change };
}

export function vendorOrderChanged(change: contracts.VendorOrderChanged, sequence: number): NewEvent {
  const { name, version } = contracts.vendorOrderChanged;
  const topics = [`vendorOrderFeed:${change.vendorId}`];
  return { name, version, key: change.vendorOrderId, sequence, topics, payload: change };
}

export function orderConfirmed(
  { orderId, buyerId, total, vendorOrders, promotions = [] }: OrderDraft,
  order: Pick<SoldOrder, 'number' | 'paymentId' | 'version'>,
): NewEvent {
  const { name, version } = contracts.orderConfirmed;
  const used = promotions.flatMap(({ promotionId, code, name: title, parts }) =>
    parts.map((part) => ({ promotionId, code, name: title, ...part })),
  );
  const payload: contracts.OrderConfirmed = {
    orderId,
    number: order.number ?? '',
    buyerId,
    paymentId: order.paymentId ?? '',
    total,
    vendorOrders: vendorOrders.map((part) => ({
      vendorOrderId: part.vendorOrderId,
      vendorId: part.vendorId,
      total: part.total,
      lines: part.lines.map(({ lineId, ...line }) => lineFact({ ...line, id: lineId })),
    })),
    promotions: sumPromotions(used).map(({ promotionId, code, amount, shippingAmount }) => ({
      promotionId,
      code,
      amount,
      shippingAmount,
    })),
  };
  return { name, version, key: orderId, sequence: order.version, payload };
}

export function orderFailed(order: SoldOrder, failure: Failure): NewEvent {
  const { name, version } = contracts.orderFailed;
  const payload: contracts.OrderFailed = {
    orderId: order.id,
    buyerId: order.buyerId,
    reason: failure.code,
    message: failure.message,
  };
  return { name, version, key: order.id, sequence: order.version, payload };
}

export function vendorOrderDelivered(
  part: SoldPart,
  lines: readonly SoldLine[],
  { deliveredAt, returnWindowEndsAt }: { deliveredAt: Date; returnWindowEndsAt: Date },
): NewEvent {
  const { name, version } = contracts.vendorOrderDelivered;
  const payload: contracts.VendorOrderDelivered = {
    vendorOrderId: part.id,
    orderId: part.orderId,
    vendorId: part.vendorId,
    buyerId: part.buyerId,
    deliveredAt: deliveredAt.toISOString(),
    returnWindowEndsAt: returnWindowEndsAt.toISOString(),
    lines: lines.map(lineFact),
  };
  return { name, version, key: part.id, sequence: part.version, payload };
}

export function returnChanged(change: contracts.ReturnChanged, sequence: number): NewEvent {
  const { name, version } = contracts.returnChanged;
  return { name, version, key: change.returnId, sequence, payload: change };
}

export function cartChanged(change: contracts.CartChanged): NewEvent {
  const { name, version } = contracts.cartChanged;
  const topics = [`cartChanged:${change.cartId}`];
  return { name, version, key: change.cartId, sequence: change.version, topics, payload: change };
}

function lineFact(line: SoldLine): contracts.OrderLineFact {
  const { id: lineId, offerId, productId, variantId, title, sku, quantity, unitPrice, lineTotal } = line;
  return { lineId, offerId, productId, variantId, title, sku, quantity, unitPrice, lineTotal };
}
