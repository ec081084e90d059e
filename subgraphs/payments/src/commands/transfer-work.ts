import { betweenCrashPoints, money } from '@marketgraph/platform/core';
import { appendToOutbox, type EntityManager, inTransaction } from '@marketgraph/platform/postgres';
import { bookReversal, bookTransfer } from '../domain/ledger.ts';
import { payoutStatus } from '../domain/payout.ts';
import { book } from '../store/ledger.ts';
import { bumpGeneration, findOperation, lockOperation, operationsOfPayout } from '../store/operations.ts';
import { findPayment } from '../store/payments.ts';
import { chargeOf, lockPayout, lockSettlement, settlementsOfPayouts } from '../store/payouts.ts';
import { findAccountsOfVendors } from '../store/payout-accounts.ts';
import { type OperationRow, RefundPartRow } from '../store/refund.entity.ts';
import { findSettlements } from '../store/settlements.ts';
import { addTransactions } from '../store/transactions.ts';
import { asking } from './asking.ts';
import type { OperationWork } from './operation-work.ts';
import type { PaymentsDeps } from './payments-deps.ts';
import { tellPayout } from './tell-payout.ts';
import { tellSettlement } from './tell-settlement.ts';

/** After so many tries somebody has to look at it: the money stays with us, the payout is FAILED. */
const MAX_TRIES = 8;

/** Sends a settlement's net to its vendor's account, out of the charge it came with. */
export async function transferWork(deps: PaymentsDeps, operation: OperationRow): Promise<OperationWork> {
  const em = deps.orm.em.fork();
  const [settlement] = await findSettlements(em, [operation.settlementId!]);
  if (!settlement) throw new Error(`Settlement ${operation.settlementId} is gone.`);
  const [account] = await findAccountsOfVendors(em, [settlement.vendorId]);
  const chargeReference = await chargeOf(em, settlement.paymentId);
  const destination = account?.providerReference;
  if (!destination || !chargeReference) throw new Error(`Settlement ${settlement.id} cannot be transferred.`);
  const { id: settlementId, orderId } = settlement;
  return {
    async look() {
      const listed = await deps.provider.listTransfers(orderId);
      const found = listed.find((transfer) => transfer.settlementId === settlementId);
      if (found) await recordTransfer(deps, operation.id, found.reference);
      return found !== undefined;
    },
    async ask(amount, idempotencyKey) {
      const request = { settlementId, orderId, destination, chargeReference, amount, idempotencyKey };
      const made = await asking('TRANSFER', () => deps.provider.transfer(request));
      await recordTransfer(deps, operation.id, made.reference);
    },
    async refused(error) {
      await bumpGeneration(deps.orm.em.fork(), operation.id, error.message);
      await recordTrouble(deps, operation, { problem: error.message, isLast: operation.tries + 1 >= MAX_TRIES });
    },
    unanswered: (tries) =>
      recordTrouble(deps, operation, { problem: 'The provider does not answer.', isLast: tries >= MAX_TRIES }),
  };
}

async function recordTransfer(deps: PaymentsDeps, operationId: string, reference: string): Promise<void> {
  await betweenCrashPoints('transfer.record', () =>
    inTransaction(deps.orm, async (em) => {
      const operation = await lockOperationOf(em, operationId);
      if (!operation || operation.row.status === 'SUCCEEDED') return;
      const { row, settlement } = operation;
      const now = deps.clock.now();
      row.status = 'SUCCEEDED';
      row.gatewayReference = reference;
      row.updatedAt = now;
      settlement.status = 'RELEASED';
      settlement.transferReference = reference;
      settlement.transferred = row.amount;
      settlement.releaseProblem = null;
      settlement.version += 1;
      settlement.updatedAt = now;
      const amount = money(row.amount, row.currency);
      const { id, vendorId, paymentId } = settlement;
      await book(em, bookTransfer(id, vendorId, amount), { ids: deps.ids, now, paymentId });
      await addFact(deps, em, { paymentId, type: 'TRANSFER', reference, row });
      await em.flush();
      await appendToOutbox(em, [tellSettlement(settlement)], { ids: deps.ids, now });
      await foldPayout(deps, em, row.payoutId!, null);
    }),
  );
}

/** The payout is not done; why is told to whoever looks. The last time an operator has to decide. */
async function recordTrouble(
  deps: PaymentsDeps,
  operation: OperationRow,
  { problem, isLast }: { problem: string; isLast: boolean },
): Promise<void> {
  if (isLast) deps.log.error({ operation: operation.id, problem }, 'a vendor could not be paid; its money is held');
  await inTransaction(deps.orm, async (em) => {
    const locked = await lockOperationOf(em, operation.id);
    if (locked?.row.status !== 'PENDING') return;
    locked.settlement.releaseProblem = problem.slice(0, 500);
    locked.settlement.updatedAt = deps.clock.now();
    if (isLast) locked.row.status = 'HELD';
    locked.row.lastError = problem.slice(0, 500);
    await em.flush();
    await foldPayout(deps, em, operation.payoutId!, problem);
  });
}

