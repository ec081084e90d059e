import type { TransactionType } from '../domain/payment.ts';
import { hasRole, isMemberOf, isService, type Viewer } from '@marketgraph/platform/graphql';

/** The buyer, those who help buyers, and the services that act on payments. A vendor sees its settlement, not the payment. */
export function mayReadPayment(viewer: Viewer, payment: { buyerId: string }): boolean {
  if (viewer.kind === 'user' && viewer.userId === payment.buyerId) return true;
  return hasRole(viewer, 'OPERATOR', 'SUPPORT') || isService(viewer);
}

/**
 * What goes on between the platform, its vendors and the provider is no business of the buyer: transfers would tell what
 * the platform earns, fees what it costs.
 */
export function mayReadTransaction(viewer: Viewer, { type }: { type: TransactionType }): boolean {
  return !betweenOthers.has(type) || hasRole(viewer, 'OPERATOR', 'SUPPORT') || isService(viewer);
}

const betweenOthers: ReadonlySet<TransactionType> = new Set(['TRANSFER', 'TRANSFER_REVERSAL', 'PAYOUT', 'FEE']);

/** What a vendor earns is for that vendor and for operators; its buyers and other vendors see nothing. */
export function mayReadMoneyOf(viewer: Viewer, vendorId: string): boolean {
  return isMemberOf(viewer, vendorId) || hasRole(viewer, 'OPERATOR') || isService(viewer);
}

/** Who may know the payment; a vendor may know what of its own part went back. */
export function mayReadRefund(
  viewer: Viewer,
  refund: { buyerId: string; parts: readonly { vendorId?: string | null }[] },
): boolean {
  if (mayReadPayment(viewer, refund)) return true;
  return refund.parts.length > 0 && refund.parts.every(({ vendorId }) => vendorId && isMemberOf(viewer, vendorId));
}
