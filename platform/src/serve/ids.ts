import { monotonicFactory } from 'ulid';
import type { Ids } from '../core/core.ts';

/** Ids of a running process: ULIDs that grow within the process, also inside one millisecond. */
export function createIds(): Ids {
  const next = monotonicFactory();
  return { next: (prefix) => `${prefix}_${next()}` };
}
