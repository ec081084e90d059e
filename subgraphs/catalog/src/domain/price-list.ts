import { accept, type Money } from '@marketgraph/platform/core';
import { checkPrice } from './offer.ts';
import { type Outcome, type Refusal, refusal, refuse, refuseAll, versionMismatch } from './outcome.ts';
import { checkedText } from './text.ts';

/** Whom a list is for: an organization by its id, whoever buys for any organization, or everybody. */
export type Audience = string;
export const EVERYBODY = 'EVERYBODY';
export const BUSINESS = 'BUSINESS';

/** A vendor's prices by quantity, for an audience and a time. */
export interface PriceListState {
  id: string;
  vendorId: string;
  name: string;
  /** The other side of a contract; null: for an audience of many. */
  buyerOrganizationId: string | null;
  audience: Audience;
  /** By offer, then by quantity. */
  entries: PriceListEntry[];
  validFrom: Date | null;
  validUntil: Date | null;
  createdAt: Date;
  updatedAt: Date;
  version: number;
}

export interface PriceListEntry extends PriceTier {
  offerId: string;
}

/** What one costs when so many are bought, both ends included. */
export interface PriceTier {
  minQuantity: number;
  /** Null: any number from there on. */
  maxQuantity: number | null;
  unitPrice: Money;
}

export interface PriceListTerms {
  name: string;
  buyerOrganizationId: string | null;
  isForBusiness: boolean;
  entries: readonly PriceListEntry[];
  validFrom: Date | null;
  validUntil: Date | null;
}

const MAX_NAME = 100;
/** What is written in one transaction. Longer lists are several lists. */
export const MAX_ENTRIES = 1_000;
/** More steps than this nobody can read. */
export const MAX_TIERS_PER_OFFER = 20;
/** Of one vendor for one audience, not over yet: bounds what a price is looked up in. */
export const MAX_OPEN_LISTS = 10;
/** The largest quantity anything is priced for. */
export const MAX_QUANTITY = 1_000_000;

/** Makes a list, or puts all terms of one anew. Whose it is and whom it is for stay: contracts are not handed on. */
export function putPriceList(
  existing: PriceListState | null,
  terms: PriceListTerms,
  facts: {
    id: string;
    vendorId: string;
    /** Of the vendor's own offers among those named: what they are priced in. */
    currencies: ReadonlyMap<string, string>;
    expectedVersion?: number | null;
    now: Date;
  },
): Outcome<PriceListState> {
  const { expectedVersion, now } = facts;
  if (existing && expectedVersion != null && expectedVersion !== existing.version) {
    return versionMismatch(existing.version);
  }
  const name = checkedText(terms.name, { max: MAX_NAME, field: ['name'], what: 'The name' });
  const refusals = [...(name.ok ? [] : name.rejection), ...checkTime(terms), ...checkEntries(terms.entries, facts)];
  if (terms.isForBusiness && terms.buyerOrganizationId !== null) {
    refusals.push(refusal('INVALID', 'A contract is with one organization, not for all of them.', ['businessOnly']));
  }
  if (!name.ok || refusals.length > 0) return refuseAll(refusals);
  const audience = audienceOf(terms);
  if (existing && existing.audience !== audience) {
    return refuse('ILLEGAL_TRANSITION', 'Whom a price list is for stays as it is.', ['buyerOrganizationId']);
  }
  return accept({
    id: facts.id,
    vendorId: facts.vendorId,
    name: name.value,
    buyerOrganizationId: terms.buyerOrganizationId,
    audience,
    entries: terms.entries.toSorted((a, b) =>
      a.offerId === b.offerId ? a.minQuantity - b.minQuantity : a.offerId < b.offerId ? -1 : 1,
    ),
    validFrom: terms.validFrom,
    validUntil: terms.validUntil,
    createdAt: existing?.createdAt ?? now,
    updatedAt: now,
    version: (existing?.version ?? 0) + 1,
  });
}