/** The payout is what its transfers are. */
async function foldPayout(
  deps: PaymentsDeps,
  em: EntityManager,
  payoutId: string,
  problem: string | null,
): Promise<void> {
  const payout = await lockPayout(em, payoutId);
  if (!payout) throw new Error(`Payout ${payoutId} is gone.`);
  const operations = await operationsOfPayout(em, payoutId);
  const status = payoutStatus(operations);
  const reason = status === 'PAID' ? null : (problem ?? payout.failureReason ?? null);
  if (status === payout.status && reason === (payout.failureReason ?? null)) return;
  const now = deps.clock.now();
  payout.status = status;
  payout.failureReason = reason?.slice(0, 500) ?? null;
  payout.arrivedAt = status === 'PAID' ? now : null;
  payout.version += 1;
  payout.updatedAt = now;
  await em.flush();
  const settlements = await settlementsOfPayouts(em, [payoutId]);
  await appendToOutbox(em, [tellPayout(payout, settlements)], { ids: deps.ids, now });
}

/** Takes back what a vendor was paid and owes for a refund. Null: the transfer itself is still on its way. */
export async function reversalWork(deps: PaymentsDeps, operation: OperationRow): Promise<OperationWork | null> {
  const [settlement] = await findSettlements(deps.orm.em.fork(), [operation.settlementId!]);
  if (!settlement) throw new Error(`Settlement ${operation.settlementId} is gone.`);
  const { transferReference } = settlement;
  if (!transferReference) return null;
  return {
    async look() {
      const listed = await deps.provider.listReversals(transferReference);
      const found = listed.find((reversal) => reversal.operationId === operation.id);
      if (found) await recordReversal(deps, operation.id, found.reference);
      return found !== undefined;
    },
    async ask(amount, idempotencyKey) {
      const request = { transferReference, operationId: operation.id, amount, idempotencyKey };
      const made = await asking('REVERSAL', () => deps.provider.reverseTransfer(request));
      await recordReversal(deps, operation.id, made.reference);
    },
    async refused(error) {
      // The vendor has spent it: it stays a debt, which its next settlement is set off against.
      deps.log.warn({ operation: operation.id, reason: error.message }, 'transfer could not be taken back');
      await inTransaction(deps.orm, async (em) => {
        const row = await lockOperation(em, operation.id);
        if (row?.status !== 'PENDING') return;
        row.status = 'FAILED';
        row.lastError = error.message.slice(0, 500);
        row.updatedAt = deps.clock.now();
        await em.flush();
      });
    },
    unanswered: async () => {},
  };
}

async function recordReversal(deps: PaymentsDeps, operationId: string, reference: string): Promise<void> {
  await betweenCrashPoints('reversal.record', () =>
    inTransaction(deps.orm, async (em) => {
      const operation = await lockOperationOf(em, operationId);
      if (operation?.row.status !== 'PENDING') return;
      const { row, settlement } = operation;
      const now = deps.clock.now();
      row.status = 'SUCCEEDED';
      row.gatewayReference = reference;
      row.updatedAt = now;
      settlement.reversed += row.amount;
      if (settlement.gross === 0 && settlement.reversed === settlement.transferred) settlement.status = 'REVERSED';
      settlement.version += 1;
      settlement.updatedAt = now;
      const part = await em.findOne(RefundPartRow, { id: row.subjectId });
      if (part) part.reversalReference = reference;
      const amount = money(row.amount, row.currency);
      const { vendorId, paymentId } = settlement;
      await book(em, bookReversal(row.id, vendorId, amount), { ids: deps.ids, now, paymentId });
      await addFact(deps, em, { paymentId, type: 'TRANSFER_REVERSAL', reference, row });
      await em.flush();
      await appendToOutbox(em, [tellSettlement(settlement)], { ids: deps.ids, now });
    }),
  );
}

/** Settlement first, then the operation, as a refund locks them. */
async function lockOperationOf(em: EntityManager, id: string) {
  const known = await findOperation(em, id);
  const settlement = known?.settlementId ? await lockSettlement(em, known.settlementId) : null;
  const row = await lockOperation(em, id);
  return row && settlement ? { row, settlement } : null;
}

async function addFact(
  deps: PaymentsDeps,
  em: EntityManager,
  fact: { paymentId: string; type: 'TRANSFER' | 'TRANSFER_REVERSAL'; reference: string; row: OperationRow },
): Promise<void> {
  const { paymentId, type, reference, row } = fact;
  const payment = await findPayment(em, paymentId);
  if (!payment) throw new Error(`Payment ${paymentId} is gone.`);
  const amount = money(row.amount, row.currency);
  const transaction = { type, status: 'SUCCEEDED' as const, amount, gatewayReference: reference, failureCode: null };
  await addTransactions(em, payment, [transaction], { ids: deps.ids, now: deps.clock.now() });
}
