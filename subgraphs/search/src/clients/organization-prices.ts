import type { SubgraphClient } from '@marketgraph/platform/serve';
import type { Logger } from '@marketgraph/platform/telemetry';

export const PRICES = `query($representations: [_Any!]!, $organizationId: ID!) {
  _entities(representations: $representations) {
    ... on Offer { id priceFor(quantity: 1, organizationId: $organizationId) { unitPrice { amount currencyCode } } } } }`;
/** As many as the catalog is asked about in one go. */
const BATCH = 250;
/** As long as a search waits for inventory, which is asked at the same time. */
const TIMEOUT_MS = 800;

export type Prices = ReadonlyMap<string, { amount: number; currencyCode: string }>;

interface Answer {
  _entities: ({ id: string; priceFor: { unitPrice: { amount: number; currencyCode: string } } } | null)[];
}

/** What one of each costs an organization now; null when the catalog does not answer. */
export async function organizationPrices(
  { peers, log, requestId }: { peers: SubgraphClient; log: Logger; requestId: string },
  offers: readonly { id: string }[],
  organizationId: string,
): Promise<Prices | null> {
  const representations = offers.map(({ id }) => ({ __typename: 'Offer', id }));
  const batches = Array.from({ length: Math.ceil(offers.length / BATCH) }, (_, at) =>
    representations.slice(at * BATCH, (at + 1) * BATCH),
  );
  try {
    const answers = await Promise.all(
      batches.map((batch) =>
        peers.call<Answer>(
          'catalog',
          PRICES,
          { representations: batch, organizationId },
          { timeoutMs: TIMEOUT_MS, requestId },
        ),
      ),
    );
    const known = answers.flatMap(({ _entities }) => _entities.filter((offer) => offer !== null));
    return new Map(known.map(({ id, priceFor }) => [id, priceFor.unitPrice]));
  } catch (error) {
    log.warn({ err: error, requestId }, 'the catalog did not answer; offers are chosen by their own prices');
    return null;
  }
}
