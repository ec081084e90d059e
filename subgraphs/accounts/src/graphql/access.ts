import { hasRole, isMemberOf, isService, requireUser, type Viewer } from '@marketgraph/platform/graphql';
import type { Cause } from '../commands/deps.ts';
import { hasBeenPublic, isPublic, type VendorStatus } from '../domain/vendor.ts';
import type { AccountsContext } from './context.ts';

/** A person's own data: for themselves and for those who help them. */
export function seesUser(viewer: Viewer, userId: string): boolean {
  return isSelf(viewer, userId) || hasRole(viewer, 'OPERATOR', 'SUPPORT');
}

export function isSelf(viewer: Viewer, userId: string): boolean {
  return viewer.kind === 'user' && viewer.userId === userId;
}

export function seesOrganization(viewer: Viewer, organizationId: string): boolean {
  return isMemberOf(viewer, organizationId) || hasRole(viewer, 'OPERATOR', 'SUPPORT');
}

/** Everything about a vendor, whatever its status. */
export function seesAllOfVendor(viewer: Viewer, vendorId: string): boolean {
  return isMemberOf(viewer, vendorId) || hasRole(viewer, 'OPERATOR', 'SUPPORT', 'MODERATOR') || isService(viewer);
}

export function findsVendor(viewer: Viewer, vendor: { id: string; status: VendorStatus }): boolean {
  return isPublic(vendor.status) || seesAllOfVendor(viewer, vendor.id);
}

/** From an order or a review, which outlive the vendor's time here. */
export function reachesVendor(viewer: Viewer, vendor: { id: string; status: VendorStatus }): boolean {
  return hasBeenPublic(vendor.status) || seesAllOfVendor(viewer, vendor.id);
}

/** Who gives a command, for events and the audit log. */
export function causeOf({ viewer, requestId, traceparent }: AccountsContext): Cause {
  return { actorId: requireUser(viewer).userId, requestId, trace: traceparent };
}
