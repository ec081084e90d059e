import type { SubgraphAnswer, SubgraphFetch } from '../query/fetch.ts';
import type { GraphContext } from '../query/graph-context.ts';
import type { StoredEntity } from './entity-store.ts';

/** A fetch that is not kept, and what became of it. */
export interface AskedFetch {
  service: string;
  request: SubgraphFetch;
  answer: SubgraphAnswer;
}

/** What the entity cache did for one request. */
export interface CacheUse {
  hit: number;
  miss: number;
  /** Fetches whose answers are not kept. */
  bypass: number;
  /** Subgraphs in which the request has changed something: what may look different for it is read anew. */
  changed: Set<string>;
  /** What was answered from the cache. */
  entities: StoredEntity[];
  /** What was asked because it is not kept. */
  asked: AskedFetch[];
}

/** `hit`: no subgraph was asked. `partial`: some were. `bypass`: nothing of the operation is kept. */
export type CacheOutcome = 'hit' | 'partial' | 'miss' | 'bypass';

/** From here on the cache notes what it does for the request of this context. */
export function noteCacheUse(context: GraphContext): GraphContext {
  context.cacheUse = { hit: 0, miss: 0, bypass: 0, changed: new Set(), entities: [], asked: [] };
  return context;
}

export function cacheOutcome({ cacheUse }: GraphContext): CacheOutcome {
  if (!cacheUse || cacheUse.hit + cacheUse.miss === 0) return 'bypass';
  if (cacheUse.hit === 0) return 'miss';
  return cacheUse.miss + cacheUse.bypass === 0 ? 'hit' : 'partial';
}
