import { anonymous, graphqlError, type UserViewer, type Viewer } from '@marketgraph/platform/graphql';
import type { Logger } from '@marketgraph/platform/telemetry';
import { RequestError } from '../limits/request-error.ts';
import type { AccessTokenVerifier } from './access-token.ts';
import type { Principals } from './principals.ts';
import type { RevokedSessions } from './revoked-sessions.ts';

/** Who made a request or opened a socket. */
export interface Caller {
  viewer: Viewer;
  /** When the token ends; undefined for anonymous callers. */
  expiresAt?: Date;
}

export interface Identity {
  /** From an `Authorization` header. None: anonymous. Throws a `RequestError` with 401 for a bad one. */
  authenticate(authorization: string | undefined): Promise<Caller>;
  /** The caller as of now: fresh roles, or null when the session is over. */
  current(caller: Caller): Promise<Viewer | null>;
  /** Something about this user changed. */
  forget(userId: string): void;
}

export function createIdentity(parts: {
  verify: AccessTokenVerifier;
  principals: Principals;
  revoked: RevokedSessions;
  log: Logger;
}): Identity {
  const { verify, principals, revoked, log } = parts;

  const fresh = async (viewer: UserViewer): Promise<UserViewer | null> => {
    const [current, isRevoked] = await Promise.all([principals.current(viewer), revoked.has(viewer.sessionId)]);
    return isRevoked ? null : current;
  };

  return {
    async authenticate(authorization) {
      if (authorization === undefined || authorization === '') return { viewer: anonymous };
      const token = /^Bearer +([\w.~+/=-]+)$/i.exec(authorization)?.[1];
      if (!token) throw unauthenticated();
      const claims = await verify(token).catch((error: unknown) => {
        log.warn({ err: error }, 'no keys to verify tokens with');
        throw new RequestError(
          [
            graphqlError('SUBGRAPH_UNAVAILABLE', 'Sessions cannot be checked at the moment.', {
              service: 'accounts',
              retryable: true,
            }),
          ],
          503,
          { 'retry-after': '5' },
        );
      });
      const viewer = claims && (await fresh(claims.viewer));
      if (!viewer) throw unauthenticated();
      return { viewer, expiresAt: claims.expiresAt };
    },
    async current({ viewer, expiresAt }) {
      if (viewer.kind !== 'user') return viewer;
      if (expiresAt && expiresAt.getTime() <= Date.now()) return null;
      return fresh(viewer);
    },
    forget: (userId) => principals.forget(userId),
  };
}

function unauthenticated(): RequestError {
  const message = 'The access token is not valid. Refresh it or sign in again.';
  return new RequestError([graphqlError('UNAUTHENTICATED', message)], 401, { 'www-authenticate': 'Bearer' });
}
