import type { Redis } from '@marketgraph/platform/redis';
import type { IndexVersion, SearchIndex } from '../clients/search-index.ts';
import { lagMs, lastEventAt } from '../store/index-status.ts';

/** The consumer group of search, and what it listens to. */
export const GROUP = 'search';
export const DOMAINS = ['accounts', 'catalog', 'inventory', 'orders', 'reviews'] as const;

export interface IndexStatus {
  liveVersion: string;
  versions: (IndexVersion & { isLive: boolean })[];
  lagMs: number;
  lastEventAt: Date | null;
}

export async function readStatus({ redis, index }: { redis: Redis; index: SearchIndex }): Promise<IndexStatus> {
  const [live, versions] = await Promise.all([index.live(), index.versions()]);
  const liveVersion = live ?? '';
  const [lag, last] = await Promise.all([
    lagMs(redis, { version: liveVersion, domains: DOMAINS, group: GROUP }),
    lastEventAt(redis),
  ]);
  return {
    liveVersion,
    versions: versions.map((version) => ({ ...version, isLive: version.version === live })),
    lagMs: lag,
    lastEventAt: last,
  };
}
