/** A place where a service can be ended (`CRASH_AT`), and at which time it comes there. */
export interface CrashPoint {
  service: 'orders' | 'payments' | 'inventory';
  point: string;
  nth?: number;
}

const both = (service: CrashPoint['service'], name: string, nth?: number): CrashPoint[] =>
  ['before', 'after'].map((side) => ({ service, point: `${name}.${side}`, ...(nth ? { nth } : {}) }));

/** Around every step of buying: what a service has saved, what it has asked another for, what it has been told. */
export const crashPoints: readonly CrashPoint[] = [
  ...both('orders', 'checkout.insert'),
  ...['RESERVE_STOCK', 'CREATE_PAYMENT', 'LOOK_UP_PAYMENT', 'CONFIRM_STOCK', 'SETTLE_PAYMENT', 'CLEAR_CART'].flatMap(
    (request) => both('orders', `checkout.${request}`),
  ),
  ...['VOID_PAYMENT', 'RELEASE_STOCK', 'REVERT_STOCK'].flatMap((request) => both('orders', `checkout.${request}`)),
  ...['AWAITING_PAYMENT', 'CONFIRMING_STOCK', 'SETTLING', 'COMPLETED', 'FAILED'].map((status) => ({
    service: 'orders' as const,
    point: `checkout.saved.${status}`,
  })),
  { service: 'orders', point: 'outbox.read' },
  { service: 'orders', point: 'outbox.published' },
  { service: 'orders', point: 'outbox.marked' },
  ...both('orders', 'consumer.effect'),
  { service: 'orders', point: 'consumer.acknowledged' },
  { service: 'payments', point: 'idempotency.claimed' },
  { service: 'payments', point: 'idempotency.claimed', nth: 2 },
  ...['provider.create', 'provider.capture', 'provider.cancel'].flatMap((name) => both('payments', name)),
  // The intent is there; it was authorised; it was captured, booked and settled.
  ...[1, 2, 3].flatMap((nth) => both('payments', 'payment.record', nth)),
  ...both('payments', 'webhook.keep'),
  ...both('payments', 'webhook.handle'),
  { service: 'payments', point: 'outbox.published' },
  // Reserved, then confirmed or given back.
  ...[1, 2].flatMap((nth) => both('inventory', 'stock.change', nth)),
  { service: 'inventory', point: 'stock.counted' },
  { service: 'inventory', point: 'outbox.published' },
];

/** Where money leaves us again, and units come back: nothing of it happens while somebody buys. */
export const payingOutPoints: readonly CrashPoint[] = [
  ...both('payments', 'provider.refund'),
  ...both('payments', 'refund.record'),
  ...both('payments', 'provider.transfer'),
  ...both('payments', 'transfer.record'),
  ...both('payments', 'reversal.record'),
  ...both('payments', 'provider.reverse'),
  ...both('orders', 'give-back.REFUND'),
  ...both('orders', 'give-back.RECEIVE_UNITS'),
];

/** What has to happen to an order for its money, or its units, to come by a point. */
export type PayingOut = 'released' | 'canceled' | 'refunded after release';

export function payingOutOf({ service, point }: CrashPoint): PayingOut {
  if (service === 'payments' && point.includes('transfer')) return 'released';
  return /reversal|reverse/.test(point) ? 'refunded after release' : 'canceled';
}

export function nameOf({ service, point, nth }: CrashPoint): string {
  return `${service} ${point}${nth ? ` (${nth})` : ''}`;
}
