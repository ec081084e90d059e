import type { Clock } from '@marketgraph/platform/core';
import type { SubgraphClient } from '@marketgraph/platform/serve';
import { importJWK, type CryptoKey, type JSONWebKeySet } from 'jose';

export interface SigningKeys {
  /** The public key with this id, or undefined. Rejects only when no keys could ever be read. */
  find(kid: string): Promise<CryptoKey | undefined>;
}

/** An unknown key id makes us ask again, but so often at most: the id comes from outside. */
const REFRESH_AT_MOST_EVERY_MS = 10_000;
/** A key that accounts took back is forgotten after this long. */
const MAX_AGE_MS = 10 * 60_000;
const MAX_KEYS = 20;
const ALGORITHM = 'EdDSA';

/** The keys that accounts signs access tokens with; new ones are found by their first use. */
export function signingKeys(peers: SubgraphClient, clock: Clock): SigningKeys {
  let keys = new Map<string, CryptoKey>();
  let askedAt = Number.NEGATIVE_INFINITY;
  let readAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;

  const refresh = async (): Promise<void> => {
    askedAt = clock.now().getTime();
    const { signingKeys: set } = await peers.call<{ signingKeys: JSONWebKeySet }>('accounts', '{ signingKeys }');
    const fresh = new Map<string, CryptoKey>();
    for (const jwk of set.keys.slice(0, MAX_KEYS)) {
      if (jwk.kid && jwk.kty === 'OKP' && jwk.crv === 'Ed25519') {
        fresh.set(jwk.kid, (await importJWK(jwk, ALGORITHM)) as CryptoKey);
      }
    }
    keys = fresh;
    readAt = clock.now().getTime();
  };

  return {
    async find(kid) {
      const now = clock.now().getTime();
      const wanted = !keys.has(kid) || now - readAt > MAX_AGE_MS;
      if (asking || (wanted && now - askedAt >= REFRESH_AT_MOST_EVERY_MS)) {
        asking ??= refresh().finally(() => {
          asking = undefined;
        });
        // Accounts away: the keys known so far go on verifying.
        await asking.catch((error: unknown) => {
          if (keys.size === 0) {
            askedAt = Number.NEGATIVE_INFINITY;
            throw error;
          }
        });
      }
      return keys.get(kid);
    },
  };
}
