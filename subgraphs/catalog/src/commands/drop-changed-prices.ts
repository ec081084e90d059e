import { listsToDrop, markDropped } from '../store/price-lists.ts';
import type { CommandDeps } from './command-deps.ts';

/** Of one look; the next follows at once when there were so many. */
const BATCH = 20;

/**
 * Drops what is kept of the offers in lists that were changed. Whoever changes
 * one does so before answering; this is for changes whose process died behind
 * the commit, or could not reach the cache.
 */
export async function dropChangedPrices(
  deps: Pick<CommandDeps, 'store' | 'prices' | 'clock'>,
): Promise<'idle' | 'busy'> {
  const lists = await listsToDrop(deps.store, deps.clock.now(), BATCH);
  for (const list of lists) await dropPricesOf(deps, list);
  return lists.length === BATCH ? 'busy' : 'idle';
}

export async function dropPricesOf(
  { store, prices }: Pick<CommandDeps, 'store' | 'prices'>,
  list: { id: string; version: number; staleOffers: readonly string[] },
): Promise<void> {
  await prices.drop(list.staleOffers);
  await markDropped(store, list);
}
