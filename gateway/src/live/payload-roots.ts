import type { PayloadRoots } from '@marketgraph/federation-live';
import { type StockChanged, stockChanged } from '@marketgraph/schema/events/inventory';

/**
 * Streams whose events tell what their owner would answer to anyone, so that
 * it need not be asked with every event. Whether somebody may listen is asked
 * of the owner all the same, when a stream begins or is resumed.
 *
 * `priceChanged` is not among them: its owner shows an offer only as long as
 * its product is published, and no event of the offer says so.
 */
export const payloadRoots: PayloadRoots = {
  stockChanged({ envelope }, { cursor, occurredAt, kind }) {
    if (envelope.name !== stockChanged.name) return null;
    const { offerId, previousAvailable, available, reason } = envelope.payload as Partial<StockChanged>;
    // In which warehouse is told to the vendor alone: who selects it is answered by the owner.
    return {
      __typename: 'StockChangedEvent',
      cursor,
      occurredAt: new Date(occurredAt).toISOString(),
      kind,
      offer: { __typename: 'Offer', id: offerId },
      previousAvailable,
      available,
      reason,
    };
  },
};
