import { accept, reject, type Result } from '@marketgraph/platform/core';
import {
  type FulfillmentStatus,
  fulfillmentTransitions,
  mayMove,
  type OrderPaymentStatus,
  type OrderStatus,
  orderStatusOf,
  orderTransitions,
  type VendorOrderStatus,
  vendorOrderStatusOf,
  vendorOrderTransitions,
} from './order-status.ts';
import { evolveReturns, type Return, type ReturnFact } from './return-facts.ts';

/** An order with its parts: what its commands decide on. Lines and money never change, so only units are here. */
export interface Order {
  id: string;
  status: OrderStatus;
  paymentStatus: OrderPaymentStatus;
  vendorOrders: VendorOrder[];
}

export interface VendorOrder {
  id: string;
  vendorId: string;
  status: VendorOrderStatus;
  lines: Units[];
  fulfillments: Fulfillment[];
  returns: Return[];
}

export interface Fulfillment {
  id: string;
  status: FulfillmentStatus;
  lines: Units[];
}

export interface Units {
  lineId: string;
  quantity: number;
}

/**
 * What happened, one row of history each. The order as it is now is the fold of
 * its facts; nothing changes a status without leaving one.
 */
export type OrderFact =
  | { type: 'ORDER_STATUS'; subjectId: string; from: OrderStatus | null; to: OrderStatus }
  | { type: 'PAYMENT_STATUS'; subjectId: string; from: OrderPaymentStatus | null; to: OrderPaymentStatus }
  | {
      type: 'VENDOR_ORDER_STATUS';
      subjectId: string;
      from: VendorOrderStatus | null;
      to: VendorOrderStatus;
      detail?: { vendorId?: string; lines?: Units[]; reason?: string };
    }
  | {
      type: 'FULFILLMENT_STATUS';
      subjectId: string;
      from: FulfillmentStatus | null;
      to: FulfillmentStatus;
      detail?: { vendorOrderId: string; lines: Units[] };
    }
  | ReturnFact;

export function placeOrder(draft: {
  orderId: string;
  vendorOrders: readonly { vendorOrderId: string; vendorId: string; lines: readonly Units[] }[];
}): OrderFact[] {
  return [
    { type: 'ORDER_STATUS', subjectId: draft.orderId, from: null, to: 'PENDING_PAYMENT' },
    { type: 'PAYMENT_STATUS', subjectId: draft.orderId, from: null, to: 'NOT_PAID' },
    ...draft.vendorOrders.map(({ vendorOrderId, vendorId, lines }): OrderFact => {
      const units = lines.map(({ lineId, quantity }) => ({ lineId, quantity }));
      const detail = { vendorId, lines: units };
      return { type: 'VENDOR_ORDER_STATUS', subjectId: vendorOrderId, from: null, to: 'PENDING', detail };
    }),
  ];
}

export function authorizePayment(order: Order): OrderFact[] {
  return paymentMoved(order, 'AUTHORIZED');
}

export function confirmOrder(order: Order): OrderFact[] {
  assertMove(mayMove(orderTransitions, order.status, 'CONFIRMED'), order.status, 'CONFIRMED');
  return [
    ...paymentMoved(order, 'PAID'),
    { type: 'ORDER_STATUS', subjectId: order.id, from: order.status, to: 'CONFIRMED' },
  ];
}

/** Nothing was charged: the vendors' parts end with the order, and no vendor has seen them. CANCELED when the buyer wanted it so. */
export function failOrder(
  order: Order,
  paymentStatus: OrderPaymentStatus,
  to: 'FAILED' | 'CANCELED' = 'FAILED',
): OrderFact[] {
  assertMove(mayMove(orderTransitions, order.status, to), order.status, to);
  return [
    ...paymentMoved(order, paymentStatus),
    ...order.vendorOrders.map(({ id, status }): OrderFact => ({
      type: 'VENDOR_ORDER_STATUS',
      subjectId: id,
      from: status,
      to: 'CANCELED',
    })),
    { type: 'ORDER_STATUS', subjectId: order.id, from: order.status, to },
  ];
}

export function acceptVendorOrder(order: Order, vendorOrderId: string): Result<OrderFact[]> {
  return moveVendorOrder(order, { vendorOrderId, to: 'ACCEPTED' });
}

