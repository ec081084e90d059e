import type { SubgraphClient } from '@marketgraph/platform/serve';
import type { Logger } from '@marketgraph/platform/telemetry';
import DataLoader from 'dataloader';

export const PUBLISHED = 'query($ids: [ID!]!) { publishedProductIds(ids: $ids) }';
/** As many as the catalog answers at a time. */
const BATCH = 500;
/** As long as a search waits for inventory, which is asked at the same time. */
const TIMEOUT_MS = 800;

/** Those of the products that everybody may see now; all of them when the catalog does not answer. */
export type ShownProducts = (productIds: readonly string[]) => Promise<ReadonlySet<string>>;

/**
 * What the catalog shows, asked for one operation: whatever its fields want to
 * know at the same time is one call, no product is asked about twice, and a
 * catalog that did not answer is not waited for again. The index learns of a
 * takedown later than the catalog, and a reference that the catalog does not
 * resolve would take the whole list with it.
 */
export function shownProducts(
  peers: SubgraphClient,
  { log, requestId }: { log: Logger; requestId: string },
): ShownProducts {
  let isAnswering = true;
  const loader = new DataLoader<string, boolean>(
    async (ids) => {
      if (!isAnswering) return ids.map(() => true);
      try {
        const { publishedProductIds } = await peers.call<{ publishedProductIds: string[] }>(
          'catalog',
          PUBLISHED,
          { ids },
          { timeoutMs: TIMEOUT_MS, requestId },
        );
        const published = new Set(publishedProductIds);
        return ids.map((id) => published.has(id));
      } catch (error) {
        isAnswering = false;
        log.warn({ err: error, requestId }, 'the catalog did not answer; products are shown as indexed');
        return ids.map(() => true);
      }
    },
    { maxBatchSize: BATCH },
  );
  return async (ids) => {
    const answers = await Promise.all(ids.map((id) => loader.load(id)));
    return new Set(ids.filter((_, at) => answers[at]));
  };
}

/** Without what is not shown, in their order; one question for all of them. */
export async function onlyShown<T>(shown: ShownProducts, items: readonly T[], idOf: (item: T) => string): Promise<T[]> {
  const ids = await shown(items.map(idOf));
  return items.filter((item) => ids.has(idOf(item)));
}
