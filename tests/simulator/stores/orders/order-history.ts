import type * as real from '../../../../subgraphs/orders/src/store/order-history.ts';
import { statement } from '../../world/memory-orm.ts';
import { ordersTables } from '../../world/orders-tables.ts';

export * from '../../../../subgraphs/orders/src/store/order-history.ts';

export const appendHistory: typeof real.appendHistory = (em, orderId, facts) =>
  statement(em, async (transaction) => {
    for (const fact of facts) {
      const sequence = transaction.database.nextOf('order_history');
      await transaction.insert(ordersTables(em).history, String(sequence), { sequence, orderId, fact });
    }
  });

export const factsOfOrder: typeof real.factsOfOrder = (em, orderId) =>
  statement(em, (transaction) =>
    transaction
      .all(ordersTables(em).history)
      .filter((entry) => entry.orderId === orderId)
      .toSorted((a, b) => a.sequence - b.sequence)
      .map(({ fact }) => fact),
  );
