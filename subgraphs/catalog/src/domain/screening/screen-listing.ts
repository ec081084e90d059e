import type { Money } from '@marketgraph/platform/core';
import { shownPrice } from '../currency.ts';
import type { Flag } from '../moderation-case.ts';
import type { EarlierPrice } from '../offer.ts';
import { type CategoryProfile, rivalOdds, type Spread } from './category-profile.ts';
import { shinglesOf, similarity, TWIN_SIMILARITY } from './title-twins.ts';

export interface ScreenedOffer {
  id: string;
  vendorId: string;
  price: Money;
  earlierPrices: readonly EarlierPrice[];
}

export interface ScreenedListing {
  id: string;
  vendorId: string;
  title: string;
  categoryId: string;
  /** Of title and brand. */
  words: readonly string[];
  offers: readonly ScreenedOffer[];
}

/** An older product of another vendor whose title may be the same. */
export interface Twin {
  id: string;
  title: string;
}

export interface Surroundings {
  /** From the root down to the listing's own category, and what stands beside each of them. */
  levels: readonly { own: CategoryProfile; rivals: readonly CategoryProfile[] }[];
  twins: readonly Twin[];
  now: Date;
}

/** So few prices have no spread. */
const MIN_PRICES = 20;
/** Robust standard deviations from the median of the category. */
const FAR = 4;
/** A category of nearly equal prices does not make a small difference a far one. */
const MIN_DEVIATION = 0.35;
/** Also of what is far by the spread: little things stand beside dear ones, and shops sell off for very little. */
const MUCH_DEARER = Math.log(10);
const MUCH_CHEAPER = Math.log(40);
/** An order of magnitude against one's own former price, or against others' for the same thing. */
const JUMP = Math.log(10);
const MIN_ODDS = 11;
/** How deep branches are told apart: below, siblings share their words (a case for a phone, a phone case). */
const MAX_MISMATCH_DEPTH = 2;
const DAY_MS = 24 * 60 * 60 * 1_000;
/** Prices follow the day, the stock, the competition: not as often as this. */
const MAX_CHANGES_A_DAY = 8;

/** What looks wrong with a listing, surest first, at most one flag of a kind. The same question has the same answer. */
export function screenListing(listing: ScreenedListing, around: Surroundings): Flag[] {
  const found = [
    ...listing.offers.map((offer) => unusualPrice(offer, around)),
    ...listing.offers.map((offer) => priceAboveOthers(offer, listing.offers)),
    ...listing.offers.map((offer) => priceChurn(offer, around.now)),
    copiedTitle(listing, around.twins),
    categoryMismatch(listing, around),
  ].filter((flag) => flag !== undefined);
  const surest = new Map<string, Flag>();
  for (const flag of found) if ((surest.get(flag.kind)?.score ?? 0) < flag.score) surest.set(flag.kind, flag);
  return [...surest.values()].toSorted((a, b) => b.score - a.score || (a.kind < b.kind ? -1 : 1));
}

function unusualPrice(offer: ScreenedOffer, { levels }: Surroundings): Flag | undefined {
  const { price } = offer;
  const log = Math.log(price.amount);
  const basis = `${offer.id} ${price.amount} ${price.currencyCode}`;
  const former = offer.earlierPrices.findLast(({ currencyCode }) => currencyCode === price.currencyCode);
  const usual = usualPrice(price.currencyCode, levels);
  const away = usual && Math.abs(log - usual.spread.median) / Math.max(usual.spread.deviation, MIN_DEVIATION);
  const jump = former ? Math.abs(log - Math.log(former.amount)) : 0;
  // A jump that ends where the category is was a correction.
  if (former && jump >= JUMP && !(away !== undefined && away < 1)) {
    const reason = `${shownPrice(price)} is ${timesOf(jump)} the former price of ${shownPrice(former)}, or the other way round.`;
    return { kind: 'PRICE_OUTLIER', score: certainty(60 + 10 * (jump - JUMP)), reason, basis };
  }
  if (!usual || away === undefined || away < FAR) return undefined;
  const { median } = usual.spread;
  if (log - median < MUCH_DEARER && median - log < MUCH_CHEAPER) return undefined;
  const middle = shownPrice({ amount: Math.round(Math.exp(median)), currencyCode: price.currencyCode });
  const times = timesOf(Math.abs(log - median));
  const relation = log > median ? `${times} as much as` : `one ${times.replace(' times', '')}th of`;
  const reason = `${shownPrice(price)} is ${relation} the usual price of ${middle} in “${usual.name}” (${usual.spread.count} prices).`;
  return { kind: 'PRICE_OUTLIER', score: certainty(50 + 10 * (away - FAR)), reason, basis };
}

