import { hasRole, isMemberOf, isService, type Viewer } from '@marketgraph/platform/graphql';

/** Whose stock this is may see and change it; the marketplace's operators may as well. */
export function actsFor(viewer: Viewer, vendorId: string | null): boolean {
  return hasRole(viewer, 'OPERATOR') || (vendorId !== null && isMemberOf(viewer, vendorId));
}

/** Reservations belong to the checkout, which the orders service runs. */
export function seesReservations(viewer: Viewer): boolean {
  return isService(viewer) || hasRole(viewer, 'OPERATOR', 'SUPPORT');
}
