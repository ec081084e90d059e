import type { CommandDeps } from './deps.ts';
import { flushProducts } from './flush-products.ts';
import { advanceRebuild } from './rebuild-index.ts';

/** One round of the indexer: what is live first, then a piece of a rebuild. */
export async function runIndexer(deps: CommandDeps): Promise<'idle' | 'busy'> {
  if (!(await deps.lease.hold())) return 'idle';
  const live = await deps.index.live();
  const written = live === null ? 0 : await flushProducts(deps, live);
  const advanced = await advanceRebuild(deps);
  return written > 0 || advanced ? 'busy' : 'idle';
}
