import type { FloorOrderFragment } from '@marketgraph/schema/generated/operations';

export type FloorOrder = FloorOrderFragment;

/** So many orders are shown. A vendor looks at the newest; the rest is in the order list of the shop. */
export const MAX_ORDERS = 25;

/** The newest orders of a vendor, newest first, each once and as it was when it last changed. */
export class OrderBoard {
  #orders: FloorOrder[] = [];

  get orders(): readonly FloorOrder[] {
    return this.#orders;
  }

  /** Takes an order as it is now. True: it was not shown before. An older state of one that is shown changes nothing. */
  put(order: FloorOrder): boolean {
    const known = this.#orders.findIndex(({ id }) => id === order.id);
    if (known >= 0) {
      if (this.#orders[known]!.version <= order.version) this.#orders[known] = order;
      return false;
    }
    const placedAt = Date.parse(order.order.placedAt);
    const before = this.#orders.findIndex((other) => Date.parse(other.order.placedAt) <= placedAt);
    const position = before < 0 ? this.#orders.length : before;
    this.#orders.splice(position, 0, order);
    this.#orders.length = Math.min(this.#orders.length, MAX_ORDERS);
    return position < MAX_ORDERS;
  }

  /** What a list says, read after the feeds began: events may have told of something newer meanwhile. Those not shown before. */
  merge(orders: readonly FloorOrder[]): FloorOrder[] {
    return orders.filter((order) => this.put(order));
  }
}

export const unitsOf = ({ lines }: FloorOrder): number => lines.reduce((units, { quantity }) => units + quantity, 0);
