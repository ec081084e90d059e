import { LockMode } from '@mikro-orm/core';
import type { Ids } from '@marketgraph/platform/core';
import type { EntityManager } from '@marketgraph/platform/postgres';
import { PayoutAccountRow } from './settlement.entity.ts';

/** One per vendor, by the unique `vendor_id`: asked twice, there is still one. */
export async function addPayoutAccount(
  em: EntityManager,
  vendorId: string,
  { ids, now }: { ids: Ids; now: Date },
): Promise<void> {
  await em.execute(
    `insert into payout_account (id, vendor_id, status, next_try_at, version, created_at, updated_at)
     values (?, ?, 'PENDING', ?, 1, ?, ?) on conflict (vendor_id) do nothing`,
    [ids.next('pac'), vendorId, now.toISOString(), now.toISOString(), now.toISOString()],
  );
}

/** Takes accounts that the provider does not know yet, as `takeDuePayments` does; index `payout_account_to_open`. */
export async function takeUnopenedAccounts(
  em: EntityManager,
  now: Date,
  limit: number,
): Promise<{ id: string; vendorId: string }[]> {
  const rows = await em.execute<{ id: string; vendor_id: string }[]>(
    `update payout_account set tries = tries + 1,
            next_try_at = ?::timestamptz + least(interval '1 hour', interval '5 seconds' * power(2, least(tries, 10)))
      where id in (select id from payout_account where provider_reference is null and next_try_at <= ?
                    order by next_try_at limit ? for update skip locked)
     returning id, vendor_id`,
    [now.toISOString(), now.toISOString(), limit],
  );
  return rows.map((row) => ({ id: row.id, vendorId: row.vendor_id }));
}

export async function lockPayoutAccount(em: EntityManager, id: string): Promise<PayoutAccountRow | null> {
  return em.findOne(PayoutAccountRow, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true });
}

/** By the unique `provider_reference`. */
export async function findAccountByReference(em: EntityManager, reference: string): Promise<PayoutAccountRow | null> {
  return em.findOne(PayoutAccountRow, { providerReference: reference });
}

export async function findPayoutAccounts(em: EntityManager, ids: readonly string[]): Promise<PayoutAccountRow[]> {
  return em.find(PayoutAccountRow, { id: { $in: [...ids] } });
}

export async function findAccountsOfVendors(
  em: EntityManager,
  vendorIds: readonly string[],
): Promise<PayoutAccountRow[]> {
  return em.find(PayoutAccountRow, { vendorId: { $in: [...vendorIds] } });
}
