import type { EntityManager } from '@marketgraph/platform/postgres';
import { DisputeRow } from './dispute.entity.ts';

/** All of a payment, oldest first; they change under the lock of their payment. Index `payment_dispute_payment`. */
export async function disputesOf(em: EntityManager, paymentId: string): Promise<DisputeRow[]> {
  return em.find(DisputeRow, { paymentId }, { orderBy: { id: 'asc' }, refresh: true });
}

/** Undecided, or lost and not divided yet. */
export function isUndone({ status, sharedAt }: DisputeRow): boolean {
  return status === 'OPEN' || (status === 'LOST' && !sharedAt);
}

/** What banks have of a payment and what its disputes cost, as it is now. */
export async function disputeTotals(
  em: EntityManager,
  paymentId: string,
): Promise<{ withdrawn: number; fees: number; shared: number }> {
  const [row] = await em.execute<Record<'withdrawn' | 'fees' | 'shared', string>[]>(
    `select coalesce(sum(withdrawn), 0) as withdrawn, coalesce(sum(fee), 0) as fees,
            (select coalesce(sum(amount), 0) from refund where payment_id = ? and dispute_id is not null) as shared
       from payment_dispute where payment_id = ?`,
    [paymentId, paymentId],
  );
  return {
    withdrawn: Number(row?.withdrawn ?? 0),
    fees: Number(row?.fees ?? 0),
    shared: Number(row?.shared ?? 0),
  };
}