function audienceOf({ buyerOrganizationId, isForBusiness }: PriceListTerms): Audience {
  return buyerOrganizationId ?? (isForBusiness ? BUSINESS : EVERYBODY);
}

/** The audiences somebody belongs to who buys for this organization, or for nobody but themselves. */
export function audiencesOf(organizationId: string | null): Audience[] {
  return organizationId === null ? [EVERYBODY] : [EVERYBODY, BUSINESS, organizationId];
}

function checkTime({ validFrom, validUntil }: PriceListTerms): Refusal[] {
  return validFrom && validUntil && validUntil <= validFrom
    ? [refusal('INVALID', 'It ends after it has begun.', ['validUntil'])]
    : [];
}

function checkEntries(
  entries: readonly PriceListEntry[],
  { currencies }: { currencies: ReadonlyMap<string, string> },
): Refusal[] {
  if (entries.length > MAX_ENTRIES) {
    return [refusal('LIMIT_EXCEEDED', `A price list has at most ${MAX_ENTRIES} entries.`, ['entries'])];
  }
  const refusals = entries.flatMap((entry, index) => checkEntry(entry, index, currencies.get(entry.offerId)));
  const byOffer = Map.groupBy(entries.keys(), (index) => entries[index]!.offerId);
  for (const indexes of byOffer.values()) {
    if (indexes.length > MAX_TIERS_PER_OFFER) {
      const field = ['entries', indexes[MAX_TIERS_PER_OFFER]!, 'offerId'];
      refusals.push(refusal('LIMIT_EXCEEDED', `An offer has at most ${MAX_TIERS_PER_OFFER} tiers in a list.`, field));
    } else refusals.push(...checkOverlaps(entries, indexes));
  }
  return refusals;
}

function checkEntry(
  { minQuantity, maxQuantity, unitPrice }: PriceListEntry,
  index: number,
  currencyCode: string | undefined,
): Refusal[] {
  const at = ['entries', index];
  const refusals = checkPrice(unitPrice).map(({ code, message, field = [] }) =>
    refusal(code, message, [...at, 'unitPrice', ...field.slice(1)]),
  );
  if (currencyCode === undefined) {
    refusals.push(refusal('NOT_FOUND', 'The vendor has no such offer.', [...at, 'offerId']));
  } else if (refusals.length === 0 && unitPrice.currencyCode !== currencyCode) {
    refusals.push(refusal('INVALID', `This offer is priced in ${currencyCode}.`, [...at, 'unitPrice', 'currencyCode']));
  }
  const bounds = `from 1 to ${MAX_QUANTITY}`;
  if (!isQuantity(minQuantity)) refusals.push(refusal('INVALID', `A quantity is ${bounds}.`, [...at, 'minQuantity']));
  else if (maxQuantity !== null && !isQuantity(maxQuantity)) {
    refusals.push(refusal('INVALID', `A quantity is ${bounds}.`, [...at, 'maxQuantity']));
  } else if (maxQuantity !== null && maxQuantity < minQuantity) {
    refusals.push(refusal('INVALID', 'maxQuantity is not less than minQuantity.', [...at, 'maxQuantity']));
  }
  return refusals;
}

/** `indexes` are of the entries of one offer. */
function checkOverlaps(entries: readonly PriceListEntry[], indexes: readonly number[]): Refusal[] {
  const upwards = indexes.toSorted((a, b) => entries[a]!.minQuantity - entries[b]!.minQuantity || a - b);
  const refusals: Refusal[] = [];
  let reached = -Infinity;
  for (const index of upwards) {
    const { minQuantity, maxQuantity } = entries[index]!;
    if (minQuantity <= reached) {
      const message = 'Another tier of this offer has this quantity.';
      refusals.push(refusal('INVALID', message, ['entries', index, 'minQuantity']));
    }
    reached = Math.max(reached, maxQuantity ?? Infinity);
  }
  return refusals;
}

function isQuantity(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= MAX_QUANTITY;
}
