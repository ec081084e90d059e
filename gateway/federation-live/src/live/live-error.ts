import { GraphQLError } from 'graphql';

/** Why a subscription was refused or ended; `extensions.code` of the error. */
export type LiveErrorCode =
  | 'BAD_REQUEST'
  | 'BAD_USER_INPUT'
  | 'UNAUTHENTICATED'
  | 'CURSOR_EXPIRED'
  | 'SLOW_CONSUMER'
  | 'SUBGRAPH_UNAVAILABLE'
  | 'TIMEOUT';

export function liveError(
  code: LiveErrorCode,
  message: string,
  extensions: Record<string, unknown> = {},
): GraphQLError {
  return new GraphQLError(message, { extensions: { ...extensions, code } });
}

/** Ends a subscription: the first result of its owner, or access lost later. */
export class SubscriptionRefusedError extends Error {
  constructor(readonly errors: readonly GraphQLError[]) {
    super(errors.map((error) => error.message).join('; '));
    this.name = 'SubscriptionRefusedError';
  }
}

export function refused(code: LiveErrorCode, message: string, extensions?: Record<string, unknown>): never {
  throw new SubscriptionRefusedError([liveError(code, message, extensions)]);
}
