import type { Clock } from '@marketgraph/platform/core';
import type { UserViewer } from '@marketgraph/platform/graphql';
import { type CryptoKey, errors, type JWTPayload, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
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
/** In characters, of tokens that were verified: some thousand clients that ask again and again. */
const MAX_KEPT = 8 * 1024 * 1024;
/** Beside the token, about what is kept of what it says. */
const KEPT_BESIDE = 500;

const claimsSchema = z.object({
  sub: z.string().min(1).max(100),
  sid: z.string().min(1).max(100),
  exp: z.number(),
  roles: z.array(z.string().max(50)).max(50),
  mem: z.array(z.object({ of: z.string().max(100), role: z.string().max(50) })).max(500),
});

/** Of a token whose signature was right. */
interface VerifiedToken {
  claims: TokenClaims;
  payload: JWTPayload;
  kid: string;
  key: CryptoKey;
}

/**
 * Whose signature was right is right for as long as its key is one of accounts': checking it is most of what a small
 * request costs. What a token says of time is looked at each time; sessions and roles are for others to ask about.
 * A wrong one is never remembered.
 */
export function accessTokenVerifier(keys: SigningKeys, clock: Clock): AccessTokenVerifier {
  const verified = new LRUCache<string, VerifiedToken>({
    maxSize: MAX_KEPT,
    sizeCalculation: (_, token) => 2 * token.length + KEPT_BESIDE,
  });
  return async (token) => {
    if (token.length > MAX_TOKEN_LENGTH) return null;
    const known = verified.get(token);
    if (known && isTimely(known.payload, clock.now()) && (await keys.find(known.kid)) === known.key)
      return known.claims;
    const found = await verify(token, keys, clock);
    if (found) verified.set(token, found);
    return found && found.claims;
  };
}

async function verify(token: string, keys: SigningKeys, clock: Clock): Promise<VerifiedToken | null> {
  try {
    const { payload, protectedHeader, key } = await jwtVerify(
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
    const read = claimsSchema.safeParse(payload);
    if (!read.success) return null;
    const { sub, sid, exp, roles, mem } = read.data;
    const claims: TokenClaims = {
      viewer: { kind: 'user', userId: sub, sessionId: sid, roles, memberships: mem },
      expiresAt: new Date(exp * 1_000),
    };
    return { claims, payload, kid: protectedHeader.kid!, key: key as CryptoKey };
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return null;
    throw error;
  }
}

/** The same that `jwtVerify` asks of the times in a token. */
function isTimely({ exp = 0, iat = 0, nbf = 0 }: JWTPayload, now: Date): boolean {
  const nowS = Math.floor(now.getTime() / 1_000);
  const ageS = nowS - iat;
  return (
    exp > nowS - CLOCK_TOLERANCE_S &&
    nbf <= nowS + CLOCK_TOLERANCE_S &&
    ageS >= -CLOCK_TOLERANCE_S &&
    ageS - CLOCK_TOLERANCE_S <= MAX_TOKEN_AGE_S
  );
}
