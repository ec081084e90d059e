import type { Viewer } from '@marketgraph/platform/graphql';
import { LRUCache } from 'lru-cache';
import type { GraphContext } from '../query/graph-context.ts';

/** Subgraphs, and those whose mutations change nothing public of them. */
export type Unaffected = Readonly<Record<string, readonly string[]>>;

/**
 * Of what buyers can do: an order takes units, which inventory tells, and leaves texts, offers, vendors and ratings as
 * they are. What the catalog shows of stock follows by an event of its own, and asking it at once would not be sooner.
 */
export const unaffectedSubgraphs: Unaffected = {
  accounts: ['orders', 'payments'],
  catalog: ['orders', 'payments'],
  reviews: ['orders', 'payments'],
};

/** Who has changed something reads past the cache until its event is sure to have come. */
const OWN_CHANGES_MS = 2_000;
const REMEMBERED = 10_000;

export interface OwnChanges {
  /** Whether a change of this request, or a recent one of its viewer, may be about what this subgraph says; or any. */
  concern(context: GraphContext, service?: string): boolean;
  note(viewer: Viewer, service: string): void;
}

export function createOwnChanges(unaffected: Unaffected = {}): OwnChanges {
  const recent = new LRUCache<string, true>({ max: REMEMBERED, ttl: OWN_CHANGES_MS });
  /** Subgraphs that were changed by anybody so far. */
  const changing = new Set<string>();
  const keyOf = (userId: string, service: string) => `${userId} ${service}`;

  return {
    concern({ viewer, cacheUse }, service) {
      const harmless = service === undefined ? [] : (unaffected[service] ?? []);
      for (const by of cacheUse?.changed ?? []) if (!harmless.includes(by)) return true;
      if (viewer.kind !== 'user') return false;
      for (const by of changing) if (!harmless.includes(by) && recent.has(keyOf(viewer.userId, by))) return true;
      return false;
    },
    note(viewer, service) {
      if (viewer.kind !== 'user') return;
      changing.add(service);
      recent.set(keyOf(viewer.userId, service), true);
    },
  };
}
