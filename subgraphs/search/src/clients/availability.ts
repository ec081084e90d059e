import type { SubgraphClient } from '@marketgraph/platform/serve';
import type { Logger } from '@marketgraph/platform/telemetry';

export const AVAILABILITY = 'query($ids: [ID!]!) { availability(offerIds: $ids) { offer { id } available } }';
/** As many as inventory answers at a time. */
const BATCH = 100;
/** A search does not wait longer for the truth than this; the index's own word must do then. */
const TIMEOUT_MS = 800;

interface Answer {
  availability: { offer: { id: string }; available: number }[];
}

/** What can be bought now, from inventory itself. */
export async function availabilityOf(
  peers: SubgraphClient,
  offerIds: readonly string[],
  { timeoutMs = TIMEOUT_MS, requestId }: { timeoutMs?: number; requestId?: string } = {},
): Promise<Map<string, number>> {
  const batches = Array.from({ length: Math.ceil(offerIds.length / BATCH) }, (_, at) =>
    offerIds.slice(at * BATCH, (at + 1) * BATCH),
  );
  const answers = await Promise.all(
    batches.map((ids) => peers.call<Answer>('inventory', AVAILABILITY, { ids }, { timeoutMs, requestId })),
  );
  return new Map(answers.flatMap(({ availability }) => availability.map((row) => [row.offer.id, row.available])));
}

/** As `availabilityOf`, with null when inventory does not answer. */
export async function availabilityIfKnown(
  peers: SubgraphClient,
  offerIds: readonly string[],
  { log, requestId }: { log: Logger; requestId: string },
): Promise<Map<string, number> | null> {
  if (offerIds.length === 0) return new Map();
  try {
    return await availabilityOf(peers, offerIds, { requestId });
  } catch (error) {
    log.warn({ err: error, requestId }, 'inventory did not answer; availability is as indexed');
    return null;
  }
}
