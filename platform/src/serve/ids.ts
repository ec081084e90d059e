import { monotonicFactory } from 'ulid';
import type { Ids } from '../core/core.ts';

/** Ids of a running process: ULIDs that grow within the process, also inside one millisecond. */
export function createIds(): Ids {
  const next = monotonicFactory(randomFractions());
  return { next: (prefix) => `${prefix}_${next()}` };
}

/** Of 256 ids: asking the system for each byte costs more than everything else about an id. */
const POOL_BYTES = 16 * 256;

/** From 0 to less than 1, in steps of a byte; each byte of the system's generator is used once. */
function randomFractions(): () => number {
  const pool = new Uint8Array(POOL_BYTES);
  let at = POOL_BYTES;
  return () => {
    if (at === POOL_BYTES) {
      crypto.getRandomValues(pool);
      at = 0;
    }
    const byte = pool[at]!;
    at += 1;
    return byte / 256;
  };
}
