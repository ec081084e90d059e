import type * as real from '../../../../subgraphs/orders/src/store/promotion-uses.ts';
import { statement } from '../../world/memory-orm.ts';
import { ordersTables } from '../../world/orders-tables.ts';

export * from '../../../../subgraphs/orders/src/store/promotion-uses.ts';

export const takeUses: typeof real.takeUses = (em, { buyerId, orderId, cartId, promotions = [] }) =>
  statement(em, async (transaction) => {
    const { promotionUses, promotionLocks } = ordersTables(em);
    const limited = promotions.filter(({ usageLimitPerBuyer }) => usageLimitPerBuyer !== null);
    for (const { promotionId, usageLimitPerBuyer } of limited.toSorted((a, b) =>
      a.promotionId < b.promotionId ? -1 : 1,
    )) {
      const lock = `${promotionId} ${buyerId}`;
      await transaction.insert(promotionLocks, lock, {}, 'nothing');
      await transaction.lock(promotionLocks, lock);
      const uses = transaction
        .all(promotionUses)
        .filter((use) => use.buyerId === buyerId && use.promotionId === promotionId);
      if (uses.length >= usageLimitPerBuyer!) return promotionId;
      await transaction.insert(promotionUses, `${lock} ${orderId}`, { buyerId, promotionId, orderId, cartId });
    }
    return undefined;
  });

export const giveBackUses: typeof real.giveBackUses = (em, orderId) =>
  statement(em, async (transaction) => {
    const { promotionUses } = ordersTables(em);
    for (const [key, use] of [...promotionUses.rows]) {
      if (use.orderId === orderId) await transaction.remove(promotionUses, key);
    }
  });

export const countUses: typeof real.countUses = (em, { buyerIds, besideCartIds }) =>
  statement(em, (transaction) => {
    const uses = transaction
      .all(ordersTables(em).promotionUses)
      .filter(({ buyerId, cartId }) => buyerIds.includes(buyerId) && !besideCartIds.includes(cartId));
    const byBuyer = Map.groupBy(uses, ({ buyerId }) => buyerId);
    return new Map(
      [...byBuyer].map(([buyerId, own]) => [
        buyerId,
        new Map([...Map.groupBy(own, ({ promotionId }) => promotionId)].map(([id, { length }]) => [id, length])),
      ]),
    );
  });
