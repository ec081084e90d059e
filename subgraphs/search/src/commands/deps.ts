import type { Clock } from '@marketgraph/platform/core';
import type { Redis } from '@marketgraph/platform/redis';
import type { SubgraphClient } from '@marketgraph/platform/serve';
import type { Logger } from '@marketgraph/platform/telemetry';
import type { SearchIndex } from '../clients/search-index.ts';
import type { Lease } from '../store/lease.ts';
import type { QueryCount } from './count-query.ts';

export interface CommandDeps {
  redis: Redis;
  index: SearchIndex;
  peers: SubgraphClient;
  clock: Clock;
  log: Logger;
  lease: Lease;
  asked: QueryCount;
  defaultCurrency: string;
  /** Something is waiting to be indexed. */
  nudge(): void;
}
