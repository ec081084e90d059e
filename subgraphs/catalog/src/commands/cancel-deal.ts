import assert from 'node:assert';
import { cancelDeal, type DealState } from '../domain/deal.ts';
import { type Outcome, refuse } from '../domain/outcome.ts';
import type { Actor } from '../domain/ownership.ts';
import { dealChanged } from '../events/out.ts';
import { findDeals, saveDeal } from '../store/deals.ts';
import { type CommandDeps, inCommand } from './command-deps.ts';
import { allowanceOf } from './schedule-deal.ts';

/** Calls a deal off: base price from now on, no slot for anybody else. Twice is once. */
export async function cancelLightningDeal(
  deps: CommandDeps,
  { actor, id }: { actor: Actor; id: string },
): Promise<Outcome<DealState>> {
  return inCommand<Outcome<DealState>>(deps, actor, async ({ transaction: { session }, tell }) => {
    const [deal] = await findDeals(deps.store, [id], session);
    // Whose deals there are everybody sees in the shop; still, another's is as unknown here as one that never was.
    if (!deal || !actor.actsFor(deal.vendorId)) return refuse('NOT_FOUND', 'No such deal.', ['id']);
    const now = deps.clock.now();
    const canceled = cancelDeal(deal, now);
    if (!canceled.ok || canceled.value === deal) return canceled;
    assert(await saveDeal(deps.store, canceled.value, now, session), 'a transaction sees the version it read');
    tell(allowanceOf(canceled.value), dealChanged(canceled.value));
    return canceled;
  });
}
