import { accept, isSameMoney, type Money, money, reject, type Result } from '@marketgraph/platform/core';
import { type EntityManager, hashOf, inTransaction } from '@marketgraph/platform/postgres';
import { isCaptured } from '../domain/payment.ts';
import { checkParts, type SettlementPart } from '../domain/settlement.ts';
import type { PaymentRow } from '../store/payment.entity.ts';
import { findPayment, lockPayment, lockPlainPayment, savePlan } from '../store/payments.ts';
import { toStoredPart } from '../store/settle-plan.ts';
import { captureAtProvider } from './capture-at-provider.ts';
import { claimKey } from './claim-key.ts';
import { FIRST_CHECK_MS } from './create-payment.ts';
import type { Caller, PaymentsDeps } from './payments-deps.ts';
import { recordIntent } from './record-intent.ts';
import { syncPayment } from './sync-payment.ts';
import { releaseHold } from './void-payment.ts';

export interface SettlePayment {
  paymentId: string;
  vendorOrders: readonly SettlementPart[];
}

/**
 * Takes the buyer's money for an order whose stock is confirmed, and gives each
 * vendor its held settlement. Three steps, each harmless to repeat: remember
 * the parts, capture at the provider, record everything the capture means. A
 * crash after the capture is mended by the next look at the provider, because
 * the parts are already here.
 */
export async function settlePayment(
  deps: PaymentsDeps,
  caller: Caller,
  input: SettlePayment,
): Promise<Result<PaymentRow>> {
  let planned: PaymentRow | undefined;
  const found = { isBehind: false };
  const read = (em: EntityManager) => lockPlainPayment(em, input.paymentId);
  const claim = (isLooked: boolean) =>
    claimKey(deps, { caller, operation: 'paymentSettle', input, read }, async (em, row) => {
      // Refused, so that nothing of it stays: the provider may know more.
      found.isBehind = row !== null && !isLooked && row.status !== 'AUTHORIZED' && !isCaptured(row.status);
      if (row && found.isBehind) return refusal(row);
      const outcome = await plan(deps, em, { input, row });
      if (!outcome.ok) return outcome;
      planned = outcome.value;
      return accept(planned.id);
    });
  let claimed = await claim(false);
  if (found.isBehind) {
    await syncPayment(deps, input.paymentId);
    claimed = await claim(true);
  }
  if (!claimed.ok) return claimed;

  const row = planned ?? (await findPayment(deps.orm.em.fork(), input.paymentId))!;
  if (row.settledAt) return accept(row);
  if (!row.settlePlan) return refusal(row);
  if (row.status === 'AUTHORIZED') {
    const total = money(
      row.settlePlan.reduce((sum, part) => sum + part.gross, 0),
      row.currency,
    );
    // Whoever hears of the capture meanwhile waits for what is recorded of it, instead of asking the provider as well.
    const { recorded, refused } = await deps.looking(row.id, async () => {
      const { own, refused } = await captureAtProvider(deps, row, total);
      const seen = { paymentId: row.id, version: row.version };
      return { refused, recorded: refused ? null : await recordIntent(deps, seen, own) };
    });
    if (refused) {
      // Another copy of this call may have been granted what was refused to us. Only an ended
      // intent makes the refusal final: whichever the provider heard first, both are told the same.
      const ended = await releaseHold(deps, row.id);
      if (ended?.settledAt) return accept(ended);
      await forget(deps, row.id, refused);
      return reject(refused.reason === 'declined' ? 'PAYMENT_DECLINED' : 'ILLEGAL_TRANSITION', refused.message);
    }
    if (recorded) return settled(recorded);
  }
  return settled((await syncPayment(deps, row.id, { isKnown: ({ settledAt }) => Boolean(settledAt) }))!);
}

function settled(row: PaymentRow): Result<PaymentRow> {
  return row.settledAt ? accept(row) : refusal(row);
}

function refusal(row: PaymentRow): Result<never> {
  if (isCaptured(row.status)) return reject('CONFLICT', 'Another amount was captured.');
  return row.failureMessage
    ? reject('PAYMENT_DECLINED', row.failureMessage)
    : reject('ILLEGAL_TRANSITION', `A payment that is ${row.status} cannot be settled.`);
}

async function plan(
  deps: PaymentsDeps,
  em: EntityManager,
  { input, row }: { input: SettlePayment; row: PaymentRow | null },
): Promise<Result<PaymentRow>> {
  if (!row) return reject('NOT_FOUND', 'No such payment.', { field: ['paymentId'] });
  const checked = checkParts(input.vendorOrders, money(row.amount, row.currency));
  if (!checked.ok) return checked;
  const parts = input.vendorOrders.map(toStoredPart);
  if (row.settlePlan) {
    // Asked again under another key: the same parts are the same settlement.
    return hashOf(row.settlePlan) === hashOf(parts)
      ? accept(row)
      : reject('CONFLICT', 'The payment is being settled with other parts.', { field: ['vendorOrders'] });
  }
  if (!canSettle(row, checked.value)) {
    return refusal(row);
  }
  const now = deps.clock.now();
  row.settlePlan = parts;
  row.closedAt = null;
  row.checks = 0;
  row.nextCheckAt = new Date(now.getTime() + FIRST_CHECK_MS);
  row.version += 1;
  row.updatedAt = now;
  await savePlan(em, row);
  return accept(row);
}

function canSettle(row: PaymentRow, total: Money): boolean {
  if (row.refundedAmount + row.refundingAmount > 0) return false;
  if (row.status === 'AUTHORIZED') return total.amount <= row.authorizedAmount;
  return isCaptured(row.status) && isSameMoney(total, money(row.capturedAmount, row.currency));
}

/** The provider said no: orders will give the stock back, so nothing may capture later. */
async function forget(deps: PaymentsDeps, paymentId: string, why: { code: string; message: string }): Promise<void> {
  await inTransaction(deps.orm, async (em) => {
    const row = await lockPayment(em, paymentId);
    if (!row || row.settledAt) return;
    row.settlePlan = null;
    row.failureCode = why.code;
    row.failureMessage = why.message;
    row.version += 1;
    row.updatedAt = deps.clock.now();
    await em.flush();
  });
}