/** The spread of the nearest category that has enough prices. What is usual in a whole shop says nothing about one thing. */
function usualPrice(
  currencyCode: string,
  levels: Surroundings['levels'],
): { name: string; spread: Spread } | undefined {
  const narrow = levels.length > 1 ? levels.slice(1) : levels;
  for (const { own } of narrow.toReversed()) {
    const spread = own.spreads.get(currencyCode);
    if (spread && spread.count >= MIN_PRICES) return { name: own.name, spread };
  }
  return undefined;
}

function priceAboveOthers(offer: ScreenedOffer, offers: readonly ScreenedOffer[]): Flag | undefined {
  const others = offers
    .filter((other) => other.vendorId !== offer.vendorId && other.price.currencyCode === offer.price.currencyCode)
    .map(({ price }) => price.amount)
    .toSorted((a, b) => a - b);
  const middle = others[Math.floor((others.length - 1) / 2)];
  if (middle === undefined) return undefined;
  const above = Math.log(offer.price.amount) - Math.log(middle);
  if (above < JUMP) return undefined;
  const { currencyCode } = offer.price;
  return {
    kind: 'PRICE_ABOVE_OTHERS',
    score: certainty(60 + 10 * (above - JUMP)),
    reason: `${shownPrice(offer.price)} is ${timesOf(above)} what others ask for the same: ${shownPrice({ amount: middle, currencyCode })}.`,
    basis: `${offer.id} ${offer.price.amount} ${currencyCode}`,
  };
}

function priceChurn({ id, earlierPrices }: ScreenedOffer, now: Date): Flag | undefined {
  const changes = earlierPrices.filter(({ until }) => now.getTime() - until.getTime() < DAY_MS).length;
  if (changes <= MAX_CHANGES_A_DAY) return undefined;
  return {
    kind: 'PRICE_CHURN',
    score: certainty(40 + 5 * (changes - MAX_CHANGES_A_DAY)),
    reason: `The price was changed at least ${changes} times within a day.`,
    basis: `${id} ${now.toISOString().slice(0, 10)}`,
  };
}

function copiedTitle({ title }: ScreenedListing, twins: readonly Twin[]): Flag | undefined {
  const shingles = shinglesOf(title);
  const [closest] = twins
    .map((twin) => ({ twin, alike: similarity(shingles, shinglesOf(twin.title)) }))
    .filter(({ alike }) => alike >= TWIN_SIMILARITY)
    .toSorted((a, b) => b.alike - a.alike || (a.twin.id < b.twin.id ? -1 : 1));
  if (!closest) return undefined;
  const { twin, alike } = closest;
  return {
    kind: 'COPIED_TITLE',
    score: certainty(50 + 200 * (alike - TWIN_SIMILARITY)),
    reason: `${Math.round(100 * alike)} % of the title are those of another vendor’s older product ${twin.id}: “${twin.title}”.`,
    basis: `${twin.id} ${title}`,
  };
}

function categoryMismatch({ title, categoryId, words }: ScreenedListing, { levels }: Surroundings): Flag | undefined {
  const [likeliest] = levels
    .slice(0, MAX_MISMATCH_DEPTH)
    .flatMap(({ own, rivals }) => rivals.map((rival) => ({ own, rival, odds: rivalOdds(words, own, rival) })))
    .filter(({ odds }) => odds >= MIN_ODDS)
    .toSorted((a, b) => b.odds - a.odds || (a.rival.id < b.rival.id ? -1 : 1));
  if (!likeliest) return undefined;
  const { own, rival, odds } = likeliest;
  return {
    kind: 'CATEGORY_MISMATCH',
    score: certainty(50 + 5 * (odds - MIN_ODDS)),
    reason: `The words of the title are those of “${rival.name}” rather than of “${own.name}”.`,
    basis: `${categoryId} ${title}`,
  };
}

function timesOf(log: number): string {
  const times = Math.exp(log);
  return `${times >= 10 ? Math.round(times) : times.toFixed(1)} times`;
}

function certainty(score: number): number {
  return Math.max(1, Math.min(95, Math.round(score)));
}
