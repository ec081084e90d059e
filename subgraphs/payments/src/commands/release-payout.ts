import { accept, reject, type Result } from '@marketgraph/platform/core';
import { appendToOutbox, type EntityManager } from '@marketgraph/platform/postgres';
import { operationsOfPayout } from '../store/operations.ts';
import { findPayout, findRequested, isDue, lockAccountOf, lockPayout, settlementsOfPayouts } from '../store/payouts.ts';
import type { PayoutRow } from '../store/refund.entity.ts';
import type { SettlementRow } from '../store/settlement.entity.ts';
import { claimKey } from './claim-key.ts';
import type { Caller, PaymentsDeps } from './payments-deps.ts';
import { runOperation } from './run-operation.ts';
import { MAX_SETTLEMENTS, startPayout } from './start-payout.ts';
import { tellPayout } from './tell-payout.ts';

export interface ReleasePayout {
  vendorId: string;
  /** Null: whatever of the vendor's may be released. */
  settlementIds: readonly string[] | null;
}

/**
 * An operator pays a vendor now instead of waiting for the job, or has a payout
 * tried again that was given up. Never before the return window has ended.
 */
export async function releasePayout(
  deps: PaymentsDeps,
  caller: Caller,
  input: ReleasePayout,
): Promise<Result<PayoutRow>> {
  if ((input.settlementIds?.length ?? 1) < 1 || (input.settlementIds?.length ?? 0) > MAX_SETTLEMENTS) {
    return reject('INVALID', `From 1 to ${MAX_SETTLEMENTS} settlements at a time.`, { field: ['settlementIds'] });
  }
  const claimed = await claimKey(deps, { caller, operation: 'payoutRelease', input }, (em) => decide(deps, em, input));
  if (!claimed.ok) return claimed;
  const { id } = claimed.value;
  const operations = await operationsOfPayout(deps.orm.em.fork(), id);
  for (const operation of operations) await runOperation(deps, operation.id);
  return accept((await findPayout(deps.orm.em.fork(), id))!);
}

async function decide(deps: PaymentsDeps, em: EntityManager, input: ReleasePayout): Promise<Result<string>> {
  const { vendorId, settlementIds } = input;
  const account = await lockAccountOf(em, vendorId);
  const rows = await findRequested(em, { vendorId, ids: settlementIds, limit: MAX_SETTLEMENTS });
  const missing = settlementIds?.find((id) => !rows.some((row) => row.id === id));
  if (missing) return reject('NOT_FOUND', 'No such settlement of this vendor.', { field: ['settlementIds'] });
  const [first] = rows;
  if (!first)
    return reject('ILLEGAL_TRANSITION', 'Nothing of this vendor can be released now.', { field: ['vendorId'] });
  const [startedWith] = rows.flatMap((row) => (row.status === 'RELEASABLE' && row.payoutId ? [row.payoutId] : []));
  if (startedWith) return retry(deps, em, startedWith);
  for (const row of rows) {
    const problem = await problemOf(em, row, first);
    if (problem) return reject('ILLEGAL_TRANSITION', problem, { field: ['settlementIds'] });
  }
  if (account?.status !== 'ACTIVE') {
    return reject('KYC_REQUIRED', `The vendor's account is ${account?.status ?? 'not there yet'}.`, {
      field: ['vendorId'],
    });
  }
  const now = deps.clock.now();
  for (const row of rows.filter(({ status }) => status === 'HELD')) {
    row.status = 'RELEASABLE';
    row.version += 1;
    row.updatedAt = now;
  }
  await em.flush();
  const ids = rows.map(({ id }) => id);
  const payout = await startPayout(deps, em, { vendorId, currency: first.currency, settlementIds: ids });
  return payout ? accept(payout.id) : reject('CONFLICT', 'The settlements have just been released.');
}

async function problemOf(em: EntityManager, row: SettlementRow, first: SettlementRow): Promise<string | null> {
  if (row.currency !== first.currency) return 'One payout is in one currency.';
  if (row.refunding > 0) return 'A refund of it is under way.';
  if (row.openReturns > 0) return 'A return of it is open.';
  if (row.openDisputes > 0) return 'A dispute of it is open.';
  if (row.status === 'RELEASABLE') return null;
  if (row.status !== 'HELD') return `A settlement that is ${row.status} cannot be released.`;
  return (await isDue(em, row.id)) ? null : 'The return window has not ended.';
}

/** What was given up is tried again, under the keys it had. */
async function retry(deps: PaymentsDeps, em: EntityManager, payoutId: string): Promise<Result<string>> {
  const payout = await lockPayout(em, payoutId);
  if (!payout) throw new Error(`Payout ${payoutId} is gone.`);
  const now = deps.clock.now();
  for (const operation of await operationsOfPayout(em, payoutId)) {
    if (operation.status !== 'HELD') continue;
    operation.status = 'PENDING';
    operation.nextTryAt = now;
    operation.updatedAt = now;
  }
  if (payout.status === 'FAILED') {
    payout.status = 'PROCESSING';
    payout.version += 1;
    payout.updatedAt = now;
  }
  await em.flush();
  await appendToOutbox(em, [tellPayout(payout, await settlementsOfPayouts(em, [payoutId]))], { ids: deps.ids, now });
  return accept(payoutId);
}
