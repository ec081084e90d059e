import { type Clock, singleFlight } from '@marketgraph/platform/core';
import type { ApiKeyViewer } from '@marketgraph/platform/graphql';
import type { SubgraphClient } from '@marketgraph/platform/serve';
import type { Logger } from '@marketgraph/platform/telemetry';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { KeyGuesses } from './key-guesses.ts';

export interface ApiKey {
  viewer: ApiKeyViewer;
  /** Null: when it is revoked. */
  expiresAt: Date | null;
}

export interface ApiKeys {
  /**
   * The key with this hash as it is now; null when there is none, or none any more. With the address of who shows it, wrong
   * ones are counted. Rejects when nobody knows, and with a `RequestError` when the address has shown too many wrong ones.
   */
  find(hash: string, address?: string): Promise<ApiKey | null>;
  /** Asks accounts the next time. */
  forget(keyId: string): void;
}

/** What is asked of accounts again at the latest; revoked keys are known sooner, by their mark and by the event. */
const FRESH_MS = 30_000;
/** Accounts away: a key that was good goes on for as long as the word of an access token stands. */
const STALE_MS = 15 * 60_000;
const CACHE_SIZE = 10_000;
const TIMEOUT_MS = 1_000;
const QUERY = 'query($secretHash: String!) { apiKeyPrincipal(secretHash: $secretHash) }';

const answerSchema = z
  .object({
    keyId: z.string(),
    scopes: z.array(z.string()),
    roles: z.array(z.string()),
    memberships: z.array(z.object({ of: z.string(), role: z.string() })),
    expiresAt: z.iso.datetime().nullable(),
  })
  .nullable();

export function apiKeys(parts: { peers: SubgraphClient; guesses: KeyGuesses; clock: Clock; log: Logger }): ApiKeys {
  const { peers, guesses, clock, log } = parts;
  const known = new LRUCache<string, { key: ApiKey; readAt: number }>({ max: CACHE_SIZE });
  const hashes = new LRUCache<string, string>({ max: CACHE_SIZE });
  /** Many requests of one machine at a time are one question. */
  const asking = singleFlight<ApiKey | null>();
  const nowMs = () => clock.now().getTime();

  const ask = async (hash: string): Promise<ApiKey | null> => {
    const readAt = nowMs();
    const answer = await peers.call<{ apiKeyPrincipal: unknown }>(
      'accounts',
      QUERY,
      { secretHash: hash },
      { timeoutMs: TIMEOUT_MS },
    );
    const found = answerSchema.parse(answer.apiKeyPrincipal);
    if (!found) {
      known.delete(hash);
      return null;
    }
    const { expiresAt, ...principal } = found;
    const key: ApiKey = {
      viewer: { kind: 'apiKey', ...principal },
      expiresAt: expiresAt === null ? null : new Date(expiresAt),
    };
    known.set(hash, { key, readAt });
    hashes.set(principal.keyId, hash);
    return key;
  };

  const read = async (hash: string, address: string | undefined): Promise<ApiKey | null> => {
    const kept = known.get(hash);
    const ageMs = kept ? nowMs() - kept.readAt : Number.POSITIVE_INFINITY;
    if (kept && ageMs < FRESH_MS) return kept.key;
    // Who has shown a good key before is not held up by others behind the same address who have not.
    if (!kept && address !== undefined) await guesses.admit(address);
    try {
      const key = await asking(hash, () => ask(hash));
      if (!key && address !== undefined) await guesses.wrong(address);
      return key;
    } catch (error) {
      if (!kept || ageMs > STALE_MS) throw error;
      log.warn({ err: error, keyId: kept.key.viewer.keyId }, 'an API key could not be looked up; it was good');
      return kept.key;
    }
  };

  return {
    async find(hash, address) {
      const key = await read(hash, address);
      return key && (key.expiresAt === null || key.expiresAt.getTime() > nowMs()) ? key : null;
    },
    forget(keyId) {
      const hash = hashes.get(keyId);
      if (hash !== undefined) known.delete(hash);
    },
  };
}