export function rejectVendorOrder(order: Order, vendorOrderId: string, reason: string): Result<OrderFact[]> {
  return moveVendorOrder(order, { vendorOrderId, to: 'REJECTED', detail: { reason } });
}

export interface NewFulfillment {
  fulfillmentId: string;
  vendorOrderId: string;
  lines: readonly Units[];
  /** LABEL_PURCHASED when our carrier made the label. */
  status: 'PENDING' | 'LABEL_PURCHASED';
}

/** A parcel with some of the units. Packing an order that was not accepted yet accepts it. */
export function createFulfillment(order: Order, parcel: NewFulfillment): Result<OrderFact[]> {
  const vendorOrder = vendorOrderOf(order, parcel.vendorOrderId);
  if (order.status === 'PENDING_PAYMENT' || ['REJECTED', 'CANCELED'].includes(vendorOrder.status)) {
    return reject('ILLEGAL_TRANSITION', `Nothing can be sent while this is ${vendorOrder.status}.`);
  }
  if (parcel.lines.length === 0) return reject('INVALID', 'A parcel holds something.', { field: ['lines'] });
  for (const [index, { lineId, quantity }] of parcel.lines.entries()) {
    const field = ['lines', String(index)];
    const line = vendorOrder.lines.find((candidate) => candidate.lineId === lineId);
    if (!line) return reject('NOT_FOUND', 'This order has no such line.', { field: [...field, 'lineId'] });
    if (parcel.lines.findIndex((other) => other.lineId === lineId) !== index) {
      return reject('INVALID', 'Name each line once.', { field: [...field, 'lineId'] });
    }
    const left = line.quantity - packedUnits(vendorOrder, lineId);
    if (!Number.isInteger(quantity) || quantity < 1 || quantity > left) {
      return reject('INVALID', `${left} of this line are left to send.`, { field: [...field, 'quantity'] });
    }
  }
  const detail = { vendorOrderId: vendorOrder.id, lines: [...parcel.lines] };
  const created: OrderFact[] = [
    { type: 'FULFILLMENT_STATUS', subjectId: parcel.fulfillmentId, from: null, to: parcel.status, detail },
  ];
  if (vendorOrder.status === 'PENDING') {
    created.unshift({ type: 'VENDOR_ORDER_STATUS', subjectId: vendorOrder.id, from: 'PENDING', to: 'ACCEPTED' });
  }
  return accept(withConsequences(order, created));
}

export function moveFulfillment(order: Order, fulfillmentId: string, to: FulfillmentStatus): Result<OrderFact[]> {
  const { status: from } = fulfillmentOf(order, fulfillmentId);
  if (!mayMove(fulfillmentTransitions, from, to)) {
    return reject('ILLEGAL_TRANSITION', `A fulfilment that is ${from} cannot become ${to}.`, { field: ['status'] });
  }
  return accept(withConsequences(order, [{ type: 'FULFILLMENT_STATUS', subjectId: fulfillmentId, from, to }]));
}

/** One fact. Total: facts come from the functions above, or from rows they wrote. */
export function evolve(order: Order | undefined, fact: OrderFact): Order {
  if (fact.type === 'ORDER_STATUS') {
    if (order) return { ...order, status: fact.to };
    return { id: fact.subjectId, status: fact.to, paymentStatus: 'NOT_PAID', vendorOrders: [] };
  }
  if (!order) throw new Error('The first fact of an order is its status.');
  switch (fact.type) {
    case 'PAYMENT_STATUS':
      return { ...order, paymentStatus: fact.to };
    case 'VENDOR_ORDER_STATUS': {
      const { subjectId: id, to: status, detail } = fact;
      if (fact.from === null) {
        const { vendorId = '', lines = [] } = detail ?? {};
        const part = { id, vendorId, status, lines, fulfillments: [], returns: [] };
        return { ...order, vendorOrders: [...order.vendorOrders, part] };
      }
      return {
        ...order,
        vendorOrders: order.vendorOrders.map((part) => (part.id === id ? { ...part, status } : part)),
      };
    }
    case 'FULFILLMENT_STATUS': {
      const { subjectId: id, to: status, detail } = fact;
      const vendorOrders = order.vendorOrders.map((part) => {
        if (fact.from === null && detail?.vendorOrderId === part.id) {
          return { ...part, fulfillments: [...part.fulfillments, { id, status, lines: detail.lines }] };
        }
        const fulfillments = part.fulfillments.map((parcel) => (parcel.id === id ? { ...parcel, status } : parcel));
        return { ...part, fulfillments };
      });
      return { ...order, vendorOrders };
    }
    case 'RETURN_STATUS':
      return { ...order, vendorOrders: evolveReturns(order.vendorOrders, fact) };
  }
}

