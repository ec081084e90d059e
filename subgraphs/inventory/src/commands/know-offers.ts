import { findOffers, type OfferRow, saveOffer } from '../store/offers.ts';
import type { CommandDeps } from './deps.ts';

/** The offers that exist. One whose event is still on its way is asked for once and kept. */
export async function knowOffers(
  { orm, offerSource }: Pick<CommandDeps, 'orm' | 'offerSource'>,
  offerIds: readonly string[],
): Promise<Map<string, OfferRow>> {
  const em = orm.em.fork();
  const known = new Map((await findOffers(em, offerIds)).map((offer) => [offer.offerId, offer]));
  const missing = [...new Set(offerIds)].filter((offerId) => !known.has(offerId));
  if (missing.length === 0) return known;
  for (const offer of await offerSource.find(missing)) {
    await saveOffer(em, offer);
    const [saved] = await findOffers(em, [offer.offerId]);
    if (saved) known.set(saved.offerId, saved);
  }
  return known;
}
