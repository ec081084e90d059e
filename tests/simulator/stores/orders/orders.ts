import type { StoredLine, StoredOrder, StoredVendorOrder } from '../../../../subgraphs/orders/src/store/order-rows.ts';
import type * as real from '../../../../subgraphs/orders/src/store/orders.ts';
import { statement } from '../../world/memory-orm.ts';
import { ordersTables } from '../../world/orders-tables.ts';

export * from '../../../../subgraphs/orders/src/store/orders.ts';

export const ordersByIds: typeof real.ordersByIds = (em, ids) =>
  statement(em, (transaction) =>
    ids.flatMap((id): StoredOrder[] => {
      const row = transaction.get(ordersTables(em).orders, id);
      if (!row) return [];
      const { draft, placedAt, confirmedAt, ...columns } = row;
      const dates = {
        placedAt: new Date(placedAt),
        confirmedAt: confirmedAt === null ? null : new Date(confirmedAt),
        updatedAt: new Date(placedAt),
      };
      const { organizationId = null } = draft;
      return [{ ...draft, organizationId, ...columns, ...dates, purchaseOrderNumber: null, failure: null }];
    }),
  );

export const vendorOrdersOfOrders: typeof real.vendorOrdersOfOrders = (em, ids) =>
  statement(em, (transaction) =>
    ids.flatMap((id) => {
      const { orders, vendorOrders } = ordersTables(em);
      const row = transaction.get(orders, id);
      return (row?.draft.vendorOrders ?? []).flatMap((part): StoredVendorOrder[] => {
        const stored = transaction.get(vendorOrders, part.vendorOrderId);
        if (!row || !stored) return [];
        const ends = { confirmedAt: null, deliveredAt: null, returnWindowEndsAt: null };
        return [{ ...part, ...stored, ...ends, buyerId: row.draft.buyerId, number: row.number }];
      });
    }),
  );

export const linesOfVendorOrders: typeof real.linesOfVendorOrders = (em, ids) =>
  statement(em, (transaction) =>
    transaction.all(ordersTables(em).orders).flatMap(({ id: orderId, draft, confirmedAt }) =>
      draft.vendorOrders
        .filter((part) => ids.includes(part.vendorOrderId))
        .flatMap((part) =>
          part.lines.map((line): StoredLine => ({
            ...line,
            id: line.lineId,
            orderId,
            vendorOrderId: part.vendorOrderId,
            vendorId: part.vendorId,
            buyerId: draft.buyerId,
            isConfirmed: confirmedAt !== null,
            vendorOrderStatus: 'PENDING',
            quantityFulfilled: 0,
            quantityReturning: 0,
            quantityReturned: 0,
            quantityRefunded: 0,
          })),
        ),
    ),
  );
