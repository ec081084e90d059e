import type { Redis } from '@marketgraph/platform/redis';
import type { SubgraphClient } from '@marketgraph/platform/serve';
import { isDeepStrictEqual } from 'node:util';
import {
  type SourceProduct,
  sourcePage,
  sourceRatings,
  sourceStock,
  sourceVendors,
} from '../clients/product-source.ts';
import type { SearchIndex } from '../clients/search-index.ts';
import { type ProductDocument, toDocument } from '../domain/product-document.ts';
import { loadProducts } from '../store/source-model.ts';

export interface IndexDifference {
  productId: string;
  /** MISSING from the index, in it but for sale no more (EXTRA), or DIFFERENT in these fields. */
  kind: 'MISSING' | 'EXTRA' | 'DIFFERENT';
  fields: string[];
}

/**
 * Compares the live index with what its sources say now, document by document;
 * empty means that every change has arrived. Only meaningful while nothing changes.
 */
export async function diffIndex(deps: {
  redis: Redis;
  index: SearchIndex;
  peers: SubgraphClient;
}): Promise<IndexDifference[]> {
  const { index, peers } = deps;
  const live = await index.live();
  const indexed = new Map((live === null ? [] : await index.export(live)).map((document) => [document.id, document]));
  const differences: IndexDifference[] = [];
  let after: string | null = null;
  do {
    const { products, next } = await sourcePage(peers, after);
    for (const document of await documentsFor(deps, products)) {
      const difference = compare(document, indexed.get(document.id));
      if (difference) differences.push(difference);
      indexed.delete(document.id);
    }
    after = next;
  } while (after !== null);
  for (const productId of indexed.keys()) differences.push({ productId, kind: 'EXTRA', fields: [] });
  return differences;
}

async function documentsFor(
  { redis, peers }: { redis: Redis; peers: SubgraphClient },
  products: readonly SourceProduct[],
): Promise<ProductDocument[]> {
  const ids = products.map(({ productId }) => productId);
  const offerIds = products.flatMap(({ offers }) => offers.map(({ id }) => id));
  const vendorIds = [...new Set(products.flatMap(({ offers }) => offers.map(({ facts }) => facts.vendorId)))];
  const [stock, ratings, vendors, known] = await Promise.all([
    sourceStock(peers, offerIds),
    ids.length > 0 ? sourceRatings(peers, ids) : new Map<string, never>(),
    sourceVendors(peers, vendorIds),
    // Sales are counted here and nowhere else.
    loadProducts(redis, ids),
  ]);
  return products.flatMap(({ productId, facts, offers }, at) => {
    const document = toDocument({
      productId,
      facts,
      offers: offers.map((offer) => ({ ...offer, available: stock.get(offer.id) ?? 0 })),
      vendors,
      rating: ratings.get(productId) ?? { average: 0, count: 0 },
      sold: known[at]!.sold,
    });
    return document ? [document] : [];
  });
}

function compare(wanted: ProductDocument, found: ProductDocument | undefined): IndexDifference | null {
  if (!found) return { productId: wanted.id, kind: 'MISSING', fields: [] };
  const names = new Set([...Object.keys(wanted), ...Object.keys(found)]);
  const fields = [...names].filter((name) => !isDeepStrictEqual(fieldOf(wanted, name), fieldOf(found, name)));
  return fields.length > 0 ? { productId: wanted.id, kind: 'DIFFERENT', fields } : null;
}

function fieldOf(document: ProductDocument, name: string): unknown {
  return (document as unknown as Record<string, unknown>)[name];
}
