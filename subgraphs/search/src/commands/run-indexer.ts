import type { CommandDeps } from './deps.ts';
import { flushProducts } from './flush-products.ts';
import { isSeeded, rebuildInProgress } from '../store/versions.ts';
import { prepareIndex } from './prepare-index.ts';
import { advanceRebuild } from './rebuild-index.ts';

/** One round of the indexer: what is live first, then a piece of a rebuild. A Redis that was emptied is filled again. */
export async function runIndexer(deps: CommandDeps): Promise<'idle' | 'busy'> {
  if (!(await deps.lease.hold())) return 'idle';
  const [seeded, rebuild] = await Promise.all([isSeeded(deps.redis), rebuildInProgress(deps.redis)]);
  if (!seeded && !rebuild) await prepareIndex(deps);
  const live = await deps.index.live();
  const written = live === null ? 0 : await flushProducts(deps, live);
  const advanced = await advanceRebuild(deps);
  return written > 0 || advanced ? 'busy' : 'idle';
}
