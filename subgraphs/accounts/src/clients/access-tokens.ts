import { importJWK, type JSONWebKeySet, SignJWT } from 'jose';
import type { SigningJwk } from '../config.ts';
import type { Principal } from '../domain/principal.ts';

export const ISSUER = 'marketgraph-accounts';
export const AUDIENCE = 'marketgraph';
const ALGORITHM = 'EdDSA';
/** More than the gateway grants. */
const MAX_LEEWAY_S = 60;

export interface AccessTokens {
  /** How long somebody may take a token for good: its life, and what clocks of verifiers may be behind. */
  readonly acceptedForS: number;
  /** The public halves of all keys, for whoever verifies. */
  readonly keySet: JSONWebKeySet;
  sign(claims: { userId: string; sessionId: string; principal: Principal; now: Date }): Promise<AccessToken>;
}

export interface AccessToken {
  token: string;
  expiresAt: Date;
}

export async function accessTokens(keys: readonly SigningJwk[], ttlS: number): Promise<AccessTokens> {
  const [first] = keys;
  if (!first) throw new Error('There is no key to sign access tokens with.');
  const key = await importJWK({ ...first }, ALGORITHM);
  return {
    acceptedForS: ttlS + MAX_LEEWAY_S,
    keySet: { keys: keys.map(({ kty, crv, kid, x }) => ({ kty, crv, kid, x, alg: ALGORITHM, use: 'sig' })) },
    async sign({ userId, sessionId, principal, now }) {
      const issuedAtS = Math.floor(now.getTime() / 1_000);
      const token = await new SignJWT({ sid: sessionId, roles: principal.roles, mem: principal.memberships })
        .setProtectedHeader({ alg: ALGORITHM, typ: 'at+jwt', kid: first.kid })
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setSubject(userId)
        .setIssuedAt(issuedAtS)
        .setExpirationTime(issuedAtS + ttlS)
        .sign(key);
      return { token, expiresAt: new Date((issuedAtS + ttlS) * 1_000) };
    },
  };
}
