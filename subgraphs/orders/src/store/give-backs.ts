import { money, type Money } from '@marketgraph/platform/core';
import type { EntityManager } from '@marketgraph/platform/postgres';
import type { GiveBack } from '../domain/give-back.ts';

/** A saga as it is stored: its state, what goes back, and when somebody must look at it again. */
export interface GiveBackRecord {
  id: string;
  orderId: string;
  vendorOrderId: string;
  returnId: string | null;
  /** Null: all that is left of the part. */
  amount: Money | null;
  reason: string;
  units: readonly { offerId: string; quantity: number }[];
  state: GiveBack;
  attempts: number;
}

interface Row {
  id: string;
  order_id: string;
  vendor_order_id: string;
  return_id: string | null;
  amount: string | null;
  currency_code: string;
  reason: string;
  units: { offerId: string; quantity: number }[];
  state: GiveBack;
  attempts: number;
}

const RECORDS = 'select g.*, o.currency_code from give_back g join orders o on o.id = g.order_id';

/** Fails on `give_back_part` or `give_back_return` when the same thing goes back already. */
export async function insertGiveBack(
  em: EntityManager,
  record: Omit<GiveBackRecord, 'attempts'>,
  now: Date,
): Promise<void> {
  const at = now.toISOString();
  await em.execute(
    `insert into give_back (id, order_id, vendor_order_id, return_id, amount, reason, units, status, state,
                            next_attempt_at, created_at, updated_at)
     values (?, ?, ?, ?, ?, ?, ?::jsonb, ?, ?::jsonb, ?, ?, ?)`,
    [
      record.id,
      record.orderId,
      record.vendorOrderId,
      record.returnId,
      record.amount?.amount ?? null,
      record.reason,
      JSON.stringify(record.units),
      record.state.status,
      JSON.stringify(record.state),
      at,
      at,
      at,
    ],
  );
}

/** Holds the row until the transaction ends: the steps of one saga follow one another. */
export async function lockGiveBack(em: EntityManager, id: string): Promise<GiveBackRecord | undefined> {
  const [row] = await em.execute<Row[]>(`${RECORDS} where g.id = ? for update of g`, [id]);
  return row && toRecord(row);
}

export async function saveGiveBack(
  em: EntityManager,
  { id, state }: GiveBackRecord,
  { now, nextAttemptAt }: { now: Date; nextAttemptAt: Date },
): Promise<void> {
  await em.execute(
    `update give_back set status = ?, state = ?::jsonb, attempts = 0, next_attempt_at = ?, updated_at = ? where id = ?`,
    [state.status, JSON.stringify(state), nextAttemptAt.toISOString(), now.toISOString(), id],
  );
}

export async function postponeGiveBack(em: EntityManager, id: string, nextAttemptAt: Date): Promise<void> {
  await em.execute('update give_back set attempts = attempts + 1, next_attempt_at = ? where id = ?', [
    nextAttemptAt.toISOString(),
    id,
  ]);
}

/** Takes what is due and puts its next look off by the lease, so that two sweepers do not work on the same. Index: give_back_due. */
export async function takeDueGiveBacks(
  em: EntityManager,
  { now, leaseUntil, limit }: { now: Date; leaseUntil: Date; limit: number },
): Promise<string[]> {
  const rows = await em.execute<{ id: string }[]>(
    `update give_back set next_attempt_at = ?
     where id in (
       select id from give_back where status not in ('DONE', 'FAILED') and next_attempt_at <= ?
       order by next_attempt_at limit ? for update skip locked)
     returning id`,
    [leaseUntil.toISOString(), now.toISOString(), limit],
  );
  return rows.map((row) => row.id);
}

function toRecord(row: Row): GiveBackRecord {
  return {
    id: row.id,
    orderId: row.order_id,
    vendorOrderId: row.vendor_order_id,
    returnId: row.return_id,
    amount: row.amount === null ? null : money(Number(row.amount), row.currency_code),
    reason: row.reason,
    units: row.units,
    state: row.state,
    attempts: row.attempts,
  };
}
