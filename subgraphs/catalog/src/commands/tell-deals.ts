import assert from 'node:assert';
import type { Clock } from '@marketgraph/platform/core';
import type { NewEvent } from '@marketgraph/platform/messaging';
import { type DealState, tellDeal } from '../domain/deal.ts';
import { dealChanged } from '../events/out.ts';
import type { CatalogStore, Session } from '../store/catalog-store.ts';
import { dueDeals, findDeals, saveDeal } from '../store/deals.ts';
import { type CommandDeps, inCommand } from './command-deps.ts';

/** Of one look; the next follows at once when there were so many. */
const BATCH = 50;

/**
 * Tells of deals that the clock has begun or ended. Prices do not wait for
 * this: it is for who watches. Each change is told once, because what was told
 * is saved with the event.
 */
export async function tellDueDeals(deps: CommandDeps): Promise<'idle' | 'busy'> {
  const due = await dueDeals(deps.store, deps.clock.now(), BATCH);
  for (const id of due) {
    await inCommand(deps, {}, async ({ transaction: { session }, tell }) => {
      const [deal] = await findDeals(deps.store, [id], session);
      if (deal) await tellIfChanged(deps, { deal, session, tell });
    });
  }
  return due.length === BATCH ? 'busy' : 'idle';
}

export async function tellIfChanged(
  { store, clock }: { store: CatalogStore; clock: Clock },
  { deal, session, tell }: { deal: DealState; session: Session; tell(event: NewEvent): void },
): Promise<void> {
  const now = clock.now();
  const told = tellDeal(deal, now);
  if (!told) return;
  assert(await saveDeal(store, told, now, session), 'a transaction sees the version it read');
  tell(dealChanged(told));
}
