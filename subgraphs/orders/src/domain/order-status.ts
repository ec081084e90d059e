/** The machines of an order and its parts, as tables. `SCHEMA` names; an empty list is an end. */
export const orderTransitions = {
  PENDING_APPROVAL: ['PENDING_PAYMENT', 'CANCELED'],
  PENDING_PAYMENT: ['CONFIRMED', 'CANCELED', 'FAILED'],
  CONFIRMED: ['PROCESSING', 'CANCELED'],
  PROCESSING: ['PARTIALLY_SHIPPED', 'SHIPPED', 'CANCELED'],
  PARTIALLY_SHIPPED: ['SHIPPED', 'PARTIALLY_DELIVERED'],
  SHIPPED: ['PARTIALLY_DELIVERED', 'DELIVERED'],
  PARTIALLY_DELIVERED: ['DELIVERED', 'COMPLETED'],
  DELIVERED: ['COMPLETED'],
  COMPLETED: [],
  CANCELED: [],
  FAILED: [],
} as const satisfies Record<string, readonly string[]>;

export const vendorOrderTransitions = {
  PENDING: ['ACCEPTED', 'REJECTED', 'CANCELED'],
  ACCEPTED: ['PROCESSING', 'CANCELED'],
  REJECTED: [],
  PROCESSING: ['PARTIALLY_SHIPPED', 'SHIPPED', 'CANCELED'],
  PARTIALLY_SHIPPED: ['SHIPPED'],
  SHIPPED: ['DELIVERED'],
  DELIVERED: ['COMPLETED'],
  COMPLETED: [],
  CANCELED: [],
} as const satisfies Record<string, readonly string[]>;

export const fulfillmentTransitions = {
  PENDING: ['PACKED', 'LABEL_PURCHASED', 'SHIPPED', 'CANCELED'],
  PACKED: ['LABEL_PURCHASED', 'SHIPPED', 'CANCELED'],
  LABEL_PURCHASED: ['PACKED', 'SHIPPED', 'CANCELED'],
  SHIPPED: ['IN_TRANSIT', 'OUT_FOR_DELIVERY', 'DELIVERED', 'FAILED_ATTEMPT'],
  IN_TRANSIT: ['OUT_FOR_DELIVERY', 'DELIVERED', 'FAILED_ATTEMPT'],
  OUT_FOR_DELIVERY: ['DELIVERED', 'FAILED_ATTEMPT'],
  DELIVERED: [],
  FAILED_ATTEMPT: ['IN_TRANSIT', 'OUT_FOR_DELIVERY', 'DELIVERED'],
  CANCELED: [],
} as const satisfies Record<string, readonly string[]>;

export const returnTransitions = {
  REQUESTED: ['APPROVED', 'REJECTED', 'CANCELED'],
  // Goods that are handed over in person are received without having been on the way.
  APPROVED: ['IN_TRANSIT', 'RECEIVED', 'CANCELED'],
  IN_TRANSIT: ['RECEIVED', 'CANCELED'],
  RECEIVED: ['REFUNDED'],
  REFUNDED: [],
  REJECTED: [],
  CANCELED: [],
} as const satisfies Record<string, readonly string[]>;

export type OrderStatus = keyof typeof orderTransitions;
export type VendorOrderStatus = keyof typeof vendorOrderTransitions;
export type FulfillmentStatus = keyof typeof fulfillmentTransitions;
export type ReturnStatus = keyof typeof returnTransitions;
export type OrderPaymentStatus =
  | 'NOT_PAID'
  | 'AUTHORIZED'
  | 'PAID'
  | 'PARTIALLY_REFUNDED'
  | 'REFUNDED'
  | 'VOIDED'
  | 'FAILED';
export type OrderFulfillmentStatus =
  | 'UNFULFILLED'
  | 'PARTIALLY_FULFILLED'
  | 'FULFILLED'
  | 'PARTIALLY_RETURNED'
  | 'RETURNED';

export function mayMove<Status extends string>(
  table: Readonly<Record<Status, readonly string[]>>,
  from: Status,
  to: Status,
): boolean {
  return table[from].includes(to);
}

const ON_THE_ROAD: readonly FulfillmentStatus[] = [
  'SHIPPED',
  'IN_TRANSIT',
  'OUT_FOR_DELIVERY',
  'FAILED_ATTEMPT',
  'DELIVERED',
];

export function hasLeft(status: FulfillmentStatus): boolean {
  return ON_THE_ROAD.includes(status);
}

interface Parcel {
  status: FulfillmentStatus;
  lines: readonly { quantity: number }[];
}

/** Where a vendor's part stands, by what has left and what has arrived. */
export function vendorOrderStatusOf(
  current: VendorOrderStatus,
  { units, parcels }: { units: number; parcels: readonly Parcel[] },
): VendorOrderStatus {
  if (current === 'REJECTED' || current === 'CANCELED' || current === 'COMPLETED') return current;
  const count = (which: (status: FulfillmentStatus) => boolean) =>
    parcels
      .filter((parcel) => which(parcel.status))
      .flatMap((parcel) => parcel.lines)
      .reduce((total, line) => total + line.quantity, 0);
  const left = count(hasLeft);
  if (count((status) => status === 'DELIVERED') === units) return 'DELIVERED';
  if (left === units) return 'SHIPPED';
  if (left > 0) return 'PARTIALLY_SHIPPED';
  return parcels.some((parcel) => parcel.status !== 'CANCELED') ? 'PROCESSING' : current;
}

/** Where the whole order stands once it is confirmed, by its vendors' parts. */
export function orderStatusOf(current: OrderStatus, parts: readonly VendorOrderStatus[]): OrderStatus {
  if (current === 'PENDING_APPROVAL' || current === 'PENDING_PAYMENT' || current === 'FAILED') return current;
  const active = parts.filter((status) => status !== 'REJECTED' && status !== 'CANCELED');
  const all = (...statuses: VendorOrderStatus[]) => active.every((status) => statuses.includes(status));
  const some = (...statuses: VendorOrderStatus[]) => active.some((status) => statuses.includes(status));
  if (active.length === 0) return 'CANCELED';
  if (all('COMPLETED')) return 'COMPLETED';
  if (all('DELIVERED', 'COMPLETED')) return 'DELIVERED';
  if (some('DELIVERED', 'COMPLETED')) return 'PARTIALLY_DELIVERED';
  if (all('SHIPPED')) return 'SHIPPED';
  if (some('SHIPPED', 'PARTIALLY_SHIPPED')) return 'PARTIALLY_SHIPPED';
  // It never goes back: when the part that was being prepared is cancelled, the others' turn is no new beginning.
  return current === 'PROCESSING' || some('ACCEPTED', 'PROCESSING') ? 'PROCESSING' : 'CONFIRMED';
}

/** How much of what will be sent has left, and whether it stayed away. */
export function fulfillmentStatusOf(units: {
  ordered: number;
  left: number;
  returned: number;
}): OrderFulfillmentStatus {
  if (units.left === 0) return 'UNFULFILLED';
  if (units.returned > 0) return units.returned < units.ordered ? 'PARTIALLY_RETURNED' : 'RETURNED';
  return units.left < units.ordered ? 'PARTIALLY_FULFILLED' : 'FULFILLED';
}
