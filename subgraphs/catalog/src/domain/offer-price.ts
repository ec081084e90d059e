import type { Money } from '@marketgraph/platform/core';
import { type DealState, statusOf } from './deal.ts';
import type { OfferState } from './offer.ts';
import { type Audience, BUSINESS, EVERYBODY, type PriceTier } from './price-list.ts';

/** A price of an offer that stands in a list, as a buyer's price is looked up in. */
export interface ListedPrice extends PriceTier {
  priceListId: string;
  audience: Audience;
  validFrom: Date | null;
  validUntil: Date | null;
}

/** Of equal prices the first one counts: a deal only when nothing else is as cheap, because its slots are few. */
const SOURCES = ['CONTRACT', 'CUSTOMER_GROUP', 'TIER', 'BASE', 'DEAL'] as const;
export type PriceSource = (typeof SOURCES)[number];

export interface OfferPrice {
  unitPrice: Money;
  source: PriceSource;
  /** The price list or the deal it comes from; null for the offer's own. */
  ruleId: string | null;
  /** Null: nothing says that it ends. */
  validUntil: Date | null;
}

export interface PricingFacts {
  /** Those of the audiences the buyer belongs to. */
  listed: readonly ListedPrice[];
  deal: DealState | null;
  quantity: number;
  now: Date;
}

/**
 * What one costs when so many are bought now: the lowest of the offer's own
 * price, its deal, and what the lists say that are for this buyer. What is in
 * another currency than the offer, since that was changed, counts no more.
 */
export function priceOf(
  { price }: Pick<OfferState, 'price'>,
  { listed, deal, quantity, now }: PricingFacts,
): OfferPrice {
  const candidates: OfferPrice[] = [{ unitPrice: price, source: 'BASE', ruleId: null, validUntil: null }];
  for (const one of listed) {
    if (!isValid(one, now) || !isFor(one, quantity)) continue;
    const { unitPrice, priceListId, validUntil } = one;
    candidates.push({ unitPrice, source: sourceOf(one), ruleId: priceListId, validUntil });
  }
  if (deal && statusOf(deal, now) === 'LIVE') {
    candidates.push({ unitPrice: deal.dealPrice, source: 'DEAL', ruleId: deal.id, validUntil: deal.endsAt });
  }
  return candidates
    .filter(({ unitPrice }) => unitPrice.currencyCode === price.currencyCode)
    .reduce((best, other) => (isBetter(other, best) ? other : best));
}

/**
 * What one costs by quantity, as far as lists make it cheaper than the offer's
 * own price: smallest quantity first, without overlaps. Deals are left out.
 */
export function tiersOf(
  { price }: Pick<OfferState, 'price'>,
  { listed, now }: Pick<PricingFacts, 'listed' | 'now'>,
): PriceTier[] {
  const counting = listed
    .filter((one) => isValid(one, now) && one.unitPrice.currencyCode === price.currencyCode)
    .toSorted((a, b) => a.minQuantity - b.minQuantity);
  const ends = counting.flatMap(({ maxQuantity }) => (maxQuantity === null ? [] : [maxQuantity + 1]));
  const starts = [...new Set([...counting.map(({ minQuantity }) => minQuantity), ...ends])].toSorted((a, b) => a - b);
  const tiers: PriceTier[] = [];
  let open: ListedPrice[] = [];
  let next = 0;
  for (const [index, start] of starts.entries()) {
    while (next < counting.length && counting[next]!.minQuantity <= start) open.push(counting[next++]!);
    open = open.filter((one) => isFor(one, start));
    const amount = Math.min(...open.map(({ unitPrice }) => unitPrice.amount));
    if (amount >= price.amount) continue;
    const maxQuantity = index + 1 < starts.length ? starts[index + 1]! - 1 : null;
    const last = tiers.at(-1);
    if (last?.unitPrice.amount === amount && last.maxQuantity === start - 1) last.maxQuantity = maxQuantity;
    else {
      tiers.push({ minQuantity: start, maxQuantity, unitPrice: { amount, currencyCode: price.currencyCode } });
    }
  }
  return tiers;
}

function isBetter(one: OfferPrice, than: OfferPrice): boolean {
  if (one.unitPrice.amount !== than.unitPrice.amount) return one.unitPrice.amount < than.unitPrice.amount;
  const byRank = SOURCES.indexOf(one.source) - SOURCES.indexOf(than.source);
  // Between lists that are alike the older one, so that every process names the same.
  return byRank === 0 ? (one.ruleId ?? '') < (than.ruleId ?? '') : byRank < 0;
}

/** From its first instant on, up to but not including its last. */
function isValid({ validFrom, validUntil }: ListedPrice, now: Date): boolean {
  return (!validFrom || validFrom <= now) && (!validUntil || now < validUntil);
}

function isFor({ minQuantity, maxQuantity }: PriceTier, quantity: number): boolean {
  return minQuantity <= quantity && (maxQuantity === null || quantity <= maxQuantity);
}

function sourceOf({ audience }: ListedPrice): PriceSource {
  if (audience === EVERYBODY) return 'TIER';
  return audience === BUSINESS ? 'CUSTOMER_GROUP' : 'CONTRACT';
}
