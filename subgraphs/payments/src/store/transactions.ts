import type { Ids } from '@marketgraph/platform/core';
import type { EntityManager } from '@marketgraph/platform/postgres';
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
  for (const { type, status, amount, gatewayReference, failureCode } of transactions) {
    await em.execute(
      `insert into payment_transaction
         (id, payment_id, order_id, type, status, currency, amount, gateway_reference, failure_code, at)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       on conflict (gateway_reference, type, status) do nothing`,
      [
        ids.next('ptx'),
        payment.id,
        payment.orderId,
        type,
        status,
        amount.currencyCode,
        amount.amount,
        gatewayReference,
        failureCode,
        now.toISOString(),
      ],
    );
  }
}

/** Oldest first; index `payment_transaction_payment`. */
export async function findTransactionsOf(em: EntityManager, paymentIds: readonly string[]): Promise<TransactionRow[]> {
  return em.find(TransactionRow, { paymentId: { $in: [...paymentIds] } }, { orderBy: { position: 'asc' } });
}

export async function findTransactions(em: EntityManager, ids: readonly string[]): Promise<TransactionRow[]> {
  return em.find(TransactionRow, { id: { $in: [...ids] } });
}
