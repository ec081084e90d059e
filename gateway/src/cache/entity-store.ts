import { LRUCache } from 'lru-cache';
import type { KeptJson } from './kept-json.ts';

export interface StoredEntity {
  readonly service: string;
  readonly value: unknown;
}

export interface NewEntity extends KeptJson {
  service: string;
  maxAgeMs: number;
  /** What `now()` said before the answer was asked for. */
  askedAt: number;
}

/** Answers of subgraphs, each under the ids in it. */
export interface EntityStore {
  get(key: string): StoredEntity | undefined;
  /** Whether all of these would be answered now. */
  areFresh(entities: readonly StoredEntity[]): boolean;
  /** False when it is not kept: it is too large, or something it tells of has changed since it was asked for. */
  put(key: string, entity: NewEntity): boolean;
  /** Drops what a service said of any of these ids, and what stands under `UNNAMED`; null: all that it said. Resolves to how many. */
  invalidate(service: string, ids: Iterable<string> | null): number;
  /** The number of the newest invalidation. */
  now(): number;
  clear(): void;
  readonly entries: number;
  readonly bytes: number;
}

/** Among the ids of an answer that any event of its service may be about: a list that others may join, an entity that does not say which. */
export const UNNAMED = '*';

/** The map of ids, and what the cache itself keeps of an entry. */
const BYTES_PER_ENTRY = 400;
const BYTES_PER_ID = 150;
/** One answer may be so much of the whole. */
const LARGEST_SHARE = 1 / 16;
const MAX_IDS_PER_ENTRY = 500;
/** Ids whose last invalidation is remembered, for answers that are on their way; at most twice as many. */
const REMEMBERED_IDS = 10_000;

interface Entry extends StoredEntity {
  ids: ReadonlySet<string>;
  bytes: number;
  /** Milliseconds of the cache's clock. */
  until: number;
  isDropped: boolean;
}

/**
 * What has been invalidated in one service: by id, and by what is too long ago to be known by id. A feed names
 * thousands of ids a second: those of long ago are forgotten together, with the map that has them.
 */
interface Invalidations {
  recent: Map<string, number>;
  /** What was recent before that, and the number of the last of it. */
  earlier: Map<string, number>;
  earlierUntil: number;
  /** Whatever was asked for before this may be of any id. */
  before: number;
}

export function createEntityStore({
  maxBytes,
  now = () => performance.now(),
}: {
  maxBytes: number;
  now?(): number;
}): EntityStore {
  const keysOf = new Map<string, Map<string, Set<string>>>();
  const invalidations = new Map<string, Invalidations>();
  let sequence = 0;
  let clearedAt = 0;

  const forget = (entry: Entry, key: string): void => {
    entry.isDropped = true;
    const { service, ids } = entry;
    const byId = keysOf.get(service);
    for (const id of ids) {
      const keys = byId?.get(id);
      keys?.delete(key);
      if (keys?.size === 0) byId!.delete(id);
    }
  };
  const cache = new LRUCache<string, Entry>({
    maxSize: maxBytes,
    maxEntrySize: Math.floor(maxBytes * LARGEST_SHARE),
    sizeCalculation: ({ bytes, ids }, key) =>
      BYTES_PER_ENTRY + key.length * 2 + bytes + ids.size * (BYTES_PER_ID + key.length),
    dispose: forget,
    ttlResolution: 0,
    perf: { now },
  });

  const invalidationsOf = (service: string): Invalidations => {
    let known = invalidations.get(service);
    if (!known) {
      known = { recent: new Map(), earlier: new Map(), earlierUntil: 0, before: 0 };
      invalidations.set(service, known);
    }
    return known;
  };
  const isOutdated = ({ service, ids, askedAt }: NewEntity): boolean => {
    const known = invalidations.get(service);
    if (clearedAt > askedAt) return true;
    if (!known) return false;
    if (known.before > askedAt) return true;
    for (const id of ids) if ((known.recent.get(id) ?? known.earlier.get(id) ?? 0) > askedAt) return true;
    return false;
  };
  const remember = (known: Invalidations, id: string): void => {
    known.recent.set(id, sequence);
    if (known.recent.size < REMEMBERED_IDS) return;
    known.before = Math.max(known.before, known.earlierUntil);
    known.earlier = known.recent;
    known.earlierUntil = sequence;
    known.recent = new Map();
  };

  return {
    get: (key) => cache.get(key),
    areFresh(entities) {
      const at = now();
      // All of them are entries of this cache.
      return (entities as readonly Entry[]).every(({ until, isDropped }) => !isDropped && until > at);
    },
    put(key, entity) {
      const { service, value, ids, bytes, maxAgeMs } = entity;
      if (ids.size > MAX_IDS_PER_ENTRY || isOutdated(entity)) return false;
      cache.set(key, { service, value, ids, bytes, until: now() + maxAgeMs, isDropped: false }, { ttl: maxAgeMs });
      // What is too large for the cache has been refused, and an older answer under its key is gone.
      if (!cache.has(key)) return false;
      let byId = keysOf.get(service);
      if (!byId) keysOf.set(service, (byId = new Map()));
      for (const id of ids) {
        let keys = byId.get(id);
        if (!keys) byId.set(id, (keys = new Set()));
        keys.add(key);
      }
      return true;
    },
    invalidate(service, ids) {
      sequence += 1;
      const known = invalidationsOf(service);
      const byId = keysOf.get(service);
      const keys = new Set<string>();
      if (ids === null) {
        known.before = sequence;
        for (const [key, entry] of cache.entries()) if (entry.service === service) keys.add(key);
      } else {
        for (const id of new Set([...ids, UNNAMED])) {
          remember(known, id);
          for (const key of byId?.get(id) ?? []) keys.add(key);
        }
      }
      for (const key of keys) cache.delete(key);
      return keys.size;
    },
    now: () => sequence,
    clear() {
      clearedAt = sequence += 1;
      cache.clear();
      keysOf.clear();
    },
    get entries() {
      return cache.size;
    },
    get bytes() {
      return cache.calculatedSize;
    },
  };
}
