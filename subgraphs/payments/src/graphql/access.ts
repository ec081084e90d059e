import { hasRole, isMemberOf, isService, type Viewer } from '@marketgraph/platform/graphql';

/** The buyer, those who help buyers, and the services that act on payments. A vendor sees its settlement, not the payment. */
export function mayReadPayment(viewer: Viewer, payment: { buyerId: string }): boolean {
  if (viewer.kind === 'user' && viewer.userId === payment.buyerId) return true;
  return hasRole(viewer, 'OPERATOR', 'SUPPORT') || isService(viewer);
}

/** What a vendor earns is for that vendor and for operators; its buyers and other vendors see nothing. */
export function mayReadMoneyOf(viewer: Viewer, vendorId: string): boolean {
  return isMemberOf(viewer, vendorId) || hasRole(viewer, 'OPERATOR') || isService(viewer);
}
