import { exportJWK, generateKeyPair, type CryptoKey, type JWK, SignJWT } from 'jose';

export interface TestSigner {
  publicJwk: JWK;
  privateKey: CryptoKey;
  /** A good access token, or one that is wrong in the named way. */
  token(claims?: TokenWishes): Promise<string>;
}

export interface TokenWishes {
  userId?: string;
  sessionId?: string;
  roles?: string[];
  lifetimeS?: number;
  issuer?: string;
  audience?: string;
  typ?: string;
  kid?: string;
  notBeforeS?: number;
  withoutExpiry?: boolean;
}

export async function testSigner(kid = 'key-1'): Promise<TestSigner> {
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { extractable: true });
  return {
    publicJwk: { ...(await exportJWK(publicKey)), kid, alg: 'EdDSA' },
    privateKey,
    token(wishes = {}) {
      const now = Math.floor(Date.now() / 1_000);
      const jwt = new SignJWT({
        sid: wishes.sessionId ?? 'ses_01J00000000000000000000001',
        roles: wishes.roles ?? ['BUYER'],
        mem: [],
        ...(wishes.notBeforeS === undefined ? {} : { nbf: now + wishes.notBeforeS }),
      })
        .setProtectedHeader({ alg: 'EdDSA', typ: wishes.typ ?? 'at+jwt', kid: wishes.kid ?? kid })
        .setIssuer(wishes.issuer ?? 'marketgraph-accounts')
        .setAudience(wishes.audience ?? 'marketgraph')
        .setSubject(wishes.userId ?? 'usr_01J00000000000000000000001')
        .setIssuedAt(now);
      if (!wishes.withoutExpiry) jwt.setExpirationTime(now + (wishes.lifetimeS ?? 900));
      return jwt.sign(privateKey);
    },
  };
}