export function fold(facts: readonly OrderFact[], from?: Order): Order {
  const order = facts.reduce<Order | undefined>(evolve, from);
  if (!order) throw new Error('An order has at least one fact.');
  return order;
}

export function vendorOrderOf(order: Order, id: string): VendorOrder {
  const found = order.vendorOrders.find((part) => part.id === id);
  if (!found) throw new Error(`Order ${order.id} has no part ${id}.`);
  return found;
}

export function fulfillmentOf(order: Order, id: string): Fulfillment {
  const found = order.vendorOrders.flatMap((part) => part.fulfillments).find((parcel) => parcel.id === id);
  if (!found) throw new Error(`Order ${order.id} has no fulfilment ${id}.`);
  return found;
}

function moveVendorOrder(
  order: Order,
  { vendorOrderId, to, detail }: { vendorOrderId: string; to: VendorOrderStatus; detail?: { reason: string } },
): Result<OrderFact[]> {
  const { status: from } = vendorOrderOf(order, vendorOrderId);
  if (order.status === 'PENDING_PAYMENT' || !mayMove(vendorOrderTransitions, from, to)) {
    return reject('ILLEGAL_TRANSITION', `An order that is ${from} cannot become ${to}.`);
  }
  const moved: OrderFact = {
    type: 'VENDOR_ORDER_STATUS',
    subjectId: vendorOrderId,
    from,
    to,
    ...(detail && { detail }),
  };
  return accept(withConsequences(order, [moved]));
}

/** The facts and what follows from them upwards: parcels move the vendor's part, parts move the order. */
export function withConsequences(order: Order, facts: OrderFact[]): OrderFact[] {
  let now = fold(facts, order);
  const all = [...facts];
  const add = (fact: OrderFact) => {
    all.push(fact);
    now = evolve(now, fact);
  };
  for (const part of now.vendorOrders) {
    const units = part.lines.reduce((total, line) => total + line.quantity, 0);
    const to = vendorOrderStatusOf(part.status, { units, parcels: part.fulfillments });
    if (to === part.status) continue;
    assertMove(mayMove(vendorOrderTransitions, part.status, to), part.status, to);
    add({ type: 'VENDOR_ORDER_STATUS', subjectId: part.id, from: part.status, to });
  }
  const to = orderStatusOf(
    now.status,
    now.vendorOrders.map((part) => part.status),
  );
  if (to !== now.status) {
    assertMove(mayMove(orderTransitions, now.status, to), now.status, to);
    add({ type: 'ORDER_STATUS', subjectId: order.id, from: now.status, to });
  }
  return all;
}

function paymentMoved(order: Order, to: OrderPaymentStatus): OrderFact[] {
  return to === order.paymentStatus
    ? []
    : [{ type: 'PAYMENT_STATUS', subjectId: order.id, from: order.paymentStatus, to }];
}

/** Units of a line that are in a parcel, sent or not; a canceled parcel gives its units back. */
function packedUnits(vendorOrder: VendorOrder, lineId: string): number {
  return vendorOrder.fulfillments
    .filter((parcel) => parcel.status !== 'CANCELED')
    .flatMap((parcel) => parcel.lines)
    .filter((line) => line.lineId === lineId)
    .reduce((total, line) => total + line.quantity, 0);
}

/** A move that the derivations make is legal by construction; one that is not is a mistake of ours. */
function assertMove(isLegal: boolean, from: string, to: string): void {
  if (!isLegal) throw new Error(`Not a legal move: ${from} → ${to}.`);
}
