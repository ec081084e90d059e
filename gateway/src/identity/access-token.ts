import type { Clock } from '@marketgraph/platform/core';
import type { UserViewer } from '@marketgraph/platform/graphql';
import { errors, jwtVerify } from 'jose';
import { z } from 'zod';
import type { SigningKeys } from './signing-keys.ts';

/** What a verified token says. Roles may have changed since it was signed. */
export interface TokenClaims {
  viewer: UserViewer;
  expiresAt: Date;
}

/** Resolves to null for anything that is not a fresh access token of ours; rejects when keys cannot be had. */
export type AccessTokenVerifier = (token: string) => Promise<TokenClaims | null>;

const ISSUER = 'marketgraph-accounts';
const AUDIENCE = 'marketgraph';
/** What the clocks of accounts and gateway may differ by, either way. accounts marks revoked sessions for longer than that. */
const CLOCK_TOLERANCE_S = 30;
/** The longest life that accounts gives a token, whatever the token says: one from the future is none of ours. */
const MAX_TOKEN_AGE_S = 900;
/** Ours are far shorter. */
const MAX_TOKEN_LENGTH = 8_192;

const claimsSchema = z.object({
  sub: z.string().min(1).max(100),
  sid: z.string().min(1).max(100),
  exp: z.number(),
  roles: z.array(z.string().max(50)).max(50),
  mem: z.array(z.object({ of: z.string().max(100), role: z.string().max(50) })).max(500),
});

export function accessTokenVerifier(keys: SigningKeys, clock: Clock): AccessTokenVerifier {
  return async (token) => {
    if (token.length > MAX_TOKEN_LENGTH) return null;
    try {
      const { payload } = await jwtVerify(
        token,
        async ({ kid }) => {
          const key = kid === undefined ? undefined : await keys.find(kid);
          if (!key) throw new errors.JWKSNoMatchingKey();
          return key;
        },
        {
          // One algorithm; `jku`, `jwk` and `x5u` of the token are never looked at.
          algorithms: ['EdDSA'],
          typ: 'at+jwt',
          issuer: ISSUER,
          audience: AUDIENCE,
          requiredClaims: ['exp', 'sub', 'sid'],
          maxTokenAge: MAX_TOKEN_AGE_S,
          clockTolerance: CLOCK_TOLERANCE_S,
          currentDate: clock.now(),
        },
      );
      const claims = claimsSchema.safeParse(payload);
      if (!claims.success) return null;
      const { sub, sid, exp, roles, mem } = claims.data;
      return {
        viewer: { kind: 'user', userId: sub, sessionId: sid, roles, memberships: mem },
        expiresAt: new Date(exp * 1_000),
      };
    } catch (error) {
      if (error instanceof errors.JOSEError || error instanceof TypeError) return null;
      throw error;
    }
  };
}
