/**
 * Who asks. The gateway verifies the access token once; a subgraph receives
 * this and nothing else, and authorises every entity by it.
 */
export type Viewer = AnonymousViewer | UserViewer | ServiceViewer;

export interface AnonymousViewer {
  kind: 'anonymous';
}

export interface UserViewer {
  kind: 'user';
  userId: string;
  sessionId: string;
  roles: readonly string[];
  /** What the user may act for: the id of a vendor or an organization, and as what. */
  memberships: readonly Membership[];
}

/** Another service of this system, calling for itself. */
export interface ServiceViewer {
  kind: 'service';
  service: string;
}

export interface Membership {
  of: string;
  role: string;
}

export const anonymous: AnonymousViewer = { kind: 'anonymous' };

export function hasRole(viewer: Viewer, ...roles: string[]): boolean {
  return viewer.kind === 'user' && viewer.roles.some((role) => roles.includes(role));
}

/** True when the user acts for the vendor or organization with this id, in one of the roles when any are given. */
export function isMemberOf(viewer: Viewer, id: string, ...roles: string[]): boolean {
  return (
    viewer.kind === 'user' &&
    viewer.memberships.some(
      (membership) => membership.of === id && (roles.length === 0 || roles.includes(membership.role)),
    )
  );
}

export function isService(viewer: Viewer, ...services: string[]): boolean {
  return viewer.kind === 'service' && (services.length === 0 || services.includes(viewer.service));
}

/** One name per principal, for idempotency keys and rate limits. */
export function principalOf(viewer: Viewer): string {
  if (viewer.kind === 'user') return viewer.userId;
  return viewer.kind === 'service' ? `service:${viewer.service}` : 'anonymous';
}
