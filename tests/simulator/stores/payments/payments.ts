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

export const lockPlainPayment: typeof real.lockPlainPayment = (em, id) =>
  statement(em, async (transaction) => {
    const row = await transaction.lock(paymentsTables(em).payments, id);
    return row ? { ...row } : null;
  });

export const insertPayment: typeof real.insertPayment = (em, payment) =>
  statement(em, async (transaction) => {
    const nothing = { authorizedAmount: 0, capturedAmount: 0, refundedAmount: 0, refundingAmount: 0 };
    const row = { ...payment, ...nothing, checks: 0, version: 1, updatedAt: payment.createdAt } as PaymentRow;
    await transaction.insert(paymentsTables(em).payments, row.id, row);
    return { ...row };
  });

export const savePayment: typeof real.savePayment = (em, row) =>
  statement(em, async (transaction) => {
    await transaction.update(paymentsTables(em).payments, row.id, () => ({ ...row }));
  });

export const savePlan: typeof real.savePlan = (em, { id, settlePlan, checks, nextCheckAt, version, updatedAt }) =>
  statement(em, async (transaction) => {
    const change = { settlePlan, closedAt: null, checks, nextCheckAt, version, updatedAt };
    await transaction.update(paymentsTables(em).payments, id, () => change);
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
