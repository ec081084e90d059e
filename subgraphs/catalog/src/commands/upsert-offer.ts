import assert from 'node:assert';
import { type Outcome, refuse } from '../domain/outcome.ts';
import { listOffer, type OfferState, type OfferTerms } from '../domain/offer.ts';
import { type Actor, checkActsFor } from '../domain/ownership.ts';
import { offerChanged } from '../events/out.ts';
import { findOffersBySku, insertOffer, refreshSortPrices, saveOffer, toOfferState } from '../store/offers.ts';
import { findProductsByVariant } from '../store/products.ts';
import { checkSeller } from './check-seller.ts';
import { type CommandDeps, inCommand } from './command-deps.ts';

/**
 * Lists a variant under the vendor's sku, or changes that listing. Fifty at
 * once make one offer: the unique index (vendor, sku) lets one insert through,
 * the others run again and find it.
 */
export async function upsertOffer(
  deps: CommandDeps,
  { actor, terms }: { actor: Actor; terms: OfferTerms },
): Promise<Outcome<OfferState>> {
  const acts = checkActsFor(actor, terms.vendorId);
  if (!acts.ok) return acts;
  const seller = await checkSeller(deps, terms.vendorId);
  if (!seller.ok) return seller;
  return inCommand<Outcome<OfferState>>(deps, actor, async ({ transaction: { session }, tell }) => {
    const [product] = await findProductsByVariant(deps.store, [terms.variantId], session);
    // Anybody may sell what is published; on a draft only its own vendor can know of.
    const mayList = product && (product.status === 'PUBLISHED' || product.submittedBy === terms.vendorId);
    if (!mayList) return refuse('NOT_FOUND', 'No such variant.', ['variantId']);
    if (product.status === 'ARCHIVED') return refuse('ILLEGAL_TRANSITION', 'This product is archived.', ['variantId']);

    const [known] = await findOffersBySku(deps.store, terms.vendorId, [terms.sku], session);
    const existing = known ? toOfferState(known) : null;
    const facts = { id: deps.ids.next('off'), productId: product.id, now: deps.clock.now() };
    const offer = listOffer(existing, terms, facts);
    if (!offer.ok || offer.value === existing) return offer;
    if (existing) assert(await saveOffer(deps.store, offer.value, session), 'a transaction sees the version it read');
    else await insertOffer(deps.store, offer.value, session);
    await refreshSortPrices(deps.store, [product.id], session);
    tell(offerChanged(offer.value, existing));
    return offer;
  });
}
