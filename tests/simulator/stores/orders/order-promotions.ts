import type * as real from '../../../../subgraphs/orders/src/store/order-promotions.ts';
import { statement } from '../../world/memory-orm.ts';
import { ordersTables } from '../../world/orders-tables.ts';

export * from '../../../../subgraphs/orders/src/store/order-promotions.ts';

export const promotionsOfOrders: typeof real.promotionsOfOrders = (em, orderIds) =>
  statement(em, (transaction) =>
    transaction
      .all(ordersTables(em).orders)
      .filter(({ id }) => orderIds.includes(id))
      .flatMap(({ id, draft: { promotions = [] } }) =>
        promotions.flatMap(({ promotionId, code, name, parts }) =>
          parts.map((part) => ({ orderId: id, promotionId, code, name, ...part })),
        ),
      ),
  );
