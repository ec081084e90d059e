import { anonymous, graphqlError, type UserViewer, type Viewer } from '@marketgraph/platform/graphql';
import type { Logger } from '@marketgraph/platform/telemetry';
import { API_KEY_PREFIX, hashApiKey } from '@marketgraph/schema/api-keys';
import { RequestError } from '../limits/request-error.ts';
import type { AccessTokenVerifier } from './access-token.ts';
import type { ApiKey, ApiKeys } from './api-keys.ts';
import type { Principals } from './principals.ts';
import type { RevokedSessions } from './revoked-sessions.ts';

/** Who made a request or opened a socket. */
export interface Caller {
  viewer: Viewer;
  /** When the token or key ends; undefined for anonymous callers, and for keys that end when they are revoked. */
  expiresAt?: Date;
  /** Of a machine with an API key. */
  keyHash?: string;
}

export interface Identity {
  /**
   * From an `Authorization` header with an access token or an API key. None: anonymous. Throws a `RequestError`: 401 for a
   * bad one, 429 for too many bad keys, 503 when nobody can tell.
   */
  authenticate(authorization: string | undefined, address: string): Promise<Caller>;
  /** The caller as of now: fresh roles, or null when the session is over or the key revoked. */
  current(caller: Caller): Promise<Viewer | null>;
  /** Something about this user changed. */
  forget(userId: string): void;
  /** Something about this API key changed. */
  forgetKey(keyId: string): void;
}

export function createIdentity(parts: {
  verify: AccessTokenVerifier;
  principals: Principals;
  keys: ApiKeys;
  revoked: RevokedSessions;
  log: Logger;
}): Identity {
  const { verify, principals, keys, revoked, log } = parts;

  const fresh = async (viewer: UserViewer): Promise<UserViewer | null> => {
    const [current, isRevoked] = await Promise.all([principals.current(viewer), revoked.has(viewer.sessionId)]);
    return isRevoked ? null : current;
  };

  const freshKey = async (hash: string, address?: string): Promise<ApiKey | null> => {
    const key = await keys.find(hash, address);
    return key && !(await revoked.has(key.viewer.keyId)) ? key : null;
  };

  const authenticateKey = async (secret: string, address: string): Promise<Caller> => {
    const keyHash = hashApiKey(secret);
    const key = await freshKey(keyHash, address).catch((error: unknown) => {
      if (error instanceof RequestError) throw error;
      log.warn({ err: error }, 'an API key could not be looked up');
      throw unavailable('API keys cannot be checked at the moment.');
    });
    if (!key) throw unauthenticated('The API key is not valid.');
    return { viewer: key.viewer, keyHash, ...(key.expiresAt ? { expiresAt: key.expiresAt } : {}) };
  };

  /** Nobody can tell for longer than the word of a token stands: it is over, as a session is whose token ends. */
  const currentKey = async (hash: string): Promise<Viewer | null> => {
    const key = await freshKey(hash).catch((error: unknown) => {
      log.warn({ err: error }, 'an API key could not be looked up for too long');
      return null;
    });
    return key && key.viewer;
  };

  return {
    async authenticate(authorization, address) {
      if (authorization === undefined || authorization === '') return { viewer: anonymous };
      const token = /^Bearer +([\w.~+/=-]+)$/i.exec(authorization)?.[1];
      if (!token) throw unauthenticated();
      if (token.startsWith(API_KEY_PREFIX)) return authenticateKey(token, address);
      const claims = await verify(token).catch((error: unknown) => {
        log.warn({ err: error }, 'no keys to verify tokens with');
        throw unavailable('Sessions cannot be checked at the moment.');
      });
      const viewer = claims && (await fresh(claims.viewer));
      if (!viewer) throw unauthenticated();
      return { viewer, expiresAt: claims.expiresAt };
    },
    async current({ viewer, expiresAt, keyHash }) {
      if (viewer.kind === 'apiKey') return keyHash === undefined ? null : currentKey(keyHash);
      if (viewer.kind !== 'user') return viewer;
      if (expiresAt && expiresAt.getTime() <= Date.now()) return null;
      return fresh(viewer);
    },
    forget: (userId) => principals.forget(userId),
    forgetKey: (keyId) => keys.forget(keyId),
  };
}

function unauthenticated(message = 'The access token is not valid. Refresh it or sign in again.'): RequestError {
  return new RequestError([graphqlError('UNAUTHENTICATED', message)], 401, { 'www-authenticate': 'Bearer' });
}

function unavailable(message: string): RequestError {
  const error = graphqlError('SUBGRAPH_UNAVAILABLE', message, { service: 'accounts', retryable: true });
  return new RequestError([error], 503, { 'retry-after': '5' });
}
