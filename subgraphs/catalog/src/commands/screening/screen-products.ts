import { bandsOf, shinglesOf } from '../../domain/screening/title-twins.ts';
import { priceBurst } from '../../domain/screening/price-burst.ts';
import { type ScreenedListing, screenListing, type Twin } from '../../domain/screening/screen-listing.ts';
import { findLastCases } from '../../store/cases.ts';
import { findOffersOfProducts } from '../../store/offers.ts';
import {
  countPriceJumps,
  findSharingBands,
  findTitles,
  findUnscreened,
  isImporting,
  markScreened,
  saveTitlePrints,
  type UnscreenedProduct,
} from '../../store/screening.ts';
import type { CommandDeps } from '../command-deps.ts';
import type { CategoryProfiles } from './category-profiles.ts';
import { putCaseFlags } from './put-case-flags.ts';

const BATCH = 100;
/** Feeds go first: a whole one is compared with itself, too. An import that hangs does not hold this up for longer. */
const IMPORT_PATIENCE_MS = 10 * 60 * 1_000;
const BURST_WINDOW_MS = 60 * 60 * 1_000;
const SCREENED = ['PUBLISHED', 'PENDING_REVIEW'];

/**
 * Looks at what was changed and puts what looks wrong before a moderator.
 * Nothing is hidden by it. All of it follows from what stands in the store, so
 * it may run twice, at the same time as itself, or again after a crash.
 */
export async function screenProducts(deps: CommandDeps, profiles: CategoryProfiles): Promise<'idle' | 'busy'> {
  const { store, clock } = deps;
  const now = clock.now();
  if (await isImporting(store, new Date(now.getTime() - IMPORT_PATIENCE_MS))) return 'idle';
  const batch = await findUnscreened(store, BATCH);
  if (batch.length === 0) return 'idle';
  const seen = batch.filter(({ product }) => SCREENED.includes(product.status));
  const prints = printsOf(batch);
  await saveTitlePrints(store, [...prints.values()]);
  const twins = await twinsOf(deps, seen, prints);
  const offers = Map.groupBy(
    (
      await findOffersOfProducts(
        store,
        seen.map(({ product }) => product.id),
      )
    ).filter(({ status }) => status === 'ACTIVE'),
    ({ productId }) => productId,
  );
  const lastCases = await findLastCases(
    store,
    batch.map(({ product }) => product.id),
  );
  for (const { product, words } of batch) {
    const isSeen = SCREENED.includes(product.status);
    const listing: ScreenedListing = {
      id: product.id,
      vendorId: product.submittedBy,
      title: product.texts[0]!.title,
      categoryId: product.categoryId,
      words,
      offers: (offers.get(product.id) ?? []).map(({ earlierPrices = [], ...offer }) => ({ ...offer, earlierPrices })),
    };
    const flags = isSeen
      ? screenListing(listing, {
          levels: await profiles.levelsOf(product.categoryPath),
          twins: twins.get(product.id) ?? [],
          now,
        })
      : [];
    const about = { subject: 'PRODUCT', subjectId: product.id, vendorId: product.submittedBy } as const;
    await putCaseFlags(deps, { ...about, flags }, lastCases.get(product.id));
  }
  const since = new Date(now.getTime() - BURST_WINDOW_MS);
  const moved = [...offers.values()].flat().filter(({ jumpedAt }) => jumpedAt && jumpedAt > since);
  for (const vendorId of new Set(moved.map((offer) => offer.vendorId))) {
    const burst = priceBurst(vendorId, await countPriceJumps(store, vendorId, since), now);
    // Only ever added here: that a vendor has calmed down does not undo what it did.
    if (!burst) continue;
    const last = (await findLastCases(store, [vendorId])).get(vendorId);
    await putCaseFlags(deps, { subject: 'VENDOR', subjectId: vendorId, vendorId, flags: [burst] }, last);
  }
  await markScreened(store, batch);
  return batch.length === BATCH ? 'busy' : 'idle';
}

function printsOf(batch: readonly UnscreenedProduct[]) {
  return new Map(
    batch.map(({ product: { id, status, submittedBy, texts } }) => {
      const bands = SCREENED.includes(status) ? bandsOf(shinglesOf(texts[0]!.title)) : [];
      return [id, { _id: id, vendorId: submittedBy, bands }];
    }),
  );
}

/** Of two alike the younger is the copy: ids grow with time. */
async function twinsOf(
  { store }: CommandDeps,
  seen: readonly UnscreenedProduct[],
  prints: ReturnType<typeof printsOf>,
): Promise<Map<string, Twin[]>> {
  const candidates = new Map<string, string[]>();
  for (const [vendorId, own] of Map.groupBy(seen, ({ product }) => product.submittedBy)) {
    const bands = own.flatMap(({ product }) => prints.get(product.id)!.bands);
    const sharing = await findSharingBands(store, vendorId, bands);
    for (const { product } of own) {
      const mine = new Set(prints.get(product.id)!.bands);
      const older = sharing.filter((other) => other._id < product.id && other.bands.some((band) => mine.has(band)));
      candidates.set(
        product.id,
        older.map(({ _id }) => _id),
      );
    }
  }
  const titles = await findTitles(store, [...new Set([...candidates.values()].flat())]);
  const byId = new Map(titles.map((twin) => [twin.id, twin]));
  return new Map([...candidates].map(([id, others]) => [id, others.flatMap((other) => byId.get(other) ?? [])]));
}
