import {
  type ActingViewer,
  forbidden,
  hasRole,
  isActing,
  isMemberOf,
  requireActing,
  type Viewer,
} from '@marketgraph/platform/graphql';
import type { StoredOrder, StoredVendorOrder } from '../store/order-rows.ts';
import type { OrdersContext } from './context.ts';

const BUYING: ReadonlySet<string> = new Set(['PURCHASER', 'ORG_ADMIN']);

/**
 * Who sees what: the buyer and the staff all of an order; a vendor its own part
 * of what was sold, and nothing that tells of the others'. Everybody else sees
 * nothing, and cannot tell that from something that is not there.
 */
export function seesWholeOrder(viewer: Viewer, { buyerId }: { buyerId: string }): boolean {
  if (viewer.kind === 'service') return true;
  return hasRole(viewer, 'OPERATOR', 'SUPPORT') || (viewer.kind === 'user' && viewer.userId === buyerId);
}

export function seesVendorOrder(
  viewer: Viewer,
  part: { buyerId: string; vendorId: string; confirmedAt: Date | null },
): boolean {
  return seesWholeOrder(viewer, part) || (part.confirmedAt !== null && isMemberOf(viewer, part.vendorId));
}

/** The parts of the order this viewer sees; null when there are none, and so no order. */
export interface OrderView {
  order: StoredOrder;
  isWhole: boolean;
  /** Loaded only where the view depends on it. */
  ownParts: StoredVendorOrder[];
}

export async function viewOrder({ viewer, loaders }: OrdersContext, orderId: string): Promise<OrderView | null> {
  const order = await loaders.orders.load(orderId);
  if (!order) return null;
  if (seesWholeOrder(viewer, order)) return { order, isWhole: true, ownParts: [] };
  if (!isActing(viewer) || viewer.memberships.length === 0) return null;
  const parts = await loaders.vendorOrdersOfOrder.load(orderId);
  const ownParts = parts.filter((part) => seesVendorOrder(viewer, part));
  return ownParts.length > 0 ? { order, isWhole: false, ownParts } : null;
}

/** The organizations somebody buys for: as a purchaser, or as who runs them. */
export function buysFor(viewer: Viewer): string[] {
  if (viewer.kind !== 'user') return [];
  return viewer.memberships.filter(({ role }) => BUYING.has(role)).map(({ of }) => of);
}

/** For what only sellers do: somebody who acts for no vendor is told so. */
export function requireSeller(viewer: Viewer): ActingViewer {
  const seller = requireActing(viewer);
  if (!seller.memberships.some((membership) => membership.of.startsWith('ven_'))) throw forbidden();
  return seller;
}
