import { accept } from '@marketgraph/platform/core';
import { type DealState, type DealTerms, sameDeal, scheduleDeal, slotsAllowed } from '../domain/deal.ts';
import { type Outcome, refuse } from '../domain/outcome.ts';
import type { OfferState } from '../domain/offer.ts';
import type { Actor } from '../domain/ownership.ts';
import { allowanceSet, dealChanged } from '../events/out.ts';
import { dealsAhead, insertDeal } from '../store/deals.ts';
import { findOffer } from '../store/offers.ts';
import { findProduct } from '../store/products.ts';
import { checkSeller } from './check-seller.ts';
import { type CommandDeps, inCommand } from './command-deps.ts';

/**
 * Announces a deal of an offer. Its slots become an allowance that inventory
 * counts. The same terms again are the same deal; of two that overlap one is refused.
 */
export async function scheduleLightningDeal(
  deps: CommandDeps,
  { actor, terms }: { actor: Actor; terms: DealTerms },
): Promise<Outcome<DealState>> {
  const owned = await ownOffer(deps, actor, terms.offerId);
  if (!owned.ok) return owned;
  const seller = await checkSeller(deps, owned.value.vendorId);
  if (!seller.ok) return seller;
  return inCommand<Outcome<DealState>>(deps, actor, async ({ transaction: { session }, tell }) => {
    const now = deps.clock.now();
    const offer = (await findOffer(deps.store, terms.offerId, session)) ?? owned.value;
    const others = await dealsAhead(deps.store, { offerId: offer.id, now }, session);
    const same = sameDeal(terms, others);
    if (same) return accept(same);
    const deal = scheduleDeal(terms, { id: deps.ids.next('dea'), offer, others, now });
    if (!deal.ok) return deal;
    await insertDeal(deps.store, deal.value, now, session);
    tell(allowanceOf(deal.value), dealChanged(deal.value));
    return deal;
  });
}

export function allowanceOf(deal: DealState) {
  const { id: allowanceId, vendorId, version } = deal;
  return allowanceSet({ allowanceId, kind: 'DEAL', units: slotsAllowed(deal), vendorId }, version);
}

async function ownOffer(deps: CommandDeps, actor: Actor, id: string): Promise<Outcome<OfferState>> {
  const offer = await findOffer(deps.store, id);
  if (offer && actor.actsFor(offer.vendorId)) return accept(offer);
  const product = offer && (await findProduct(deps.store, offer.productId));
  return product?.status === 'PUBLISHED'
    ? refuse('FORBIDDEN', 'This offer belongs to another vendor.', ['offerId'])
    : refuse('NOT_FOUND', 'No such offer.', ['offerId']);
}
