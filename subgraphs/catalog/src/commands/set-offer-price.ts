import assert from 'node:assert';
import { accept, type Money } from '@marketgraph/platform/core';
import { type Outcome, refuse } from '../domain/outcome.ts';
import { type OfferState, priceOffer } from '../domain/offer.ts';
import type { Actor } from '../domain/ownership.ts';
import { offerChanged } from '../events/out.ts';
import { findOffer, refreshSortPrices, saveOffer } from '../store/offers.ts';
import { findProduct } from '../store/products.ts';
import { checkSeller } from './check-seller.ts';
import { type CommandDeps, inCommand } from './command-deps.ts';

export async function setOfferPrice(
  deps: CommandDeps,
  { actor, id, price, expectedVersion }: { actor: Actor; id: string; price: Money; expectedVersion: number },
): Promise<Outcome<OfferState>> {
  // Looked up before the transaction, so that none stays open while accounts is asked. Whose offer it is never changes.
  const owned = await findOwnOffer(deps, actor, id);
  if (!owned.ok) return owned;
  const seller = await checkSeller(deps, owned.value.vendorId);
  if (!seller.ok) return seller;
  return inCommand<Outcome<OfferState>>(deps, actor, async ({ transaction: { session }, tell }) => {
    const offer = await findOffer(deps.store, id, session);
    assert(offer, 'offers are never deleted');
    const priced = priceOffer(offer, price, { expectedVersion, now: deps.clock.now() });
    if (!priced.ok || priced.value === offer) return priced;
    assert(await saveOffer(deps.store, priced.value, session), 'a transaction sees the version it read');
    await refreshSortPrices(deps.store, [offer.productId], session);
    tell(offerChanged(priced.value, offer));
    return priced;
  });
}

async function findOwnOffer(deps: CommandDeps, actor: Actor, id: string): Promise<Outcome<OfferState>> {
  const offer = await findOffer(deps.store, id);
  if (offer && actor.actsFor(offer.vendorId)) return accept(offer);
  const product = offer && (await findProduct(deps.store, offer.productId));
  return product?.status === 'PUBLISHED'
    ? refuse('FORBIDDEN', 'This offer belongs to another vendor.', ['id'])
    : refuse('NOT_FOUND', 'No such offer.', ['id']);
}
