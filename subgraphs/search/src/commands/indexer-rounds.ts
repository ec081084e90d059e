import type { CommandDeps } from './deps.ts';
import { flushProducts } from './flush-products.ts';
import { countDirty } from '../store/source-model.ts';
import { isSeeded, rebuildInProgress } from '../store/versions.ts';
import { prepareIndex } from './prepare-index.ts';
import { advanceRebuild } from './rebuild-index.ts';

/** Which version is live is asked of the index when there is something for it, and this often when there is not. */
const LOOK_EVERY_MS = 2_000;
/** Fewer than in a rebuild: what a round holds until it is answered is gone before the collector has looked at it twice. */
const ROUND_BATCH = 100;
/** So many at once are a crowd: more of it is on its way, and costs less together. */
const CROWD = 20;
/** So long a crowd gathers before the next of it is written. Far below what anybody may wait for a change: 2 s. */
const GATHER_MS = 500;

/**
 * Rounds of the indexer: what is live first, then a piece of a rebuild. A Redis that was emptied is filled again.
 * Most rounds follow an event that changes no document: they are one look at Redis.
 */
export function indexerRounds(
  deps: CommandDeps,
  { nowMs = () => performance.now() }: { nowMs?(): number } = {},
): () => Promise<'idle' | 'busy' | number> {
  const { redis, index, lease } = deps;
  let last: { live: string; at: number } | undefined;
  let gathersUntil = Number.NEGATIVE_INFINITY;
  return async () => {
    const gathersMs = gathersUntil - nowMs();
    if (gathersMs > 0) return gathersMs;
    const [isHeld, seeded, rebuild, waiting] = await Promise.all([
      lease.hold(),
      isSeeded(redis),
      rebuildInProgress(redis),
      last && countDirty(redis, last.live),
    ]);
    if (!isHeld) return 'idle';
    const isLookedAt = last !== undefined && nowMs() - last.at < LOOK_EVERY_MS;
    if (seeded && !rebuild && waiting === 0 && isLookedAt) return 'idle';
    if (!seeded && !rebuild) await prepareIndex(deps);
    const live = await index.live();
    if (live !== null) last = { live, at: nowMs() };
    const written = live === null ? 0 : await flushProducts(deps, live, ROUND_BATCH);
    const advanced = await advanceRebuild(deps);
    // All there was, and it was many.
    if (!advanced && written >= CROWD && written < ROUND_BATCH) {
      gathersUntil = nowMs() + GATHER_MS;
      return GATHER_MS;
    }
    return written > 0 || advanced ? 'busy' : 'idle';
  };
}
