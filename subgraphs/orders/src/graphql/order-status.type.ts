import { registerEnumType } from 'type-graphql';
import {
  fulfillmentTransitions,
  orderTransitions,
  returnTransitions,
  vendorOrderTransitions,
} from '../domain/order-status.ts';

/** The words of the machines in `domain/order-status.ts`; the schema cannot drift from the tables. */
const namesOf = <Name extends string>(table: Readonly<Record<Name, unknown>>) =>
  Object.fromEntries(Object.keys(table).map((name) => [name, name])) as { [N in Name]: N };

export const OrderStatus = namesOf(orderTransitions);
export type OrderStatus = keyof typeof OrderStatus;

registerEnumType(OrderStatus, {
  name: 'OrderStatus',
  description: 'Where an order stands.',
  valuesConfig: {
    PENDING_APPROVAL: { description: 'Somebody of the organization has to approve it.' },
    PENDING_PAYMENT: { description: 'The goods are held; the payment is awaited.' },
    CONFIRMED: { description: 'Paid, and the goods are the buyer’s.' },
    PROCESSING: { description: 'A vendor is at work on it.' },
    PARTIALLY_SHIPPED: { description: 'Some of it has left.' },
    SHIPPED: { description: 'All of it has left.' },
    PARTIALLY_DELIVERED: { description: 'A vendor’s part has arrived.' },
    DELIVERED: { description: 'All of it has arrived.' },
    COMPLETED: { description: 'Delivered, and the time to send it back is over.' },
    CANCELED: { description: 'Nothing of it will be sent.' },
    FAILED: { description: 'Not paid; nothing was charged.' },
  },
});

export const VendorOrderStatus = namesOf(vendorOrderTransitions);
export type VendorOrderStatus = keyof typeof VendorOrderStatus;

registerEnumType(VendorOrderStatus, {
  name: 'VendorOrderStatus',
  description: 'Where one vendor’s part of an order stands.',
  valuesConfig: {
    PENDING: { description: 'The vendor has not answered.' },
    ACCEPTED: { description: 'The vendor will send it.' },
    REJECTED: { description: 'The vendor will not send it.' },
    PROCESSING: { description: 'A parcel is being prepared.' },
    PARTIALLY_SHIPPED: { description: 'Some units have left.' },
    SHIPPED: { description: 'All units have left.' },
    DELIVERED: { description: 'All units have arrived.' },
    COMPLETED: { description: 'Delivered, and the time to send it back is over.' },
    CANCELED: { description: 'It will not be sent.' },
  },
});

export const FulfillmentStatus = namesOf(fulfillmentTransitions);
export type FulfillmentStatus = keyof typeof FulfillmentStatus;

registerEnumType(FulfillmentStatus, {
  name: 'FulfillmentStatus',
  description: 'Where a parcel is.',
  valuesConfig: {
    PENDING: { description: 'Being prepared.' },
    PACKED: { description: 'In its box.' },
    LABEL_PURCHASED: { description: 'The carrier’s label is printed.' },
    SHIPPED: { description: 'Handed to the carrier.' },
    IN_TRANSIT: { description: 'On its way.' },
    OUT_FOR_DELIVERY: { description: 'In the van to the buyer.' },
    DELIVERED: { description: 'Arrived.' },
    FAILED_ATTEMPT: { description: 'Nobody took it; the carrier tries again.' },
    CANCELED: { description: 'Unpacked again; its units can go into another parcel.' },
  },
});

export const ReturnStatus = namesOf(returnTransitions);
export type ReturnStatus = keyof typeof ReturnStatus;

registerEnumType(ReturnStatus, {
  name: 'ReturnStatus',
  description: 'Where a return stands.',
  valuesConfig: {
    REQUESTED: { description: 'The buyer asks; the vendor has not answered.' },
    APPROVED: { description: 'The buyer may send it.' },
    IN_TRANSIT: { description: 'On its way to the vendor.' },
    RECEIVED: { description: 'The vendor has it; the money is on its way.' },
    REFUNDED: { description: 'The buyer has the money.' },
    REJECTED: { description: 'The vendor does not take it back.' },
    CANCELED: { description: 'The buyer keeps it after all, or it was lost on the way.' },
  },
});

