import { LockMode } from '@mikro-orm/core';
import type { CursorKey } from '@marketgraph/platform/graphql';
import type { EntityManager } from '@marketgraph/platform/postgres';
import { PayoutRow } from './refund.entity.ts';
import { PayoutAccountRow, SettlementRow } from './settlement.entity.ts';

/** The end of the return window is by the database's clock: every copy of the service reads the same one. */
export async function lockDueSettlements(em: EntityManager, limit: number): Promise<SettlementRow[]> {
  const rows = await em.execute<{ id: string }[]>(
    `select id from settlement where status = 'HELD' and release_at <= now() and open_returns = 0 and open_disputes = 0
      order by release_at limit ? for update skip locked`,
    [limit],
  );
  if (rows.length === 0) return [];
  return em.find(SettlementRow, { id: { $in: rows.map(({ id }) => id) } }, { orderBy: { id: 'asc' } });
}

export interface ReleasableGroup {
  vendorId: string;
  currency: string;
  accountStatus: string | null;
}

/** Vendors with something to be paid; index `settlement_releasable`. What is being refunded or sent back waits until that has ended. */
export async function findReleasable(em: EntityManager, limit: number): Promise<ReleasableGroup[]> {
  const rows = await em.execute<{ vendor_id: string; currency: string; status: string | null }[]>(
    `select settlement.vendor_id, settlement.currency, account.status
       from settlement left join payout_account account on account.vendor_id = settlement.vendor_id
      where settlement.status = 'RELEASABLE' and settlement.released_at is null and settlement.refunding = 0
        and settlement.open_returns = 0 and settlement.open_disputes = 0
        and (account.status = 'ACTIVE' or settlement.release_problem is null)
      group by 1, 2, 3 order by min(settlement.updated_at) limit ?`,
    [limit],
  );
  return rows.map((row) => ({ vendorId: row.vendor_id, currency: row.currency, accountStatus: row.status }));
}

/** Says why nothing can be paid yet, where it is not said already. */
export async function explainWaiting(
  em: EntityManager,
  { vendorId, problem, now }: { vendorId: string; problem: string; now: Date },
): Promise<void> {
  await em.execute(
    `update settlement set release_problem = ?, updated_at = ?
      where vendor_id = ? and status = 'RELEASABLE' and released_at is null and release_problem is distinct from ?`,
    [problem, now.toISOString(), vendorId, problem],
  );
}

/** Held while a payout of the vendor is made, so that two of them never use up the same debt. */
export async function lockAccountOf(em: EntityManager, vendorId: string): Promise<PayoutAccountRow | null> {
  return em.findOne(PayoutAccountRow, { vendorId }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true });
}

/** The vendor's that may be paid now, oldest first, locked in the order of their ids. */
export async function lockReleasable(
  em: EntityManager,
  { vendorId, currency, ids, limit }: { vendorId: string; currency: string; ids?: readonly string[]; limit: number },
): Promise<SettlementRow[]> {
  return em.find(
    SettlementRow,
    {
      vendorId,
      currency,
      status: 'RELEASABLE',
      releasedAt: null,
      refunding: 0,
      openReturns: 0,
      openDisputes: 0,
      ...(ids ? { id: { $in: [...ids] } } : {}),
    },
    { orderBy: { id: 'asc' }, limit, lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true },
  );
}

export async function lockSettlement(em: EntityManager, id: string): Promise<SettlementRow | null> {
  return em.findOne(SettlementRow, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true });
}

export async function lockPayout(em: EntityManager, id: string): Promise<PayoutRow | null> {
  return em.findOne(PayoutRow, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true });
}

export async function findPayout(em: EntityManager, id: string): Promise<PayoutRow | null> {
  return em.findOne(PayoutRow, { id });
}

export async function findPayouts(em: EntityManager, ids: readonly string[]): Promise<PayoutRow[]> {
  return em.find(PayoutRow, { id: { $in: [...ids] } });
}

/** Newest first, one more than the page; index `payout_vendor`. */
export async function payoutsOf(
  em: EntityManager,
  vendorId: string,
  page: { limit: number; after?: CursorKey },
): Promise<PayoutRow[]> {
  const before = page.after ? { id: { $lt: String(page.after[0]) } } : {};
  return em.find(PayoutRow, { vendorId, ...before }, { orderBy: { id: 'desc' }, limit: page.limit + 1 });
}

/** Index `settlement_payout`; a payout has at most as many as one of them is made with. */
export async function settlementsOfPayouts(em: EntityManager, payoutIds: readonly string[]): Promise<SettlementRow[]> {
  return em.find(SettlementRow, { payoutId: { $in: [...payoutIds] } }, { orderBy: { id: 'asc' } });
}

/** The charge whose money a transfer takes: the reference of the capture; index `payment_transaction_payment`. */
export async function chargeOf(em: EntityManager, paymentId: string): Promise<string | null> {
  const [row] = await em.execute<{ gateway_reference: string }[]>(
    `select gateway_reference from payment_transaction
      where payment_id = ? and type = 'CAPTURE' and status = 'SUCCEEDED' order by position limit 1`,
    [paymentId],
  );
  return row?.gateway_reference ?? null;
}

/** What an operator asks to release, locked; without ids all that is due, or was begun and is not done. */
export async function findRequested(
  em: EntityManager,
  { vendorId, ids, limit }: { vendorId: string; ids: readonly string[] | null; limit: number },
): Promise<SettlementRow[]> {
  const chosen =
    ids ??
    (
      await em.execute<{ id: string }[]>(
        `select id from settlement
          where vendor_id = ? and refunding = 0 and open_returns = 0 and open_disputes = 0
            and (status = 'RELEASABLE' or (status = 'HELD' and release_at <= now()))
            and currency = (select currency from settlement where vendor_id = ? and refunding = 0 and open_returns = 0
                             and open_disputes = 0 and (status = 'RELEASABLE' or (status = 'HELD' and release_at <= now())) order by id limit 1)
          order by id limit ?`,
        [vendorId, vendorId, limit],
      )
    ).map(({ id }) => id);
  return em.find(
    SettlementRow,
    { vendorId, id: { $in: [...chosen] } },
    { orderBy: { id: 'asc' }, lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true },
  );
}

/** By the database's clock, as the job does it. */
export async function isDue(em: EntityManager, settlementId: string): Promise<boolean> {
  const rows = await em.execute<unknown[]>('select 1 from settlement where id = ? and release_at <= now()', [
    settlementId,
  ]);
  return rows.length > 0;
}

/** What of one payment went where, as it is now. */
export async function transferTotals(
  em: EntityManager,
  paymentId: string,
): Promise<{ refunded: number; transferred: number; reversed: number; fee: number | null }> {
  const [row] = await em.execute<(Record<'refunded' | 'transferred' | 'reversed', string> & { fee: string | null })[]>(
    `select refunded_amount as refunded, fee_amount as fee,
            (select coalesce(sum(transferred), 0) from settlement where payment_id = payment.id) as transferred,
            (select coalesce(sum(reversed), 0) from settlement where payment_id = payment.id) as reversed
       from payment where id = ?`,
    [paymentId],
  );
  return {
    refunded: Number(row?.refunded ?? 0),
    transferred: Number(row?.transferred ?? 0),
    reversed: Number(row?.reversed ?? 0),
    fee: row?.fee == null ? null : Number(row.fee),
  };
}
