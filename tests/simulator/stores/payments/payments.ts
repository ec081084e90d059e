import type { EntityManager } from '@marketgraph/platform/postgres';
import type { PaymentRow } from '../../../../subgraphs/payments/src/store/payment.entity.ts';
import type * as real from '../../../../subgraphs/payments/src/store/payments.ts';
import { memoryOf, statement } from '../../world/memory-orm.ts';
import { paymentsTables } from '../../world/payments-tables.ts';

export * from '../../../../subgraphs/payments/src/store/payments.ts';

export const lockPayment: typeof real.lockPayment = (em, id) =>
  statement(em, async (transaction) => {
    const { payments } = paymentsTables(em);
    const row = await transaction.lock(payments, id);
    return row ? memoryOf(em).manage(payments, row) : null;
  });

function findOne(em: EntityManager, is: (row: PaymentRow) => boolean): Promise<PaymentRow | null> {
  return statement(em, (transaction) => {
    const row = transaction
      .all(paymentsTables(em).payments)
      .toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime())
      .find(is);
    return row ? { ...row } : null;
  });
}

export const findPayment: typeof real.findPayment = (em, id) =>
  statement(em, (transaction) => {
    const row = transaction.get(paymentsTables(em).payments, id);
    return row ? { ...row } : null;
  });

export const findPaymentOfOrder: typeof real.findPaymentOfOrder = (em, orderId) =>
  findOne(em, (row) => row.orderId === orderId);

export const findPaymentByReference: typeof real.findPaymentByReference = (em, reference) =>
  findOne(em, (row) => row.gatewayReference === reference);

export const findPaymentsByReference: typeof real.findPaymentsByReference = (em, references) =>
  statement(em, (transaction) =>
    transaction
      .all(paymentsTables(em).payments)
      .filter((row) => row.gatewayReference && references.includes(row.gatewayReference))
      .map((row) => ({ ...row })),
  );

export const findPaymentOfCart: typeof real.findPaymentOfCart = (em, cartId) =>
  findOne(em, (row) => row.cartId === cartId);

export const takeDuePayments: typeof real.takeDuePayments = (em, now, limit) =>
  statement(em, async (transaction) => {
    const { payments } = paymentsTables(em);
    const due = transaction
      .all(payments)
      .filter((row) => !row.closedAt && row.nextCheckAt <= now && transaction.canLock(payments, row.id))
      .toSorted((a, b) => a.nextCheckAt.getTime() - b.nextCheckAt.getTime())
      .slice(0, limit);
    for (const { id } of due) {
      await transaction.update(payments, id, ({ checks }) => ({
        checks: checks + 1,
        nextCheckAt: new Date(now.getTime() + Math.min(3_600_000, 15_000 * 2 ** Math.min(checks, 10))),
      }));
    }
    return due.map(({ id }) => id);
  });
