import { add, money, sum } from '@marketgraph/platform/core';
import type { NewEvent } from '@marketgraph/platform/messaging';
import { appendToOutbox, type EntityManager } from '@marketgraph/platform/postgres';
import { bookRelease } from '../domain/ledger.ts';
import { shareOut } from '../domain/payout.ts';
import { book } from '../store/ledger.ts';
import { addOperation, debtOf } from '../store/operations.ts';
import { lockReleasable } from '../store/payouts.ts';
import { PayoutRow } from '../store/refund.entity.ts';
import type { SettlementRow } from '../store/settlement.entity.ts';
import type { PaymentsDeps } from './payments-deps.ts';
import { tellPayout } from './tell-payout.ts';
import { tellSettlement } from './tell-settlement.ts';

/** As many settlements as one payout is made of; more make another. */
export const MAX_SETTLEMENTS = 50;

/**
 * Makes the vendor's money the vendor's: books the release of its settlements,
 * keeps back what it owes, and leaves one transfer for each of them to be done. This is
 * the moment after which a refund takes from the vendor and no longer from held
 * money: both decide under the settlement's lock, so one of them is first.
 * The caller holds the vendor's account, whose lock keeps its debt from being set off twice.
 */
export async function startPayout(
  deps: PaymentsDeps,
  em: EntityManager,
  { vendorId, currency, settlementIds }: { vendorId: string; currency: string; settlementIds?: readonly string[] },
): Promise<PayoutRow | null> {
  const rows = await lockReleasable(em, {
    vendorId,
    currency,
    limit: MAX_SETTLEMENTS,
    ...(settlementIds ? { ids: settlementIds } : {}),
  });
  if (rows.length === 0) return null;
  const now = deps.clock.now();
  const shares = shareOut(rows, await debtOf(em, { vendorId, currency }));
  const amount = sum(
    shares.map(({ transfer }) => money(transfer, currency)),
    currency,
  );
  const payout = em.create(PayoutRow, {
    id: deps.ids.next('pot'),
    vendorId,
    currency,
    amount: amount.amount,
    status: amount.amount > 0 ? 'PROCESSING' : 'PAID',
    arrivedAt: amount.amount > 0 ? null : now,
    version: 1,
    createdAt: now,
    updatedAt: now,
  });
  await em.flush();
  for (const [index, row] of rows.entries()) {
    const { offset, transfer } = shares[index]!;
    release(row, { payoutId: payout.id, offset, transfer, now });
    await bookShare(deps, em, row, now);
    if (transfer > 0) {
      const operation = { kind: 'TRANSFER' as const, subjectId: row.id, settlementId: row.id, payoutId: payout.id };
      addOperation(em, { ...operation, vendorId, currency, amount: transfer }, now);
    }
  }
  await em.flush();
  const events: NewEvent[] = [tellPayout(payout, rows), ...rows.map(tellSettlement)];
  await appendToOutbox(em, events, { ids: deps.ids, now });
  return payout;
}

function release(
  row: SettlementRow,
  { payoutId, offset, transfer, now }: { payoutId: string; offset: number; transfer: number; now: Date },
): void {
  row.payoutId = payoutId;
  row.releasedAt = now;
  row.offsetAmount = offset;
  row.transferAmount = transfer;
  row.releaseProblem = null;
  // Nothing to transfer: all of it was owed, or all of it is commission.
  if (transfer === 0) row.status = offset > 0 ? 'OFFSET' : 'RELEASED';
  row.version += 1;
  row.updatedAt = now;
}

async function bookShare(deps: PaymentsDeps, em: EntityManager, row: SettlementRow, now: Date): Promise<void> {
  const amount = (value: number) => money(value, row.currency);
  const [net, commission, commissionTax] = [amount(row.net), amount(row.commission), amount(row.commissionTax)];
  const gross = add(add(net, commission), commissionTax);
  const { id, vendorId, paymentId } = row;
  const offset = amount(row.offsetAmount);
  const entry = bookRelease({ id, vendorId, gross, commission, commissionTax, net, offset });
  await book(em, entry, { ids: deps.ids, now, paymentId });
}
