import { numberOf } from '../clients/search-index.ts';
import { allProducts, markDirty } from '../store/source-model.ts';
import { isSeeded, trackVersion } from '../store/versions.ts';
import type { CommandDeps } from './deps.ts';
import { startRebuild, startSeeding } from './rebuild-index.ts';

/**
 * Sees to it that there is a live version and a read model behind it, whichever
 * of the two stores has lost its data: an index is filled again from the read
 * model, a read model from the sources. A version with the fields of older code
 * answers until one with those of this code is complete.
 */
export async function prepareIndex(deps: CommandDeps): Promise<void> {
  const { redis, index, defaultCurrency } = deps;
  let live = await index.live();
  if (live === null) {
    const highest = Math.max(0, ...(await index.versions()).map(({ version }) => numberOf(version)));
    live = `products_v${highest + 1}`;
    await index.create(live, [defaultCurrency]);
    await trackVersion(redis, live);
    for await (const ids of allProducts(redis)) await markDirty(redis, live, ids);
    await index.goLive(live);
  }
  await trackVersion(redis, live);
  if (!(await isSeeded(redis))) await startSeeding(deps, live);
  else if (!(await index.isCurrent(live))) await startRebuild(deps, 'the fields of the index have changed');
}
