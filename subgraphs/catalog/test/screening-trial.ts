import { readFileSync } from 'node:fs';
import { type CategoryProfile, profileOf } from '../src/domain/screening/category-profile.ts';
import { type ScreenedListing, screenListing, type Twin } from '../src/domain/screening/screen-listing.ts';
import { bandsOf, shinglesOf } from '../src/domain/screening/title-twins.ts';
import { wordsOf } from '../src/domain/text.ts';

/** A listing as the trial knows it: where in the tree it stands, and what was done to it. */
export interface TrialListing {
  id: string;
  vendorId: string;
  title: string;
  brand: string;
  /** Names from the root down. */
  categories: string[];
  priceMinor: number;
  /** The kind of flag it is to get; absent for a clean one. */
  anomaly?: string;
}

export interface TrialResult {
  flagged: { listing: TrialListing; kinds: string[]; reasons: string[] }[];
  /** Per kind: found of those that were made, and how many flags were raised. */
  byKind: Map<string, { made: number; found: number; raised: number; right: number }>;
  precision: number;
  recall: number;
}

const CURRENCY = 'EUR';
const now = new Date('2026-01-01T00:00:00Z');

/** Screens a whole catalog with the very functions of the service; who is older comes first. */
export function tryScreening(listings: readonly TrialListing[]): TrialResult {
  const keyOf = (names: readonly string[]) => names.join(' > ');
  const below = new Map<string, TrialListing[]>();
  for (const listing of listings) {
    listing.categories.forEach((_, depth) => {
      const key = keyOf(listing.categories.slice(0, depth + 1));
      below.set(key, [...(below.get(key) ?? []), listing]);
    });
  }
  const words = ({ title, brand }: TrialListing) => wordsOf(`${title} ${brand}`, 40);
  const price = ({ priceMinor }: TrialListing) => ({ amount: priceMinor, currencyCode: CURRENCY });
  const profiles = new Map<string, CategoryProfile>(
    [...below].map(([key, products]) => [
      key,
      profileOf(
        { id: key, name: key },
        products.map((listing) => ({ words: words(listing), prices: [price(listing)] })),
      ),
    ]),
  );
  const siblings = Map.groupBy([...profiles.keys()], (key) => key.split(' > ').slice(0, -1).join(' > '));
  const olderInBand = new Map<string, TrialListing[]>();
  const flagged: TrialResult['flagged'] = [];
  for (const listing of listings) {
    const bands = bandsOf(shinglesOf(listing.title));
    const twins: Twin[] = [...new Set(bands.flatMap((band) => olderInBand.get(band) ?? []))]
      .filter(({ vendorId }) => vendorId !== listing.vendorId)
      .map(({ id, title }) => ({ id, title }));
    for (const band of bands) olderInBand.set(band, [...(olderInBand.get(band) ?? []), listing]);
    const levels = listing.categories.map((_, depth) => {
      const key = keyOf(listing.categories.slice(0, depth + 1));
      const parent = keyOf(listing.categories.slice(0, depth));
      const rivals = (siblings.get(parent) ?? []).filter((other) => other !== key);
      return { own: profiles.get(key)!, rivals: rivals.map((other) => profiles.get(other)!) };
    });
    const screened: ScreenedListing = {
      id: listing.id,
      vendorId: listing.vendorId,
      title: listing.title,
      categoryId: keyOf(listing.categories),
      words: words(listing),
      offers: [{ id: `${listing.id}-offer`, vendorId: listing.vendorId, price: price(listing), earlierPrices: [] }],
    };
    const flags = screenListing(screened, { levels, twins, now });
    if (flags.length > 0) {
      flagged.push({
        listing,
        kinds: flags.map(({ kind }) => kind),
        reasons: flags.map(({ score, reason }) => `${score} ${reason}`),
      });
    }
  }
  return { flagged, ...measured(listings, flagged) };
}

function measured(listings: readonly TrialListing[], flagged: TrialResult['flagged']) {
  const kinds = new Set([
    ...listings.flatMap(({ anomaly }) => anomaly ?? []),
    ...flagged.flatMap(({ kinds: raised }) => raised),
  ]);
  const byKind = new Map(
    [...kinds].toSorted().map((kind) => {
      const raised = flagged.filter((entry) => entry.kinds.includes(kind));
      const right = raised.filter(({ listing }) => listing.anomaly === kind).length;
      const made = listings.filter(({ anomaly }) => anomaly === kind).length;
      return [kind, { made, found: right, raised: raised.length, right }] as const;
    }),
  );
  const made = listings.filter(({ anomaly }) => anomaly).length;
  const rightly = flagged.filter(({ listing }) => listing.anomaly).length;
  const found = flagged.filter(
    ({ listing, kinds: raised }) => listing.anomaly && raised.includes(listing.anomaly),
  ).length;
  return { byKind, precision: flagged.length > 0 ? rightly / flagged.length : 1, recall: made > 0 ? found / made : 1 };
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Makes every so-manieth listing wrong in one of three ways; a copy and a stray stand at the end of the list. */
export function spoil(listings: readonly TrialListing[], { every, seed }: { every: number; seed: number }) {
  const random = seededRandom(seed);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  // The first level at which the tree divides.
  const depth = new Set(listings.map(({ categories }) => categories[0])).size > 1 ? 0 : 1;
  const spoiled = listings.map((listing): TrialListing => ({ ...listing }));
  const added: TrialListing[] = [];
  for (let index = every; index < listings.length; index += every) {
    const listing = spoiled[index]!;
    const turn = (index / every) % 3;
    if (turn === 0) {
      listing.priceMinor *= 100;
      listing.anomaly = 'PRICE_OUTLIER';
    } else if (turn === 1) {
      const vendorId = pick(listings.filter((other) => other.vendorId !== listing.vendorId)).vendorId;
      added.push({ ...listing, id: `${listing.id}-copy`, vendorId, anomaly: 'COPIED_TITLE' });
    } else {
      const away = listings.filter(({ categories }) => categories[depth] !== listing.categories[depth]);
      listing.categories = pick(away).categories;
      listing.anomaly = 'CATEGORY_MISMATCH';
    }
  }
  return [...spoiled, ...added];
}

export function printed({ byKind, precision, recall, flagged }: TrialResult): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const rows = [...byKind].map(
    ([kind, { made, found, raised, right }]) =>
      `${kind.padEnd(18)} made ${made}, found ${found}; raised ${raised}, of which as made ${right}`,
  );
  return [...rows, `precision ${percent(precision)}, recall ${percent(recall)}, ${flagged.length} flagged`].join('\n');
}

/** `FILE`: one product per line with `name, brand, categories[], price`. Shows what is flagged as it is, then spoils it. */
function main(path: string): void {
  const rows = readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const listings = rows.map((row, index): TrialListing => ({
    id: `prd_${String(index).padStart(6, '0')}`,
    vendorId: String(row['brand']),
    title: String(row['name']),
    brand: String(row['brand']),
    categories: row['categories'] as string[],
    priceMinor: Math.max(1, Math.round(100 * Number(row['price']))),
  }));
  const clean = tryScreening(listings);
  console.log(`${listings.length} listings as they are: ${clean.flagged.length} flagged`);
  for (const { listing, reasons } of clean.flagged) console.log(`  ${listing.title}\n    ${reasons.join('\n    ')}`);
  console.log('\nwith every tenth spoiled:');
  console.log(printed(tryScreening(spoil(listings, { every: 10, seed: 1 }))));
}

if (process.argv[1] === import.meta.filename) main(process.argv[2]!);
