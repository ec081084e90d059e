import type { StoreAccess } from '../checkout/checkout-stage.ts';
import type { Read } from './reads.ts';

/** What the process that asks the stores directly is asked, and what it answers. */
export interface StoreReadLoad {
  access: Pick<StoreAccess, 'mongodb' | 'typesense' | 'postgres'>;
  read: Read['name'];
  inputs: readonly string[];
  /** Ends at whichever comes first. */
  durationMs: number;
  maxReads?: number;
}

export interface StoreReadResult {
  reads: number;
  seconds: number;
  p50Ms: number;
  p99Ms: number;
}
