import { LockMode } from '@mikro-orm/core';
import type { EntityManager } from '@marketgraph/platform/postgres';
import type { OperationKind } from '../domain/payout.ts';
import { OperationRow } from './refund.entity.ts';

/** In the transaction that decides it, so that what was decided is done however that process ends. */
export function addOperation(
  em: EntityManager,
  operation: {
    kind: OperationKind;
    subjectId: string;
    settlementId?: string;
    payoutId?: string;
    vendorId?: string;
    currency: string;
    amount: number;
  },
  now: Date,
): OperationRow {
  const { kind, subjectId, settlementId = null, payoutId = null, vendorId = null, currency, amount } = operation;
  return em.create(OperationRow, {
    id: operationId(kind, subjectId),
    kind,
    subjectId,
    settlementId,
    payoutId,
    vendorId,
    currency,
    amount,
    status: 'PENDING',
    generation: 0,
    tries: 0,
    nextTryAt: now,
    createdAt: now,
    updatedAt: now,
  });
}

/** One operation per subject, by the primary key. */
export function operationId(kind: OperationKind, subjectId: string): string {
  return `${kind.toLowerCase()}:${subjectId}`;
}

export async function findOperation(em: EntityManager, id: string): Promise<OperationRow | null> {
  return em.findOne(OperationRow, { id });
}

export async function lockOperation(em: EntityManager, id: string): Promise<OperationRow | null> {
  return em.findOne(OperationRow, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true });
}

/** Index `provider_operation_payout`. */
export async function operationsOfPayout(em: EntityManager, payoutId: string): Promise<OperationRow[]> {
  return em.find(OperationRow, { payoutId }, { orderBy: { id: 'asc' } });
}

/**
 * Takes operations that are due and puts them off first, as `takeDuePayments`
 * does: two processes seldom try the same one, and if they do it is under the
 * same key. Index `provider_operation_due`.
 */
export async function takeDueOperations(em: EntityManager, now: Date, limit: number): Promise<string[]> {
  const rows = await em.execute<{ id: string }[]>(
    `update provider_operation set next_try_at = ?::timestamptz + interval '30 seconds'
      where id in (select id from provider_operation where status = 'PENDING' and next_try_at <= ?
                    order by next_try_at limit ? for update skip locked)
     returning id`,
    [now.toISOString(), now.toISOString(), limit],
  );
  return rows.map(({ id }) => id);
}

/** Counts a try before it is made: whoever comes next, here or elsewhere, looks first. False: it is at an end. */
export async function countTry(
  em: EntityManager,
  id: string,
  { now, next, generation }: { now: Date; next: Date; generation: number },
): Promise<boolean> {
  const rows = await em.execute<unknown[]>(
    `update provider_operation set tries = tries + 1, tried_at = ?, next_try_at = ?, generation = ?, updated_at = ?
      where id = ? and status = 'PENDING' and generation <= ? returning 1`,
    [now.toISOString(), next.toISOString(), generation, now.toISOString(), id, generation],
  );
  return rows.length > 0;
}

export async function postponeOperation(
  em: EntityManager,
  id: string,
  { until, error }: { until: Date; error: string | null },
): Promise<void> {
  await em.execute(
    `update provider_operation set next_try_at = ?, last_error = coalesce(?, last_error) where id = ? and status = 'PENDING'`,
    [until.toISOString(), error?.slice(0, 500) ?? null, id],
  );
}

/** The provider said no, and would say it again for this key: the next try is under another. */
export async function bumpGeneration(em: EntityManager, id: string, error: string): Promise<void> {
  await em.execute(
    `update provider_operation set generation = generation + 1, last_error = ? where id = ? and status = 'PENDING'`,
    [error.slice(0, 500), id],
  );
}

/** What of a settlement's transfer was taken back or is going to be; a refused reversal is not. */
export async function reversingOf(em: EntityManager, settlementId: string): Promise<number> {
  const [row] = await em.execute<{ total: string }[]>(
    `select coalesce(sum(amount), 0) as total from provider_operation
      where settlement_id = ? and kind = 'REVERSAL' and status in ('PENDING', 'SUCCEEDED')`,
    [settlementId],
  );
  return Number(row?.total ?? 0);
}

/**
 * What a vendor owes and is not about to give back: in one statement, because
 * the two halves of it change together.
 */
export async function debtOf(
  em: EntityManager,
  { vendorId, currency }: { vendorId: string; currency: string },
): Promise<number> {
  const [row] = await em.execute<{ debt: string }[]>(
    `select coalesce((select balance from ledger_account where kind = 'REFUNDS' and owner_id = ? and currency = ?), 0)
          - coalesce((select sum(amount) from provider_operation
                       where vendor_id = ? and currency = ? and kind = 'REVERSAL' and status = 'PENDING'), 0) as debt`,
    [vendorId, currency, vendorId, currency],
  );
  return Number(row?.debt ?? 0);
}
