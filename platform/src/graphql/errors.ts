import { GraphQLError } from 'graphql';
import { type ActingViewer, isActing, type UserViewer, type Viewer } from './viewer.ts';

/**
 * The codes a client can meet in `errors[].extensions.code`. Outcomes that the
 * shop knows are not here: they are `userErrors` of the payload.
 */
export const errorCodes = [
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'BAD_USER_INPUT',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_TOO_COMPLEX',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
  'OPERATION_NOT_LISTED',
  'BAD_REQUEST',
  'REQUEST_TOO_LARGE',
  'RATE_LIMITED',
  'TIMEOUT',
  'REFRESH_REUSED',
  'CURSOR_EXPIRED',
  'SLOW_CONSUMER',
  'SUBGRAPH_UNAVAILABLE',
  'SUBGRAPH_TIMEOUT',
  'EVENT_SKIPPED',
  'INTERNAL_SERVER_ERROR',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

export function graphqlError(code: ErrorCode, message: string, extensions: Record<string, unknown> = {}): GraphQLError {
  return new GraphQLError(message, { extensions: { ...extensions, code } });
}

export const unauthenticated = () => graphqlError('UNAUTHENTICATED', 'Sign in to do this.');
export const forbidden = (message = 'You may not do this.') => graphqlError('FORBIDDEN', message);
export const badUserInput = (message: string, extensions: Record<string, unknown> = {}) =>
  graphqlError('BAD_USER_INPUT', message, extensions);

/** Thrown by a `Subscription` resolver when its event is not for this subscription: the gateway sends nothing. */
export const eventSkipped = () => graphqlError('EVENT_SKIPPED', 'Not for this subscription.');

export function requireUser(viewer: Viewer): UserViewer {
  if (viewer.kind === 'apiKey') throw forbidden('Not with an API key.');
  if (viewer.kind !== 'user') throw unauthenticated();
  return viewer;
}

/** For operations that a role may never use. By-id reads answer null instead, so that existence never leaks. */
export function requireRole(viewer: Viewer, ...roles: string[]): UserViewer {
  const user = requireUser(viewer);
  if (!user.roles.some((role) => roles.includes(role))) throw forbidden();
  return user;
}

/** For what users and machines with a key may do; in one of the roles when any are given. */
export function requireActing(viewer: Viewer, ...roles: string[]): ActingViewer {
  if (!isActing(viewer)) throw unauthenticated();
  if (roles.length > 0 && !viewer.roles.some((role) => roles.includes(role))) throw forbidden();
  return viewer;
}

export function requireService(viewer: Viewer, ...services: string[]): void {
  if (viewer.kind !== 'service' || (services.length > 0 && !services.includes(viewer.service))) throw forbidden();
}
