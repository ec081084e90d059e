import type { EventEnvelope, EventHandler, TogetherHandler } from '@marketgraph/platform/messaging';
import type { EntityManager } from '@marketgraph/platform/postgres';
import { type AllowanceSet, allowanceSet, offerChanged, type OfferChanged } from '@marketgraph/schema/events/catalog';
import type { CommandDeps } from '../commands/deps.ts';
import { setAllowance } from '../commands/set-allowance.ts';
import { saveOffers } from '../store/offers.ts';

/** What inventory needs to know of the catalog: which offers there are and whose, and what has how many uses. */
export function eventHandlers(deps: CommandDeps): Readonly<Record<string, EventHandler<EntityManager>>> {
  return {
    [offerChanged.name]: async (event, em) => {
      await saveOffers(em, [offerOf(event)]);
    },
    // In a transaction of its own, because the counter in front must learn of it after the commit. The event's
    // sequence makes a second time harmless, as the inbox does for effects in its transaction.
    [allowanceSet.name]: async ({ payload, sequence, trace }) => {
      const { allowanceId, units } = payload as AllowanceSet;
      await setAllowance(deps, { allowanceId, units, sequence, trace });
    },
  };
}

/** A vendor's feed brings offers by the thousand. */
export const togetherHandlers: Readonly<Record<string, TogetherHandler<EntityManager>>> = {
  [offerChanged.name]: (events, em) => saveOffers(em, events.map(offerOf)),
};

/** What an offer is called is told with a sequence, and one that was passed changes nothing: see `saveOffers`. */
export const repeatable: readonly string[] = [offerChanged.name];

function offerOf({ payload, sequence }: EventEnvelope) {
  const { offerId, vendorId, sku, variantId } = payload as OfferChanged;
  return { offerId, vendorId, sku, variantId, sequence };
}
