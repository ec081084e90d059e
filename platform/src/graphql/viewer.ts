/**
 * Who asks. The gateway verifies the access token once; a subgraph receives
 * this and nothing else, and authorises every entity by it.
 */
export type Viewer = AnonymousViewer | UserViewer | ApiKeyViewer | ServiceViewer;

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

/** A machine with an API key. It is no user: nothing is its own, and what only users do it cannot. */
export interface ApiKeyViewer {
  kind: 'apiKey';
  keyId: string;
  /** What the key is for, such as `stock:read`: the area before the colon is the subgraph in which it acts. */
  scopes: readonly string[];
  roles: readonly string[];
  memberships: readonly Membership[];
}

/** Who may act for others: somebody who is signed in, or a machine on somebody's behalf. */
export type ActingViewer = UserViewer | ApiKeyViewer;

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

export function isActing(viewer: Viewer): viewer is ActingViewer {
  return viewer.kind === 'user' || viewer.kind === 'apiKey';
}

export function hasRole(viewer: Viewer, ...roles: string[]): boolean {
  return isActing(viewer) && viewer.roles.some((role) => roles.includes(role));
}

/** True when the viewer acts for the vendor or organization with this id, in one of the roles when any are given. */
export function isMemberOf(viewer: Viewer, id: string, ...roles: string[]): boolean {
  return (
    isActing(viewer) &&
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
  if (viewer.kind === 'apiKey') return viewer.keyId;
  return viewer.kind === 'service' ? `service:${viewer.service}` : 'anonymous';
}
