import assert from 'node:assert';
import { accept } from '@marketgraph/platform/core';
import type { NewEvent } from '@marketgraph/platform/messaging';
import type { ClientSession } from 'mongodb';
import { type Outcome, type Refusal, refusal, refuse, refuseAll } from '../domain/outcome.ts';
import type { Actor } from '../domain/ownership.ts';
import { MAX_TARGETS, type PromotionState, type PromotionTerms, putPromotion } from '../domain/promotion.ts';
import { codeKeyOf } from '../domain/promotion-code.ts';
import { allowanceSet } from '../events/out.ts';
import { isDuplicateKey } from '../store/catalog-store.ts';
import { findCategories } from '../store/categories.ts';
import { earlierResult, rememberCall } from '../store/idempotency.ts';
import { findOffers } from '../store/offers.ts';
import { findProducts } from '../store/products.ts';
import {
  findPromotions,
  findPromotionsByCodeKey,
  insertPromotion,
  savePromotion,
  type UsedPromotion,
} from '../store/promotions.ts';
import { findVendors } from '../store/vendors.ts';
import { checkSeller } from './check-seller.ts';
import { type CommandDeps, inCommand, type Work } from './command-deps.ts';

export interface UpsertPromotion {
  actor: Actor & { isOperator: boolean };
  /** Absent: a new one. */
  id?: string | null;
  /** Null: an operator's own. */
  vendorId: string | null;
  terms: PromotionTerms;
  expectedVersion?: number | null;
  idempotencyKey?: string | null;
}

/**
 * Makes a promotion, or puts the terms of one anew. Of two who take one code at
 * once the unique index `code` lets one in; the other is told that it is taken.
 */
export async function upsertPromotion(deps: CommandDeps, command: UpsertPromotion): Promise<Outcome<UsedPromotion>> {
  // Looked up before the transaction, so that none stays open while accounts is asked. Whose it is never changes.
  const owner = await ownerOf(deps, command);
  if (!owner.ok) return owner;
  const allowed = await checkMayWrite(deps, command.actor, owner.value);
  if (!allowed.ok) return allowed;
  try {
    return await inCommand(deps, command.actor, ({ transaction: { session }, tell }) =>
      put(deps, { ...command, vendorId: owner.value }, { session, tell }),
    );
  } catch (error) {
    if (isDuplicateKey(error, 'code')) return codeTaken();
    throw error;
  }
}

async function put(
  deps: CommandDeps,
  { actor, id, vendorId, terms, expectedVersion, idempotencyKey }: UpsertPromotion,
  { session, tell }: { session: ClientSession; tell: Work['tell'] },
): Promise<Outcome<UsedPromotion>> {
  const { store, clock, ids } = deps;
  const call = idempotencyKey
    ? {
        principal: actor.userId,
        operation: 'promotionUpsert',
        key: idempotencyKey,
        input: { id, vendorId, terms, expectedVersion },
      }
    : undefined;
  const earlier = call ? await earlierResult(store, call, session) : accept(undefined);
  if (!earlier.ok) return earlier;
  if (earlier.value) return accept((await findPromotions(store, [earlier.value], session))[0]!);

  const [existing = null] = id ? await findPromotions(store, [id], session) : [];
  const now = clock.now();
  const facts = { id: existing?.id ?? ids.next('prm'), vendorId, expectedVersion, now };
  const { usageCount = 0, ...state } = existing ?? {};
  const promotion = putPromotion(existing && (state as PromotionState), terms, facts);
  if (!promotion.ok) return promotion;
  const missing = await missingTargets(deps, promotion.value, session);
  if (missing.length > 0) return refuseAll(missing);

  if (existing) {
    assert(await savePromotion(store, promotion.value, session), 'a transaction sees the version it read');
  } else {
    const [taken] = await findPromotionsByCodeKey(store, [codeKeyOf(promotion.value.code)!], session);
    if (taken) return codeTaken();
    await insertPromotion(store, promotion.value, session);
  }
  if (call) await rememberCall(store, call, { result: promotion.value.id, now }, session);
  tell(...allowanceOf(promotion.value, existing));
  return accept({ ...promotion.value, usageCount });
}

/** How often a limited promotion may be used is counted by inventory; it is told when that is news. */
function allowanceOf({ id, vendorId, usageLimit, version }: PromotionState, before: PromotionState | null): NewEvent[] {
  if (usageLimit === null || usageLimit === before?.usageLimit) return [];
  return [allowanceSet({ allowanceId: id, kind: 'PROMOTION', units: usageLimit, vendorId }, version)];
}

/** Somebody else's promotion looks like none. */
async function ownerOf(deps: CommandDeps, { actor, id, vendorId }: UpsertPromotion): Promise<Outcome<string | null>> {
  if (!id) return accept(vendorId);
  const [existing] = await findPromotions(deps.store, [id]);
  const isOwn = existing && (actor.isOperator || (existing.vendorId !== null && actor.actsFor(existing.vendorId)));
  if (!isOwn) return refuse('NOT_FOUND', 'No such promotion.', ['id']);
  return vendorId === null || vendorId === existing.vendorId
    ? accept(existing.vendorId)
    : refuse('ILLEGAL_TRANSITION', 'The owner of a promotion stays as it is.', ['vendorId']);
}

async function checkMayWrite(
  deps: CommandDeps,
  actor: UpsertPromotion['actor'],
  vendorId: string | null,
): Promise<Outcome<true>> {
  if (actor.isOperator) {
    const isKnown = vendorId === null || (await findVendors(deps.store, [vendorId])).length > 0;
    return isKnown ? accept(true) : refuse('NOT_FOUND', 'No such vendor.', ['vendorId']);
  }
  if (vendorId === null || !actor.actsFor(vendorId)) {
    return refuse('FORBIDDEN', 'You do not act for this vendor.', ['vendorId']);
  }
  return checkSeller(deps, vendorId);
}

/** What a rule names has to be there, and a vendor's rule names its own offers. */
async function missingTargets(
  { store }: CommandDeps,
  { vendorId, conditions: { categoryIds, productIds, offerIds } }: PromotionState,
  session: ClientSession,
): Promise<Refusal[]> {
  const missing = (field: string, wanted: readonly string[], found: readonly { id: string }[]) => {
    const known = new Set(found.map(({ id }) => id));
    return wanted.flatMap((id, index) =>
      known.has(id) ? [] : [refusal('NOT_FOUND', 'No such thing.', [field, index])],
    );
  };
  assert([categoryIds, productIds, offerIds].every((list) => list.length <= MAX_TARGETS));
  // One session runs one command at a time.
  const categories = categoryIds.length > 0 ? await findCategories(store, categoryIds, session) : [];
  const products = productIds.length > 0 ? await findProducts(store, productIds, session) : [];
  const offers = offerIds.length > 0 ? await findOffers(store, offerIds, session) : [];
  return [
    ...missing('categoryIds', categoryIds, categories),
    ...missing('productIds', productIds, products),
    ...missing(
      'offerIds',
      offerIds,
      offers.filter((offer) => vendorId === null || offer.vendorId === vendorId),
    ),
  ];
}

function codeTaken(): { ok: false; rejection: readonly Refusal[] } {
  return refuse('CONFLICT', 'This code, or one that looks like it, is taken.', ['code']);
}
