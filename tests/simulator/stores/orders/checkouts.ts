import { type Checkout, isEnded, type PaymentReport } from '../../../../subgraphs/orders/src/domain/checkout.ts';
import type * as real from '../../../../subgraphs/orders/src/store/checkouts.ts';
import type { Transaction } from '../../world/memory-database.ts';
import { statement } from '../../world/memory-orm.ts';
import { type EntityManager, knownAnswer } from '@marketgraph/platform/postgres';
import { lockOrder } from './order-writes.ts';
import { type CheckoutEntry, ordersTables } from '../../world/orders-tables.ts';

export * from '../../../../subgraphs/orders/src/store/checkouts.ts';

function toRecord(row: CheckoutEntry): real.CheckoutRecord {
  const { nextAttemptAt, deadlineAt, createdAt } = row;
  return {
    ...row,
    // A column of JSON gives each reader an object of its own.
    state: JSON.parse(JSON.stringify(row.state)) as Checkout,
    nextAttemptAt: new Date(nextAttemptAt),
    deadlineAt: new Date(deadlineAt),
    createdAt: new Date(createdAt),
  };
}

function found(row: CheckoutEntry | undefined): real.CheckoutRecord | undefined {
  return row && toRecord(row);
}

/** A schedule is shorter than anybody could hold goods for too long. */
export const heldUnpaidS: typeof real.heldUnpaidS = (em) => statement(em, async () => 0);

export const insertCheckout: typeof real.insertCheckout = (em, checkout) =>
  statement(em, async (transaction) => {
    await transaction.insert(ordersTables(em).checkouts, checkout.orderId, {
      ...checkout,
      nextAttemptAt: checkout.nextAttemptAt.getTime(),
      deadlineAt: checkout.deadlineAt.getTime(),
      createdAt: checkout.createdAt.getTime(),
      paymentId: null,
      attempts: 0,
    });
  });

export const lockCheckout: typeof real.lockCheckout = (em, orderId) =>
  statement(em, async (transaction) => {
    const { checkouts, parked } = ordersTables(em);
    const record = found(await transaction.lock(checkouts, orderId));
    return record && { ...record, hasParked: transaction.all(parked).some((row) => row.orderId === orderId) };
  });

export const lockCheckoutAndOrder: typeof real.lockCheckoutAndOrder = async (em, orderId, { isNumbered } = {}) => ({
  record: await lockCheckout(em, orderId),
  order: await lockOrder(em, orderId),
  ...(isNumbered ? { nextNumber: await statement(em, ({ database }) => String(database.nextOf('order_number'))) } : {}),
});

export const saveCheckout: typeof real.saveCheckout = (em, { orderId, state }, { nextAttemptAt, deadlineAt }) =>
  statement(em, async (transaction) => {
    const paymentId = 'paymentId' in state ? (state.paymentId ?? null) : null;
    await transaction.update(ordersTables(em).checkouts, orderId, (row) => ({
      state: JSON.parse(JSON.stringify(state)) as Checkout,
      paymentId: paymentId ?? row.paymentId,
      attempts: 0,
      nextAttemptAt: nextAttemptAt.getTime(),
      deadlineAt: deadlineAt.getTime(),
    }));
  });

export const postponeCheckout: typeof real.postponeCheckout = (em, orderId, { nextAttemptAt, failed }) =>
  statement(em, async (transaction) => {
    await transaction.update(ordersTables(em).checkouts, orderId, (row) => ({
      attempts: row.attempts + (failed ? 1 : 0),
      nextAttemptAt: nextAttemptAt.getTime(),
    }));
  });

export const takeDueCheckouts: typeof real.takeDueCheckouts = (em, { now, leaseUntil, limit }) =>
  statement(em, async (transaction) => {
    const { checkouts } = ordersTables(em);
    const due = transaction
      .all(checkouts)
      .filter((row) => !isEnded(row.state) && row.nextAttemptAt <= now.getTime())
      .filter((row) => transaction.canLock(checkouts, row.orderId))
      .toSorted((a, b) => a.nextAttemptAt - b.nextAttemptAt)
      .slice(0, limit);
    for (const { orderId } of due) {
      await transaction.update(checkouts, orderId, () => ({ nextAttemptAt: leaseUntil.getTime() }));
    }
    return due.map(({ orderId, deadlineAt, trace }) => ({ orderId, isLate: deadlineAt <= now.getTime(), trace }));
  });

const findOne = (
  transaction: Transaction,
  table: ReturnType<typeof ordersTables>['checkouts'],
  is: (row: CheckoutEntry) => boolean,
) => found(transaction.all(table).find(is));

const findCheckoutByKey = (em: EntityManager, principal: string, idempotencyKey: string) =>
  statement(em, (transaction) =>
    findOne(
      transaction,
      ordersTables(em).checkouts,
      (row) => row.principal === principal && row.idempotencyKey === idempotencyKey,
    ),
  );

export const latestCheckoutOfCart: typeof real.latestCheckoutOfCart = (em, cartId) =>
  statement(em, (transaction) => {
    const [latest] = transaction
      .all(ordersTables(em).checkouts)
      .filter((row) => row.cartId === cartId)
      .toSorted(
        (a, b) =>
          Number(isEnded(a.state)) - Number(isEnded(b.state)) ||
          b.createdAt - a.createdAt ||
          (a.orderId < b.orderId ? 1 : -1),
      );
    return found(latest);
  });

export const readBeforeStart: typeof real.readBeforeStart = async (em, { principal, key, cartId, joining }) => {
  const known = await findCheckoutByKey(em, principal, key);
  const joined = await knownAnswer<string>(em, joining);
  const latest = await latestCheckoutOfCart(em, cartId);
  return { ...(known ? { known } : {}), joined, ...(latest ? { latest } : {}) };
};

export const findCheckoutByPayment: typeof real.findCheckoutByPayment = (em, cartId, paymentId) =>
  statement(em, (transaction) =>
    findOne(transaction, ordersTables(em).checkouts, (row) => row.cartId === cartId && row.paymentId === paymentId),
  );

export const readCheckout: typeof real.readCheckout = (em, orderId) =>
  statement(em, (transaction) => found(transaction.get(ordersTables(em).checkouts, orderId)));

export const parkPaymentReport: typeof real.parkPaymentReport = (em, { orderId, eventId, report }) =>
  statement(em, async (transaction) => {
    await transaction.insert(ordersTables(em).parked, `${orderId}/${eventId}`, { orderId, report }, 'nothing');
  });

export const takeParkedReports: typeof real.takeParkedReports = (em, orderId) =>
  statement(em, async (transaction) => {
    const { parked } = ordersTables(em);
    const reports: PaymentReport[] = [];
    for (const [key, row] of [...parked.rows]) {
      if (row.orderId === orderId && (await transaction.remove(parked, key))) reports.push(row.report);
    }
    return reports;
  });
