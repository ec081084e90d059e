import { fold } from '../../../../subgraphs/orders/src/domain/order.ts';
import type * as real from '../../../../subgraphs/orders/src/store/order-writes.ts';
import { statement } from '../../world/memory-orm.ts';
import { ordersTables } from '../../world/orders-tables.ts';

export * from '../../../../subgraphs/orders/src/store/order-writes.ts';

export const insertOrder: typeof real.insertOrder = (em, draft, { order, now }) =>
  statement(em, async (transaction) => {
    const { orders, vendorOrders } = ordersTables(em);
    await transaction.insert(orders, draft.orderId, {
      id: draft.orderId,
      draft,
      number: null,
      paymentId: null,
      status: order.status,
      paymentStatus: order.paymentStatus,
      placedAt: now.getTime(),
      confirmedAt: null,
      version: 1,
    });
    for (const { id, status } of order.vendorOrders) {
      await transaction.insert(vendorOrders, id, { id, orderId: draft.orderId, status, version: 1 });
    }
  });

export const lockOrder: typeof real.lockOrder = (em, orderId) =>
  statement(em, async (transaction) => {
    const { orders, vendorOrders, history } = ordersTables(em);
    const row = await transaction.lock(orders, orderId);
    if (!row) return undefined;
    const parts = transaction.all(vendorOrders).filter((part) => part.orderId === orderId);
    const facts = transaction.all(history).filter((entry) => entry.orderId === orderId);
    const folded = fold(facts.toSorted((a, b) => a.sequence - b.sequence).map(({ fact }) => fact));
    const statuses = new Map(parts.map(({ id, status }) => [id, status]));
    return {
      order: {
        id: row.id,
        status: row.status,
        paymentStatus: row.paymentStatus,
        vendorOrders: folded.vendorOrders.map((part) => ({ ...part, status: statuses.get(part.id) ?? part.status })),
      },
      buyerId: row.draft.buyerId,
      version: row.version,
      vendorOrderVersions: Object.fromEntries(parts.map(({ id, version }) => [id, version])),
    };
  });

export const saveOrderStatus: typeof real.saveOrderStatus = (em, { id, status, paymentStatus }, { version }) =>
  statement(em, async (transaction) => {
    await transaction.update(ordersTables(em).orders, id, () => ({ status, paymentStatus, version }));
  });

export const saveVendorOrderStatus: typeof real.saveVendorOrderStatus = (em, { id, status }, { version }) =>
  statement(em, async (transaction) => {
    await transaction.update(ordersTables(em).vendorOrders, id, () => ({ status, version }));
  });

export const numberOrder: typeof real.numberOrder = (em, orderId, { number, confirmedAt }) =>
  statement(em, async (transaction) => {
    await transaction.update(ordersTables(em).orders, orderId, () => ({ number, confirmedAt: confirmedAt.getTime() }));
  });

export const savePayment: typeof real.savePayment = (em, orderId, paymentId) =>
  statement(em, async (transaction) => {
    await transaction.update(ordersTables(em).orders, orderId, () => ({ paymentId }));
  });

/** Nothing of a schedule reads the reason back. */
export const saveFailure: typeof real.saveFailure = (em, orderId) =>
  statement(em, async (transaction) => {
    await transaction.lock(ordersTables(em).orders, orderId);
  });
