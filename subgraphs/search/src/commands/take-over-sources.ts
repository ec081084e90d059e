import {
  type SourceProduct,
  sourceProducts,
  sourceRatings,
  sourceStock,
  sourceVendors,
} from '../clients/product-source.ts';
import type { OfferFacts, ProductFacts, VendorFacts } from '../domain/product-document.ts';
import { applySteps, loadProducts, type Step } from '../store/source-model.ts';
import type { CommandDeps } from './deps.ts';

/** Writes what the sources say into the read model. Facts known from an event that is newer stay. */
export async function takeOver(deps: CommandDeps, products: readonly SourceProduct[]): Promise<void> {
  const { redis, peers } = deps;
  await applySteps(redis, products.flatMap(catalogSteps));
  const vendorIds = new Set(products.flatMap(({ offers }) => offers.map(({ facts }) => facts.vendorId)));
  const vendors = await sourceVendors(peers, [...vendorIds]);
  await applySteps(
    redis,
    [...vendors].map(([id, { version, ...facts }]): Step => ['vendor', id, version, vendorText(facts)]),
  );
  // Read before the sources are asked: an event that arrives meanwhile is newer than their answer.
  const ids = products.map(({ productId }) => productId);
  const known = await loadProducts(redis, ids);
  const offerIds = known.flatMap(({ offers }) => offers.map(({ id }) => id));
  const [stock, ratings] = await Promise.all([
    sourceStock(peers, offerIds),
    ids.length > 0 ? sourceRatings(peers, ids) : new Map<string, never>(),
  ]);
  const steps: Step[] = [];
  for (const product of known) {
    for (const [offerId, seen] of product.stockSequences) {
      steps.push(['observedStock', offerId, seen, stock.get(offerId) ?? 0]);
    }
    const { average, count } = ratings.get(product.productId) ?? { average: 0, count: 0 };
    steps.push(['observedRating', product.productId, product.ratingSequence, average, count]);
  }
  await applySteps(redis, steps);
}

/** Products the catalog did not list as published: it is asked about each, and what it does not know is gone. */
export async function checkUnlisted(deps: CommandDeps, ids: readonly string[]): Promise<void> {
  const listed = (await loadProducts(deps.redis, ids)).filter(({ facts }) => facts?.status === 'PUBLISHED');
  if (listed.length === 0) return;
  const found = await sourceProducts(
    deps.peers,
    listed.map(({ productId }) => productId),
  );
  await takeOver(deps, found);
  const foundIds = new Set(found.map(({ productId }) => productId));
  const missing = listed.filter(({ productId }) => !foundIds.has(productId));
  await applySteps(
    deps.redis,
    missing.flatMap(({ productId, facts, sequence }): Step[] =>
      facts ? [['product', productId, sequence, factsText({ ...facts, status: 'ARCHIVED' })]] : [],
    ),
  );
}

/** As `factsText`, of a vendor. */
export function vendorText(facts: Partial<VendorFacts>): string {
  const { isPrimeEligible = false, location, shipsTo } = facts;
  return JSON.stringify({
    isPrimeEligible,
    location: location ? { lat: location.lat, lon: location.lon } : null,
    shipsTo: shipsTo ? shipsTo.toSorted() : null,
  });
}

/** One spelling of the same facts, whether they came by event or from the source. */
export function factsText(facts: ProductFacts): string {
  const { slug, title, description, translations = [], status, brand, categoryPath, attributes, createdAt } = facts;
  const variants = (facts.variants ?? []).filter(({ gtin, options }) => gtin !== null || options.length > 0);
  return JSON.stringify({
    slug,
    title,
    description,
    ...(translations.length > 0
      ? {
          translations: translations.map(({ language, title: own, description: said }) => ({
            language,
            title: own,
            description: said,
          })),
        }
      : {}),
    status,
    brand,
    categoryPath: categoryPath.map(({ id, name }) => ({ id, name })),
    attributes: attributes.map(({ key, value, unit, isFacet }) => ({ key, value, unit, isFacet })),
    ...(variants.length > 0
      ? {
          variants: variants.map(({ id, gtin, options }) => ({
            id,
            gtin,
            options: options.map(({ key, value, unit }) => ({ key, value, unit })),
          })),
        }
      : {}),
    createdAt,
  });
}

export function offerStep(offer: { id: string; version: number; facts: OfferFacts }, productId: string): Step {
  return ['offer', offer.id, offer.version, productId, offer.facts.vendorId, offerText(offer.facts)];
}

/** As `factsText`, of an offer. */
function offerText({ vendorId, status, amount, currencyCode, sku, variantId }: OfferFacts): string {
  return JSON.stringify({ vendorId, status, amount, currencyCode, sku, variantId });
}

function catalogSteps({ productId, version, facts, offers }: SourceProduct): Step[] {
  return [['product', productId, version, factsText(facts)], ...offers.map((offer) => offerStep(offer, productId))];
}
