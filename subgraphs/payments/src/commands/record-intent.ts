import { betweenCrashPoints, type Money } from '@marketgraph/platform/core';
import type { NewEvent } from '@marketgraph/platform/messaging';
import { appendToOutbox, type EntityManager, inTransaction } from '@marketgraph/platform/postgres';
import type { OwnIntent } from '../clients/provider.ts';
import { observe, type Observed } from '../domain/intent.ts';
import { bookCapture, bookFee, type Journal } from '../domain/ledger.ts';
import { isCaptured } from '../domain/payment.ts';
import { settle } from '../domain/settlement.ts';
import { paymentMoved } from '../events/out.ts';
import { rulesFor } from '../store/commission-rules.ts';
import { book } from '../store/ledger.ts';
import type { PaymentRow } from '../store/payment.entity.ts';
import { rememberMethod } from '../store/payment-methods.ts';
import { lockSettlements } from '../store/refunds.ts';
import { isUnsold, lockPayment, lockPlainPayment, savePayment, toPayment } from '../store/payments.ts';
import { toPart } from '../store/settle-plan.ts';
import { type AddedSettlement, addSettlements } from '../store/settlements.ts';
import { addTransactions } from '../store/transactions.ts';
import { holdNewSettlements } from './end-disputes.ts';
import type { PaymentsDeps } from './payments-deps.ts';
import { tellSettlement } from './tell-settlement.ts';

/**
 * Everything that one look at the provider means to us, in one transaction:
 * status, transactions, ledger, settlements and events. Only for a payment that
 * is still at the version it had before the look: so a look is never older than
 * what is recorded, whoever else looked meanwhile. Resolves to the payment as it is then; null means: look again.
 */
export async function recordIntent(
  deps: PaymentsDeps,
  seen: { paymentId: string; version: number },
  own: Pick<OwnIntent, 'intent' | 'clientSecret'>,
): Promise<PaymentRow | null> {
  const now = deps.clock.now();
  let captured: Money | undefined;
  const recorded = await betweenCrashPoints('payment.record', () =>
    inTransaction(deps.orm, async (em) => {
      const row = await lockPlainPayment(em, seen.paymentId);
      if (!row || row.version !== seen.version) return null;
      if (row.gatewayReference && row.gatewayReference !== own.intent.reference) {
        throw new Error(`Payment ${row.id} belongs to another intent than ${own.intent.reference}.`);
      }
      const observed = observe(toPayment(row), own.intent);
      const applied = await apply(deps, em, row, { observed, own, now });
      await appendToOutbox(em, applied.events, { ids: deps.ids, now });
      captured = observed.newlyCaptured;
      return applied.payment;
    }),
  );
  if (recorded && captured && captured.amount > 0) {
    deps.counts.captured.of(captured.currencyCode).inc(captured.amount);
  }
  return recorded;
}

async function apply(
  deps: PaymentsDeps,
  em: EntityManager,
  row: PaymentRow,
  { observed, own, now }: { observed: Observed; own: Pick<OwnIntent, 'intent' | 'clientSecret'>; now: Date },
): Promise<Applied> {
  const previousStatus = row.status;
  const before = JSON.stringify(row);
  row.gatewayReference = own.intent.reference;
  row.clientSecret ??= own.clientSecret;
  row.status = observed.status;
  row.authorizedAmount = observed.authorized.amount;
  row.capturedAmount = observed.captured.amount;
  row.methodKind = observed.method?.kind ?? null;
  row.methodBrand = observed.method?.brand ?? null;
  row.methodLast4 = observed.method?.last4 ?? null;
  row.methodExpiry = observed.method?.expiry ?? null;
  row.failureCode = observed.failure?.code ?? null;
  row.failureMessage = observed.failure?.message ?? null;
  await addTransactions(em, row, observed.transactions, { ids: deps.ids, now });
  const reference = own.intent.chargeReference ?? own.intent.reference;
  const journals: Journal[] = [];
  if (observed.newlyCaptured.amount > 0) {
    journals.push(bookCapture(row.id, observed.newlyCaptured, reference));
  }
  if (observed.newFee) {
    row.feeAmount = observed.newFee.amount;
    const fee = observed.newFee.amount > 0 ? bookFee(reference, observed.newFee) : null;
    if (fee) journals.push(fee);
  }
  // Asked for together, and so in this order.
  const [settlements] = await Promise.all([
    settleWhatWasPlanned(deps, em, row, now),
    ...journals.map((journal) => book(em, journal, { ids: deps.ids, now, paymentId: row.id })),
  ]);
  // Captured and not settled yet is the one end at which something is still owed.
  const isOwed = isCaptured(row.status) && row.settlePlan && !row.settledAt;
  const isDone = observed.isFinal && !isOwed && !isUnsold(row);
  row.closedAt = isDone ? (row.closedAt ?? now) : null;
  if (JSON.stringify(row) === before) return { payment: row, events: [] };
  row.version += 1;
  row.updatedAt = now;
  await savePayment(em, row);
  if (row.status === 'DISPUTED' && settlements.length > 0) return holdAsDisputed(deps, em, row.id);
  if (row.status === previousStatus) return { payment: row, events: settlements.map(tellSettlement) };
  if (row.status === 'AUTHORIZED' && observed.method?.last4) {
    await rememberMethod(em, row.buyerId, observed.method, { ids: deps.ids, now });
  }
  const { orderId, cartId, buyerId, version } = row;
  const moved = paymentMoved(toPayment(row), { orderId, cartId, buyerId, previousStatus, version });
  return { payment: row, events: [moved, ...settlements.map(tellSettlement)] };
}

interface Applied {
  /** As it is then. */
  payment: PaymentRow;
  events: NewEvent[];
}

/** The first settlements of a payment that is disputed by the time it is settled. */
async function holdAsDisputed(deps: PaymentsDeps, em: EntityManager, paymentId: string): Promise<Applied> {
  const payment = (await lockPayment(em, paymentId))!;
  const settlements = await lockSettlements(em, paymentId);
  const ended = await holdNewSettlements(deps, em, { payment, settlements });
  await em.flush();
  return { payment, events: [...ended, ...settlements.map(tellSettlement)] };
}

/** One settlement per vendor order, once the money is here. Commission is frozen at the rules of this moment. */
async function settleWhatWasPlanned(
  deps: PaymentsDeps,
  em: EntityManager,
  row: PaymentRow,
  now: Date,
): Promise<AddedSettlement[]> {
  if (!row.settlePlan || row.settledAt || !isCaptured(row.status)) return [];
  const parts = row.settlePlan.map((part) => toPart(part, row.currency));
  const planned = parts.reduce((total, part) => total + part.gross.amount, 0);
  if (planned !== row.capturedAmount) {
    deps.log.error(
      { paymentId: row.id, planned, captured: row.capturedAmount },
      'captured is not what was to be settled',
    );
    return [];
  }
  const rules = await rulesFor(em, {
    vendorIds: parts.map((part) => part.vendorId),
    categoryIds: parts.flatMap((part) => part.categoryIds),
  });
  const settlements = settle(parts, { rules, commissionTaxRate: deps.commissionTaxRate, at: now });
  row.settledAt = now;
  return addSettlements(em, row, settlements, { ids: deps.ids, now });
}
