import { graphqlError } from '@marketgraph/platform/graphql';
import { LRUCache } from 'lru-cache';
import { RequestError } from '../limits/request-error.ts';
import { sha256 } from './manifest.ts';
import type { OperationList } from './operation-list.ts';

/**
 * `apq`: any operation, by its hash too once somebody has sent its text.
 * `allow-list`: only the operations of our own clients. `off`: texts only.
 */
export const persistedModes = ['apq', 'allow-list', 'off'] as const;
export type PersistedMode = (typeof persistedModes)[number];

/** What a request says about its document: the text, the hash, or both. */
export interface DocumentName {
  query?: string | undefined;
  operationName?: string | null | undefined;
  /** Of `extensions.persistedQuery`. */
  sha256Hash?: string | undefined;
}

/** From what a request says to the text that is meant, before any of it is parsed. */
export interface PersistedOperations {
  /** Throws a `RequestError` when there is no such text, or when it may not be asked for. */
  textOf(name: DocumentName): string;
  /** The text has passed every limit: from now on its hash is enough. */
  keep(name: DocumentName): void;
  counts(): { entries: number; bytes: number };
}

const MAX_ENTRIES = 5_000;
const MAX_BYTES = 16 * 1024 * 1024;
/** Longer texts can be sent, only not by hash. */
const MAX_ENTRY_BYTES = 128 * 1024;

/** Not to be kept by anybody on the way: the next answer to the same hash is another. */
const UNCACHED = { 'cache-control': 'private, no-cache, must-revalidate' };

export function persistedOperations(mode: PersistedMode, list: OperationList): PersistedOperations {
  const registered = new LRUCache<string, string>({
    max: MAX_ENTRIES,
    maxSize: MAX_BYTES,
    maxEntrySize: MAX_ENTRY_BYTES,
    sizeCalculation: (text) => Buffer.byteLength(text) + 64,
  });

  const textOfHash = (hash: string): string => {
    if (mode === 'off') throw notSupported();
    const text = list.byHash(hash) ?? (mode === 'apq' ? registered.get(hash) : undefined);
    if (text !== undefined) return text;
    throw mode === 'apq' ? notFound() : notListed();
  };

  return {
    textOf({ query, operationName, sha256Hash }) {
      if (query === undefined || query === '') {
        if (sha256Hash === undefined) throw badRequest('"query" is a string with the document.');
        return textOfHash(sha256Hash);
      }
      if (mode === 'off') return query;
      if (sha256Hash !== undefined && registered.get(sha256Hash) !== query && sha256(query) !== sha256Hash) {
        throw badRequest('The hash is not the SHA-256 of the query.');
      }
      if (mode === 'apq') return query;
      const listed = list.textOf(query, operationName);
      if (listed === undefined) throw notListed();
      return listed;
    },

    keep({ query, sha256Hash }) {
      if (mode !== 'apq' || sha256Hash === undefined || !query || list.byHash(sha256Hash) !== undefined) return;
      registered.set(sha256Hash, query);
    },

    counts: () => ({ entries: registered.size, bytes: registered.calculatedSize }),
  };
}

const badRequest = (message: string) => new RequestError([graphqlError('BAD_REQUEST', message)]);

/** The protocol's own words; clients that know it send the text next. That is no failure, hence 200. */
const notFound = () =>
  new RequestError([graphqlError('PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound')], 200, UNCACHED);

const notSupported = () =>
  new RequestError([graphqlError('PERSISTED_QUERY_NOT_SUPPORTED', 'PersistedQueryNotSupported')], 200, UNCACHED);

const notListed = () =>
  new RequestError([graphqlError('OPERATION_NOT_LISTED', 'Only operations of the published list are run here.')]);
