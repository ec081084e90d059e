import { type EntityManager, executeAlong } from '@marketgraph/platform/postgres';
import type { OrderFact } from '../domain/order.ts';

export interface HistoryEntry {
  sequence: number;
  id: string;
  type: OrderFact['type'];
  subjectId: string;
  from: string | null;
  to: string;
  actorId: string | null;
  at: Date;
}

/** Only ever added to; the database refuses anything else. */
export async function appendHistory(
  em: EntityManager,
  orderId: string,
  facts: readonly OrderFact[],
  { nextId, actorId, at }: { nextId: () => string; actorId: string | null; at: Date },
): Promise<void> {
  if (facts.length === 0) return;
  const rows = facts.map((fact) => ({
    id: nextId(),
    type: fact.type,
    subject_id: fact.subjectId,
    from_status: fact.from,
    to_status: fact.to,
    detail: 'detail' in fact ? fact.detail : null,
  }));
  await executeAlong(
    em,
    `insert into order_history (id, order_id, type, subject_id, from_status, to_status, detail, actor_id, at)
     select r.id, ?, r.type, r.subject_id, r.from_status, r.to_status, r.detail, ?, ?::timestamptz
     from jsonb_to_recordset(?::jsonb)
       as r (id text, type text, subject_id text, from_status text, to_status text, detail jsonb)`,
    [orderId, actorId, at.toISOString(), JSON.stringify(rows)],
  );
}

/** Oldest first. Without `subjects` the whole history. Index: order_history_order. */
export async function historyOfOrder(
  em: EntityManager,
  orderId: string,
  { after, limit, subjects }: { after?: number; limit: number; subjects?: readonly string[] },
): Promise<HistoryEntry[]> {
  const rows = await em.execute<HistoryRow[]>(
    `select * from order_history
     where order_id = ? and sequence > ?
       ${subjects ? 'and subject_id = any(array(select jsonb_array_elements_text(?::jsonb)))' : ''}
     order by sequence limit ?`,
    [orderId, after ?? 0, ...(subjects ? [JSON.stringify(subjects)] : []), limit],
  );
  return rows.map((row) => ({
    sequence: Number(row.sequence),
    id: row.id,
    type: row.type,
    subjectId: row.subject_id,
    from: row.from_status,
    to: row.to_status,
    actorId: row.actor_id,
    at: new Date(row.at),
  }));
}

/** The facts of an order, for its fold. */
export async function factsOfOrder(em: EntityManager, orderId: string): Promise<OrderFact[]> {
  const rows = await em.execute<HistoryRow[]>('select * from order_history where order_id = ? order by sequence', [
    orderId,
  ]);
  return rows.map(
    (row) =>
      ({
        type: row.type,
        subjectId: row.subject_id,
        from: row.from_status,
        to: row.to_status,
        ...(row.detail ? { detail: row.detail } : {}),
        // The columns hold what `appendHistory` wrote from a fact, so this is one.
      }) as OrderFact,
  );
}

interface HistoryRow {
  sequence: string;
  id: string;
  type: OrderFact['type'];
  subject_id: string;
  from_status: string | null;
  to_status: string;
  detail: unknown;
  actor_id: string | null;
  at: string;
}
