import assert from 'node:assert';
import { accept, isId } from '@marketgraph/platform/core';
import type { ClientSession } from 'mongodb';
import { type Outcome, refuse } from '../domain/outcome.ts';
import { type Actor, checkActsFor } from '../domain/ownership.ts';
import {
  MAX_ENTRIES,
  MAX_OPEN_LISTS,
  type PriceListState,
  type PriceListTerms,
  putPriceList,
} from '../domain/price-list.ts';
import { earlierResult, rememberCall } from '../store/idempotency.ts';
import { findOffers } from '../store/offers.ts';
import {
  findPriceLists,
  hasAllOpenLists,
  offersToDrop,
  type PriceListHead,
  savePriceList,
} from '../store/price-lists.ts';
import { checkSeller } from './check-seller.ts';
import { type CommandDeps, inCommand } from './command-deps.ts';
import { dropPricesOf } from './drop-changed-prices.ts';

export interface UpsertPriceList {
  actor: Actor;
  /** Absent: a new one. */
  id?: string | null;
  vendorId: string;
  terms: PriceListTerms;
  expectedVersion?: number | null;
  idempotencyKey?: string | null;
}

/**
 * Makes a price list, or puts all of one anew. What the cache has of the offers
 * in it, before and now, is dropped behind the commit and before the answer:
 * who reads a price after that reads the new one. Which offers these are is
 * part of the commit, so that a process that dies in between leaves the rest
 * of the work to any other.
 */
export async function upsertPriceList(deps: CommandDeps, command: UpsertPriceList): Promise<Outcome<PriceListHead>> {
  const { actor, id, vendorId, terms } = command;
  const acts = checkActsFor(actor, vendorId);
  if (!acts.ok) return acts;
  const [existing] = id ? await findPriceLists(deps.store, [id]) : [];
  // Somebody else's list looks like none.
  if (id && existing?.vendorId !== vendorId) return refuse('NOT_FOUND', 'No such price list.', ['id']);
  // Others are asked before the transaction, so that none stays open meanwhile.
  const seller = await checkSeller(deps, vendorId);
  if (!seller.ok) return seller;
  if (!existing && !(await isBuyerKnown(deps, terms))) {
    return refuse('NOT_FOUND', 'No such organization.', ['buyerOrganizationId']);
  }

  let staleOffers: string[] = [];
  const outcome = await inCommand<Outcome<PriceListHead>>(deps, actor, async ({ transaction: { session } }) => {
    const put = await putOnce(deps, command, session);
    staleOffers = put.staleOffers;
    return put.outcome;
  });
  if (outcome.ok && staleOffers.length > 0) {
    try {
      await dropPricesOf(deps, { id: outcome.value.id, version: outcome.value.version, staleOffers });
    } catch (error) {
      deps.log.warn({ err: error, priceListId: outcome.value.id }, 'prices stay in the cache until it answers again');
      deps.nudge('prices');
    }
  }
  return outcome;
}

async function isBuyerKnown({ organizations }: CommandDeps, { buyerOrganizationId }: PriceListTerms): Promise<boolean> {
  if (buyerOrganizationId === null) return true;
  return isId(buyerOrganizationId, 'org') && (await organizations.isKnown(buyerOrganizationId));
}

interface Put {
  outcome: Outcome<PriceListHead>;
  staleOffers: string[];
}

async function putOnce(
  { store, clock, ids }: CommandDeps,
  { actor, id, vendorId, terms, expectedVersion, idempotencyKey }: UpsertPriceList,
  session: ClientSession,
): Promise<Put> {
  const refused = (outcome: Outcome<never>): Put => ({ outcome, staleOffers: [] });
  const call = idempotencyKey
    ? {
        principal: actor.userId,
        operation: 'priceListUpsert',
        key: idempotencyKey,
        input: { id, vendorId, terms, expectedVersion },
      }
    : undefined;
  const earlier = call ? await earlierResult(store, call, session) : accept(undefined);
  if (!earlier.ok) return refused(earlier);
  if (earlier.value) {
    return { outcome: accept((await findPriceLists(store, [earlier.value], session))[0]!), staleOffers: [] };
  }

  const [existing] = id ? await findPriceLists(store, [id], session) : [];
  const offerIds = [...new Set(terms.entries.map(({ offerId }) => offerId))].slice(0, MAX_ENTRIES);
  const offers = await findOffers(store, offerIds, session);
  const own = offers.filter((offer) => offer.vendorId === vendorId && offer.status !== 'ARCHIVED');
  const now = clock.now();
  const list = putPriceList(existing ? { ...existing, entries: [] } : null, terms, {
    id: existing?.id ?? ids.next('prl'),
    vendorId,
    currencies: new Map(own.map((offer) => [offer.id, offer.price.currencyCode])),
    expectedVersion,
    now,
  });
  if (!list.ok) return refused(list);
  // Two at once may make one more than that, which costs a look-up a few rows and nothing else.
  if (isOpen(list.value, now) && (await hasAllOpenLists(store, list.value, now, session))) {
    return refused(
      refuse('LIMIT_EXCEEDED', `A vendor has at most ${MAX_OPEN_LISTS} lists for one audience.`, [
        'buyerOrganizationId',
      ]),
    );
  }
  const before = existing ? await offersToDrop(store, existing.id, session) : [];
  const staleOffers = [...new Set([...before, ...offerIds])];
  assert(await savePriceList(store, list.value, { staleOffers }, session), 'a transaction sees the version it read');
  if (call) await rememberCall(store, call, { result: list.value.id, now }, session);
  const { entries: _entries, ...head } = list.value;
  return { outcome: accept(head), staleOffers };
}

function isOpen({ validUntil }: PriceListState, now: Date): boolean {
  return validUntil === null || validUntil > now;
}
