import { exportJWK, generateKeyPair, importJWK, type JSONWebKeySet, type JWK, jwtVerify, SignJWT } from 'jose';
import { LRUCache } from 'lru-cache';
import { isActing, type Viewer } from '../graphql/viewer.ts';

/** How long a token between services lives; a captured one is worthless within a minute. */
const LIFETIME_S = 60;
/** A token is used again for the same viewer until this long before its end. */
const REUSE_MARGIN_S = 30;
const CACHE_SIZE = 5_000;
const ALGORITHM = 'EdDSA';

/** Mints short-lived tokens `issuer → audience` that carry the viewer. */
export interface InternalTokenSigner {
  readonly issuer: string;
  tokenFor(audience: string, viewer: Viewer): Promise<string>;
}

/** Resolves to the viewer a token carries, or null when the token is not one of ours, for us, and fresh. */
export type InternalTokenVerifier = (token: string) => Promise<Viewer | null>;

export async function internalTokenSigner(privateJwk: JWK): Promise<InternalTokenSigner> {
  const key = await importJWK(privateJwk, ALGORITHM);
  const issuer = privateJwk.kid;
  if (!issuer) throw new TypeError('The signing key needs a kid: the name of the service it belongs to.');
  const tokens = new LRUCache<string, Promise<string>>({ max: CACHE_SIZE, ttl: (LIFETIME_S - REUSE_MARGIN_S) * 1_000 });
  return {
    issuer,
    tokenFor(audience, viewer) {
      const cacheKey = `${audience}\n${nameOf(viewer)}`;
      let token = tokens.get(cacheKey);
      if (!token) {
        token = new SignJWT({ viewer })
          .setProtectedHeader({ alg: ALGORITHM, kid: issuer, typ: 'internal+jwt' })
          .setIssuer(issuer)
          .setAudience(audience)
          .setIssuedAt()
          .setExpirationTime(`${LIFETIME_S}s`)
          .sign(key);
        tokens.set(cacheKey, token);
      }
      return token;
    },
  };
}

/** A viewer makes several calls; what it is called in the cache is written once. */
const names = new WeakMap<Viewer, string>();

function nameOf(viewer: Viewer): string {
  let name = names.get(viewer);
  if (name === undefined) names.set(viewer, (name = JSON.stringify(viewer)));
  return name;
}

/**
 * A service may speak for itself only: a token whose viewer is the service X
 * must be signed by X's key. Viewers of other kinds come from the gateway, or
 * from a service that was handed one and passes it on.
 */
export async function internalTokenVerifier(audience: string, trusted: JSONWebKeySet): Promise<InternalTokenVerifier> {
  const keys = new Map<string, Awaited<ReturnType<typeof importJWK>>>();
  for (const jwk of trusted.keys) if (jwk.kid) keys.set(jwk.kid, await importJWK(jwk, ALGORITHM));
  // A caller uses a token for many calls. Of those that were found good the signature is not looked at again;
  // what is forgotten or wrong is, every time.
  const good = new LRUCache<string, { viewer: Viewer; until: number }>({ max: CACHE_SIZE });
  return async (token) => {
    const known = good.get(token);
    if (known && Date.now() < known.until) return known.viewer;
    try {
      const { payload, protectedHeader } = await jwtVerify(
        token,
        ({ kid }) => {
          const key = keys.get(kid ?? '');
          if (!key) throw new Error('unknown key');
          return key;
        },
        { audience, algorithms: [ALGORITHM], typ: 'internal+jwt', maxTokenAge: `${LIFETIME_S}s`, clockTolerance: 5 },
      );
      const viewer = payload['viewer'] as Viewer;
      if (payload.iss !== protectedHeader.kid) return null;
      if (viewer.kind === 'service' && viewer.service !== payload.iss) return null;
      good.set(token, { viewer: frozen(viewer), until: (payload.exp ?? 0) * 1_000 });
      return viewer;
    } catch {
      return null;
    }
  };
}

/** All calls of one token get the same viewer; none of them can change it. */
function frozen(viewer: Viewer): Viewer {
  if (isActing(viewer)) {
    Object.freeze(viewer.roles);
    if (viewer.kind === 'apiKey') Object.freeze(viewer.scopes);
    for (const membership of viewer.memberships) Object.freeze(membership);
    Object.freeze(viewer.memberships);
  }
  return Object.freeze(viewer);
}

/** A fresh key pair for one service: the private half for it, the public half for everybody's trusted set. */
export async function generateServiceKey(service: string): Promise<{ privateJwk: JWK; publicJwk: JWK }> {
  const { privateKey, publicKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  return {
    privateJwk: { ...(await exportJWK(privateKey)), kid: service, alg: ALGORITHM },
    publicJwk: { ...(await exportJWK(publicKey)), kid: service, alg: ALGORITHM },
  };
}
