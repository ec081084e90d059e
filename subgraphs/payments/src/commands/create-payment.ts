import {
  accept,
  betweenCrashPoints,
  type Money,
  reject,
  type Result,
  withoutCardNumbers,
} from '@marketgraph/platform/core';
import { appendToOutbox, type EntityManager } from '@marketgraph/platform/postgres';
import { type OwnIntent, ProviderRefusedError, ProviderUnavailableError, SEARCH_LAG_MS } from '../clients/provider.ts';
import { newPayment } from '../domain/intent.ts';
import { paymentMoved } from '../events/out.ts';
import type { PaymentRow } from '../store/payment.entity.ts';
import { findPayment, findPaymentOfOrder, insertPayment } from '../store/payments.ts';
import { claimKey } from './claim-key.ts';
import type { Caller, PaymentsDeps } from './payments-deps.ts';
import { recordIntent } from './record-intent.ts';
import { syncPayment } from './sync-payment.ts';
import { releaseHold } from './void-payment.ts';

export interface CreatePayment {
  orderId: string;
  cartId: string;
  buyerId: string;
  amount: Money;
  description: string;
}

/** The first check of a payment nobody confirmed; the buyer's webhook usually comes long before. */
export const FIRST_CHECK_MS = 30_000;

/**
 * One payment per order. Our row is written first, so that whatever the
 * provider knows, we know to ask for; then the provider's intent is made under
 * a key of the payment's own.
 */
export async function createPayment(
  deps: PaymentsDeps,
  caller: Caller,
  input: CreatePayment,
): Promise<Result<PaymentRow>> {
  if (input.amount.amount <= 0) return reject('INVALID', 'There is nothing to pay.', { field: ['amount'] });
  let fresh: PaymentRow | undefined;
  const read = (em: EntityManager) => findPaymentOfOrder(em, input.orderId);
  const claimed = await claimKey(deps, { caller, operation: 'paymentCreate', input, read }, async (em, known) => {
    // Tried again after a lost race, it may be somebody else's by now.
    fresh = undefined;
    if (!known) {
      fresh = await openPayment(deps, em, input);
      return accept(fresh.id);
    }
    const isSame =
      known.amount === input.amount.amount &&
      known.currency === input.amount.currencyCode &&
      known.buyerId === input.buyerId &&
      known.cartId === input.cartId;
    return isSame ? accept(known.id) : reject('CONFLICT', 'The order has a payment of another amount.');
  });
  if (!claimed.ok) return claimed;
  const { id: paymentId } = claimed.value;
  try {
    return accept(await ensureIntent(deps, paymentId, fresh));
  } catch (error) {
    if (!(error instanceof ProviderRefusedError)) throw error;
    // E.g. less than the smallest amount the provider takes: it never will, so the payment ends here.
    await releaseHold(deps, paymentId);
    return reject('INVALID', error.message, { field: ['amount'] });
  }
}

async function openPayment(deps: PaymentsDeps, em: EntityManager, input: CreatePayment): Promise<PaymentRow> {
  const { orderId, cartId, buyerId, amount, description } = input;
  const now = deps.clock.now();
  const payment = newPayment(deps.ids.next('pay'), amount);
  const row = await insertPayment(em, {
    id: payment.id,
    orderId,
    cartId,
    buyerId,
    description: withoutCardNumbers(description),
    currency: amount.currencyCode,
    amount: amount.amount,
    status: payment.status,
    // The first try follows at once: it is counted here, before it is made.
    createTries: 1,
    createTriedAt: now,
    nextCheckAt: new Date(now.getTime() + FIRST_CHECK_MS),
    createdAt: now,
  });
  const event = paymentMoved(payment, { orderId, cartId, buyerId, previousStatus: null, version: 1 });
  await appendToOutbox(em, [event], { ids: deps.ids, now });
  return row;
}

/** `fresh` is the row as this very call has written it. */
function ensureIntent(deps: PaymentsDeps, paymentId: string, fresh?: PaymentRow): Promise<PaymentRow> {
  return deps.creating(paymentId, async () => {
    const row = fresh ?? (await findPayment(deps.orm.em.fork(), paymentId));
    if (!row) throw new Error(`Payment ${paymentId} is gone.`);
    if (row.gatewayReference || row.closedAt) return row;
    const own = fresh ? await create(deps, row) : await findOrCreate(deps, row);
    const recorded =
      (await recordIntent(deps, { paymentId, version: row.version }, own)) ??
      (await syncUnlessAttached(deps, paymentId))!;
    // Given up while the provider was slow: nobody may confirm it any more.
    const isGivenUp = recorded.orderFailedAt || recorded.status === 'VOIDED';
    return isGivenUp ? ((await releaseHold(deps, paymentId)) ?? recorded) : recorded;
  });
}

async function syncUnlessAttached(deps: PaymentsDeps, paymentId: string): Promise<PaymentRow | null> {
  const row = await findPayment(deps.orm.em.fork(), paymentId);
  return row?.gatewayReference ? row : syncPayment(deps, paymentId);
}

/**
 * After a try of unknown outcome the provider is asked before it is told again.
 * It repeats a stored failure for a key it has seen, so once its search is
 * certain to know what there is, and there is nothing, the next try gets a new key.
 */
async function findOrCreate(deps: PaymentsDeps, row: PaymentRow): Promise<OwnIntent> {
  if (row.createTriedAt) {
    const found = await deps.provider.findIntent(row.id);
    if (found) return found;
  }
  return create(deps, { ...row, createTries: await countTry(deps, row) });
}

async function create(deps: PaymentsDeps, row: PaymentRow): Promise<OwnIntent> {
  const request = {
    paymentId: row.id,
    orderId: row.orderId,
    amount: newPayment(row.id, { amount: row.amount, currencyCode: row.currency }).amount,
    description: row.description,
    idempotencyKey: `intent:${row.id}:${row.createTries}`,
  };
  try {
    return await betweenCrashPoints('provider.create', () => deps.provider.createIntent(request));
  } catch (error) {
    const found = error instanceof ProviderUnavailableError ? await deps.provider.findIntent(row.id) : null;
    if (found) return found;
    throw error;
  }
}

async function countTry(deps: PaymentsDeps, row: PaymentRow): Promise<number> {
  const now = deps.clock.now();
  const isCertain = !row.createTriedAt || now.getTime() - row.createTriedAt.getTime() > SEARCH_LAG_MS;
  if (!isCertain) return row.createTries;
  const [counted] = await deps.orm.em
    .fork()
    .execute<{ create_tries: number }[]>(
      'update payment set create_tries = create_tries + 1, create_tried_at = ? where id = ? and create_tries = ? returning create_tries',
      [now.toISOString(), row.id, row.createTries],
    );
  return Number(counted?.create_tries ?? row.createTries + 1);
}
