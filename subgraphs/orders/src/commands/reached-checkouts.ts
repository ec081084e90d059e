import type { Checkout } from '../domain/checkout.ts';

/** Of more than are under way at once, each a few hundred bytes. */
const MAX_KNOWN = 2_000;

/**
 * How far this process has seen checkouts come, as it was committed. They never go back, so what an event cannot change
 * there it cannot change any more; of anything else the database has to be asked.
 */
export interface ReachedCheckouts {
  remember(orderId: string, state: Checkout): void;
  /** Undefined for a checkout that another process drives, or that was long ago. */
  of(orderId: string): Checkout | undefined;
}

export function reachedCheckouts(): ReachedCheckouts {
  const states = new Map<string, Checkout>();
  return {
    remember(orderId, state) {
      states.delete(orderId);
      states.set(orderId, state);
      for (const oldest of states.keys()) {
        if (states.size <= MAX_KNOWN) break;
        states.delete(oldest);
      }
    },
    of: (orderId) => states.get(orderId),
  };
}
