import { accept, type Money } from '@marketgraph/platform/core';
import { checkPrice, type OfferState } from './offer.ts';
import { type Outcome, type Refusal, refusal, refuse, refuseAll } from './outcome.ts';

export const dealStatuses = ['SCHEDULED', 'LIVE', 'SOLD_OUT', 'ENDED', 'CANCELED'] as const;
export type DealStatus = (typeof dealStatuses)[number];

/** An offer at a lower price for some time, for the first so many units. */
export interface DealState {
  id: string;
  offerId: string;
  vendorId: string;
  dealPrice: Money;
  startsAt: Date;
  endsAt: Date;
  slotsTotal: number;
  /** Free ones, as inventory told last: it counts them. All of them until it has told anything. */
  slotsFree: number;
  isCanceled: boolean;
  /** The status whoever watches was told last. */
  told: DealStatus;
  createdAt: Date;
  version: number;
}

export interface DealTerms {
  offerId: string;
  dealPrice: Money;
  startsAt: Date;
  endsAt: Date;
  slots: number;
}

const DAY_MS = 86_400_000;
export const MAX_SLOTS = 100_000;
/** What lasts longer is no lightning. It also bounds how far a list of running deals has to look. */
export const MAX_DEAL_MS = 7 * DAY_MS;
const MAX_AHEAD_MS = 365 * DAY_MS;
/** Of one offer, running or to come: more are a price list. */
export const MAX_DEALS_AHEAD = 50;

/**
 * What a deal is at a moment. Nothing has to happen for it to begin or to end:
 * whoever asks is told by the clock, and by the slots that are left.
 */
export function statusOf(
  deal: Pick<DealState, 'startsAt' | 'endsAt' | 'slotsFree' | 'isCanceled'>,
  now: Date,
): DealStatus {
  if (deal.isCanceled) return 'CANCELED';
  if (now < deal.startsAt) return 'SCHEDULED';
  if (now >= deal.endsAt) return 'ENDED';
  return deal.slotsFree > 0 ? 'LIVE' : 'SOLD_OUT';
}

/** When the clock alone makes it something else; null when it never will. */
export function nextChangeAt(deal: DealState, now: Date): Date | null {
  const status = statusOf(deal, now);
  if (status === 'SCHEDULED') return deal.startsAt;
  return status === 'LIVE' || status === 'SOLD_OUT' ? deal.endsAt : null;
}

/** `others` are the offer's deals that have neither ended nor been called off. */
export function scheduleDeal(
  terms: DealTerms,
  { id, offer, others, now }: { id: string; offer: OfferState; others: readonly DealState[]; now: Date },
): Outcome<DealState> {
  const refusals = checkTerms(terms, offer, now);
  if (refusals.length > 0) return refuseAll(refusals);
  if (offer.status !== 'ACTIVE') return refuse('ILLEGAL_TRANSITION', 'This offer is not on sale.', ['offerId']);
  const { dealPrice, startsAt, endsAt, slots: slotsTotal } = terms;
  if (others.some((other) => startsAt < other.endsAt && other.startsAt < endsAt)) {
    return refuse('CONFLICT', 'Another deal of this offer runs at that time.', ['startsAt']);
  }
  if (others.length >= MAX_DEALS_AHEAD) {
    return refuse('LIMIT_EXCEEDED', `An offer has at most ${MAX_DEALS_AHEAD} deals ahead.`, ['offerId']);
  }
  const facts = { dealPrice, startsAt, endsAt, slotsTotal, slotsFree: slotsTotal, isCanceled: false };
  const told = statusOf(facts, now);
  return accept({ id, offerId: offer.id, vendorId: offer.vendorId, ...facts, told, createdAt: now, version: 1 });
}

/** The deal these terms describe, when it has been scheduled already: a client that asks twice means one deal. */
export function sameDeal(terms: DealTerms, others: readonly DealState[]): DealState | undefined {
  return others.find(
    ({ dealPrice, startsAt, endsAt, slotsTotal }) =>
      dealPrice.amount === terms.dealPrice.amount &&
      dealPrice.currencyCode === terms.dealPrice.currencyCode &&
      startsAt.getTime() === terms.startsAt.getTime() &&
      endsAt.getTime() === terms.endsAt.getTime() &&
      slotsTotal === terms.slots,
  );
}

/** Called off, before or while it runs. Who holds a slot keeps it. */
export function cancelDeal(deal: DealState, now: Date): Outcome<DealState> {
  const status = statusOf(deal, now);
  if (status === 'CANCELED') return accept(deal);
  if (status === 'ENDED') return refuse('ILLEGAL_TRANSITION', 'This deal is over.', ['id']);
  return accept({ ...deal, isCanceled: true, told: 'CANCELED', version: deal.version + 1 });
}

/**
 * What there is to tell: the deal as whoever watches should know it from now
 * on, or null when they know. Never backwards in time: the clock of another
 * process may be a little behind the one that told of the start.
 */
export function tellDeal(deal: DealState, now: Date): DealState | null {
  const status = statusOf(deal, now);
  if (status === deal.told || PHASES[status] < PHASES[deal.told]) return null;
  return { ...deal, told: status, version: deal.version + 1 };
}

/** What whoever begins to watch is shown: what it is at this moment, or what others were told when that is further. */
export function shownStatus(deal: DealState, now: Date): DealStatus {
  return (tellDeal(deal, now) ?? deal).told;
}

const PHASES: Readonly<Record<DealStatus, number>> = { SCHEDULED: 0, LIVE: 1, SOLD_OUT: 1, ENDED: 2, CANCELED: 2 };

/** How many uses inventory is to allow. */
export function slotsAllowed({ isCanceled, slotsTotal }: Pick<DealState, 'isCanceled' | 'slotsTotal'>): number {
  return isCanceled ? 0 : slotsTotal;
}

function checkTerms({ dealPrice, startsAt, endsAt, slots }: DealTerms, { price }: OfferState, now: Date): Refusal[] {
  const refusals = checkPrice(dealPrice).map(({ code, message, field = [] }) =>
    refusal(code, message, ['dealPrice', ...field.slice(1)]),
  );
  if (refusals.length === 0 && dealPrice.currencyCode !== price.currencyCode) {
    refusals.push(refusal('INVALID', `This offer is priced in ${price.currencyCode}.`, ['dealPrice', 'currencyCode']));
  } else if (refusals.length === 0 && dealPrice.amount >= price.amount) {
    refusals.push(refusal('INVALID', 'A deal is cheaper than the offer.', ['dealPrice', 'amount']));
  }
  const lengthMs = endsAt.getTime() - startsAt.getTime();
  if (lengthMs <= 0) refusals.push(refusal('INVALID', 'A deal ends after it starts.', ['endsAt']));
  else if (lengthMs > MAX_DEAL_MS) {
    refusals.push(refusal('INVALID', `A deal lasts at most ${MAX_DEAL_MS / DAY_MS} days.`, ['endsAt']));
  } else if (endsAt <= now) refusals.push(refusal('INVALID', 'This time is over.', ['endsAt']));
  if (startsAt.getTime() - now.getTime() > MAX_AHEAD_MS) {
    refusals.push(refusal('INVALID', 'A deal starts within a year.', ['startsAt']));
  }
  if (!Number.isInteger(slots) || slots < 1 || slots > MAX_SLOTS) {
    refusals.push(refusal('INVALID', `A deal has 1 to ${MAX_SLOTS} slots.`, ['slots']));
  }
  return refusals;
}
