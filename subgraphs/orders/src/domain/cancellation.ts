import { accept, reject, type Result } from '@marketgraph/platform/core';
import { type Order, type OrderFact, type VendorOrder, withConsequences } from './order.ts';
import { mayMove, type OrderPaymentStatus, vendorOrderTransitions } from './order-status.ts';

/**
 * A paid order, or one vendor's part of it, is called off: possible for what
 * has not left. Parcels that were packed are unpacked again.
 */
export function cancelParts(
  order: Order,
  { vendorOrderId, reason }: { vendorOrderId: string | null; reason: string },
): Result<{ facts: OrderFact[]; canceled: VendorOrder[] }> {
  const named = order.vendorOrders.filter((part) => vendorOrderId === null || part.id === vendorOrderId);
  if (named.length === 0) return reject('NOT_FOUND', 'This order has no such part.', { field: ['vendorOrderId'] });
  const isOver = ({ status }: VendorOrder) => status === 'REJECTED' || status === 'CANCELED';
  const canceled = vendorOrderId === null ? named.filter((part) => !isOver(part)) : named;
  const stuck = canceled.find(({ status }) => !mayMove(vendorOrderTransitions, status, 'CANCELED'));
  if (stuck || canceled.length === 0 || ['PENDING_PAYMENT', 'CANCELED', 'FAILED'].includes(order.status)) {
    const status = stuck?.status ?? order.status;
    return reject('ILLEGAL_TRANSITION', `An order that is ${status} cannot be cancelled.`);
  }
  const facts = canceled.flatMap(({ id, status: from, fulfillments }): OrderFact[] => [
    ...fulfillments
      .filter((parcel) => parcel.status !== 'CANCELED')
      .map((parcel): OrderFact => ({
        type: 'FULFILLMENT_STATUS',
        subjectId: parcel.id,
        from: parcel.status,
        to: 'CANCELED',
      })),
    { type: 'VENDOR_ORDER_STATUS', subjectId: id, from, to: 'CANCELED', detail: { reason } },
  ]);
  return accept({ facts: withConsequences(order, facts), canceled });
}

/** Where the money of a paid order is, as payments says it; nothing for an order that was never paid. */
export function refundPayment(order: Order, to: OrderPaymentStatus): OrderFact[] {
  const after: readonly OrderPaymentStatus[] = ['PAID', 'PARTIALLY_REFUNDED', 'REFUNDED'];
  if (order.paymentStatus === to || !after.includes(order.paymentStatus) || !after.includes(to)) return [];
  return [{ type: 'PAYMENT_STATUS', subjectId: order.id, from: order.paymentStatus, to }];
}
