import type { NewEvent } from '@marketgraph/platform/messaging';
import { appendToOutbox, type EntityManager, inTransaction } from '@marketgraph/platform/postgres';
import type { ProviderDispute } from '../clients/provider-money.ts';
import { disputeStatusAfter } from '../domain/dispute.ts';
import { bookDisputeMovement } from '../domain/ledger.ts';
import { isCaptured, type NewTransaction } from '../domain/payment.ts';
import { DisputeRow } from '../store/dispute.entity.ts';
import { disputesOf } from '../store/disputes.ts';
import { book } from '../store/ledger.ts';
import type { PaymentRow } from '../store/payment.entity.ts';
import { lockPayment } from '../store/payments.ts';
import { lockSettlements } from '../store/refunds.ts';
import type { SettlementRow } from '../store/settlement.entity.ts';
import { addTransactions } from '../store/transactions.ts';
import { endDisputes, holdForDispute } from './end-disputes.ts';
import type { PaymentsDeps } from './payments-deps.ts';
import { tellSettlement } from './tell-settlement.ts';

/**
 * Everything that one look at a dispute means to us, in one transaction: what the bank took or gave back is booked, each of the
 * provider's movements once; while it is undecided no vendor of the payment is paid; a lost one is divided. The same look
 * again changes nothing, and an older one than is recorded neither.
 */
export async function recordDispute(deps: PaymentsDeps, paymentId: string, seen: ProviderDispute): Promise<void> {
  await inTransaction(deps.orm, async (em) => {
    const payment = await lockPayment(em, paymentId);
    if (!payment) throw new Error(`Payment ${paymentId} is gone.`);
    // Nothing can be disputed that was not taken: the look at the intent has to come first.
    if (!isCaptured(payment.status)) throw new Error(`Payment ${paymentId} is disputed and ${payment.status} here.`);
    const settlements = await lockSettlements(em, paymentId);
    const events = await apply(deps, em, { payment, settlements, seen });
    await em.flush();
    await appendToOutbox(em, events, { ids: deps.ids, now: deps.clock.now() });
  });
}

async function apply(
  deps: PaymentsDeps,
  em: EntityManager,
  { payment, settlements, seen }: { payment: PaymentRow; settlements: SettlementRow[]; seen: ProviderDispute },
): Promise<NewEvent[]> {
  const now = deps.clock.now();
  const known = (await disputesOf(em, payment.id)).find((one) => one.gatewayReference === seen.reference) ?? null;
  const previous = known?.status ?? null;
  const status = disputeStatusAfter(previous, seen.status);
  const row = known ?? opened(deps, em, { payment, seen, now });
  for (const movement of seen.movements) {
    const entry = bookDisputeMovement(movement, payment.currency);
    if (!entry || !(await book(em, entry, { ids: deps.ids, now, paymentId: payment.id }))) continue;
    row.withdrawn += movement.amount;
    row.fee += movement.fee;
    row.updatedAt = now;
    if (previous === 'LOST' && movement.amount < 0) {
      deps.log.error({ paymentId: payment.id, dispute: row.id }, 'a lost dispute came back: whoever sold is owed it');
    }
  }
  if (status === previous) return [];
  row.status = status;
  row.updatedAt = now;
  await em.flush();
  await addTransactions(em, payment, transactionsOf(seen, status), { ids: deps.ids, now });
  const opening = Number(status === 'OPEN') - Number(previous === 'OPEN');
  const held = opening === 0 ? [] : settlements;
  for (const settlement of held) holdForDispute(settlement, opening, now);
  const ended = await endDisputes(deps, em, { payment, settlements });
  return [...ended, ...held.map(tellSettlement)];
}

function opened(
  deps: PaymentsDeps,
  em: EntityManager,
  { payment, seen, now }: { payment: PaymentRow; seen: ProviderDispute; now: Date },
): DisputeRow {
  return em.create(DisputeRow, {
    id: deps.ids.next('pdp'),
    paymentId: payment.id,
    gatewayReference: seen.reference,
    currency: payment.currency,
    amount: seen.amount.amount,
    withdrawn: 0,
    fee: 0,
    status: 'OPEN',
    createdAt: now,
    updatedAt: now,
  });
}

/** As far as it has come: a look that shows the end says the beginning, too. */
function transactionsOf(seen: ProviderDispute, status: DisputeRow['status']): NewTransaction[] {
  const fact = {
    type: 'CHARGEBACK' as const,
    amount: seen.amount,
    gatewayReference: seen.reference,
    failureCode: null,
  };
  const end = { OPEN: null, WON: 'FAILED', LOST: 'SUCCEEDED' } as const;
  const last = end[status];
  return [{ ...fact, status: 'PENDING' }, ...(last ? [{ ...fact, status: last }] : [])];
}
