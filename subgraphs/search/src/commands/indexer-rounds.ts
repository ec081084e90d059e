import type { CommandDeps } from './deps.ts';
import { flushProducts } from './flush-products.ts';
import { countDirty } from '../store/source-model.ts';
import { isSeeded, rebuildInProgress } from '../store/versions.ts';
import { prepareIndex } from './prepare-index.ts';
import { advanceRebuild } from './rebuild-index.ts';

/** Which version is live is asked of the index when there is something for it, and this often when there is not. */
const LOOK_EVERY_MS = 2_000;

/**
 * Rounds of the indexer: what is live first, then a piece of a rebuild. A Redis that was emptied is filled again.
 * Most rounds follow an event that changes no document: they are one look at Redis.
 */
export function indexerRounds(deps: CommandDeps): () => Promise<'idle' | 'busy'> {
  const { redis, index, lease } = deps;
  let last: { live: string; at: number } | undefined;
  return async () => {
    const [isHeld, seeded, rebuild, waiting] = await Promise.all([
      lease.hold(),
      isSeeded(redis),
      rebuildInProgress(redis),
      last && countDirty(redis, last.live),
    ]);
    if (!isHeld) return 'idle';
    const isLookedAt = last !== undefined && performance.now() - last.at < LOOK_EVERY_MS;
    if (seeded && !rebuild && waiting === 0 && isLookedAt) return 'idle';
    if (!seeded && !rebuild) await prepareIndex(deps);
    const live = await index.live();
    if (live !== null) last = { live, at: performance.now() };
    const written = live === null ? 0 : await flushProducts(deps, live);
    const advanced = await advanceRebuild(deps);
    return written > 0 || advanced ? 'busy' : 'idle';
  };
}
