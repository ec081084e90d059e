import type { Ids } from '@marketgraph/platform/core';
import { type EntityManager, executeAlong } from '@marketgraph/platform/postgres';
import type { NewTransaction } from '../domain/payment.ts';
import { type PaymentRow, TransactionRow } from './payment.entity.ts';

/**
 * Written once and never changed: the unique index on (gateway_reference, type,
 * status) makes the same fact, reported again, no second row.
 */
export async function addTransactions(
  em: EntityManager,
  payment: PaymentRow,
  transactions: readonly NewTransaction[],
  { ids, now }: { ids: Ids; now: Date },
): Promise<void> {
  if (transactions.length === 0) return;
  const rows = transactions.map(({ type, status, amount, gatewayReference, failureCode }) => ({
    id: ids.next('ptx'),
    type,
    status,
    currency: amount.currencyCode,
    amount: amount.amount,
    gateway_reference: gatewayReference,
    failure_code: failureCode,
  }));
  await executeAlong(
    em,
    `insert into payment_transaction
       (id, payment_id, order_id, type, status, currency, amount, gateway_reference, failure_code, at)
     select fact.id, ?, ?, fact.type, fact.status, fact.currency, fact.amount, fact.gateway_reference,
            fact.failure_code, ?::timestamptz
       from rows from (jsonb_to_recordset(?::jsonb) as (id text, type text, status text, currency text, amount bigint,
         gateway_reference text, failure_code text))
         with ordinality as fact(id, type, status, currency, amount, gateway_reference, failure_code, place)
      order by fact.place
     on conflict (gateway_reference, type, status) do nothing`,
    [payment.id, payment.orderId, now.toISOString(), JSON.stringify(rows)],
  );
}

/** Oldest first; index `payment_transaction_payment`. */
export async function findTransactionsOf(em: EntityManager, paymentIds: readonly string[]): Promise<TransactionRow[]> {
  return em.find(TransactionRow, { paymentId: { $in: [...paymentIds] } }, { orderBy: { position: 'asc' } });
}

export async function findTransactions(em: EntityManager, ids: readonly string[]): Promise<TransactionRow[]> {
  return em.find(TransactionRow, { id: { $in: [...ids] } });
}
