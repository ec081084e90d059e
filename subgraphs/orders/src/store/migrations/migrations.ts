import { CreateOrders } from './create-orders.ts';

/** In order; only ever added to. */
export const migrations = { '001-create-orders': CreateOrders };

export { APPEND_ONLY } from './create-orders.ts';