export enum OrderPaymentStatus {
  NOT_PAID = 'NOT_PAID',
  AUTHORIZED = 'AUTHORIZED',
  PAID = 'PAID',
  PARTIALLY_REFUNDED = 'PARTIALLY_REFUNDED',
  REFUNDED = 'REFUNDED',
  VOIDED = 'VOIDED',
  FAILED = 'FAILED',
}

registerEnumType(OrderPaymentStatus, {
  name: 'OrderPaymentStatus',
  description: 'Where the money of an order is.',
  valuesConfig: {
    NOT_PAID: { description: 'With the buyer.' },
    AUTHORIZED: { description: 'Promised by the bank.' },
    PAID: { description: 'Captured.' },
    PARTIALLY_REFUNDED: { description: 'Some of it went back to the buyer.' },
    REFUNDED: { description: 'All of it went back to the buyer.' },
    VOIDED: { description: 'The promise was given back; nothing was charged.' },
    FAILED: { description: 'Refused; nothing was charged.' },
  },
});

export enum OrderFulfillmentStatus {
  UNFULFILLED = 'UNFULFILLED',
  PARTIALLY_FULFILLED = 'PARTIALLY_FULFILLED',
  FULFILLED = 'FULFILLED',
  PARTIALLY_RETURNED = 'PARTIALLY_RETURNED',
  RETURNED = 'RETURNED',
}

registerEnumType(OrderFulfillmentStatus, {
  name: 'OrderFulfillmentStatus',
  description: 'How much of what will be sent has left, and whether it stayed away.',
  valuesConfig: {
    UNFULFILLED: { description: 'Nothing.' },
    PARTIALLY_FULFILLED: { description: 'Some units.' },
    FULFILLED: { description: 'All units.' },
    PARTIALLY_RETURNED: { description: 'Some units were received back.' },
    RETURNED: { description: 'All units were received back.' },
  },
});

export enum OrderLineStatus {
  PENDING = 'PENDING',
  FULFILLED = 'FULFILLED',
  RETURN_REQUESTED = 'RETURN_REQUESTED',
  RETURNED = 'RETURNED',
  REFUNDED = 'REFUNDED',
  CANCELED = 'CANCELED',
}

registerEnumType(OrderLineStatus, {
  name: 'OrderLineStatus',
  description: 'What became of a line.',
  valuesConfig: {
    PENDING: { description: 'Units are still to be sent.' },
    FULFILLED: { description: 'All units have left.' },
    RETURN_REQUESTED: { description: 'Units are in a return that the vendor has not received.' },
    RETURNED: { description: 'All units came back; the money is on its way.' },
    REFUNDED: { description: 'All units came back and were paid back.' },
    CANCELED: { description: 'It will not be sent.' },
  },
});

export enum VendorOrderEventType {
  PLACED = 'PLACED',
  STATUS_CHANGED = 'STATUS_CHANGED',
  FULFILLMENT_UPDATED = 'FULFILLMENT_UPDATED',
  RETURN_REQUESTED = 'RETURN_REQUESTED',
  RETURN_UPDATED = 'RETURN_UPDATED',
  CANCELED = 'CANCELED',
}

registerEnumType(VendorOrderEventType, {
  name: 'VendorOrderEventType',
  description: 'What happened to a vendor’s part of an order.',
  valuesConfig: {
    PLACED: { description: 'It was sold.' },
    STATUS_CHANGED: { description: 'The vendor accepted or rejected it.' },
    FULFILLMENT_UPDATED: { description: 'A parcel was made or moved.' },
    RETURN_REQUESTED: { description: 'The buyer wants to send units back.' },
    RETURN_UPDATED: { description: 'A return moved on.' },
    CANCELED: { description: 'It was called off; nothing is to be sent.' },
  },
});
