import { type EntityManager, executeAlong } from '@marketgraph/platform/postgres';
import type { OrderDraft } from '../domain/order-draft.ts';

/**
 * Takes the uses of a new order that count per buyer, in the transaction that
 * stores its checkout: the id of the first promotion of which the buyer has
 * none left, or undefined. Concurrency: a lock per buyer and promotion, held
 * until the transaction ends, lets one count after the other, so that of many
 * checkouts at once no more come through than the limit; always taken in the
 * order of the promotions' ids.
 */
export async function takeUses(em: EntityManager, draft: OrderDraft): Promise<string | undefined> {
  const limited = (draft.promotions ?? [])
    .filter(({ usageLimitPerBuyer }) => usageLimitPerBuyer !== null)
    .toSorted((a, b) => (a.promotionId < b.promotionId ? -1 : 1));
  for (const { promotionId, usageLimitPerBuyer } of limited) {
    await executeAlong(em, 'select pg_advisory_xact_lock(hashtextextended(?, 0))', [`${promotionId} ${draft.buyerId}`]);
    const taken = await em.execute<unknown[]>(
      `insert into promotion_use (buyer_id, promotion_id, order_id, cart_id)
       select ?, ?, ?, ?
       where (select count(*) from promotion_use where buyer_id = ? and promotion_id = ?) < ?
       returning 1`,
      [draft.buyerId, promotionId, draft.orderId, draft.cartId, draft.buyerId, promotionId, usageLimitPerBuyer],
    );
    if (taken.length === 0) return promotionId;
  }
  return undefined;
}

/** The order came to nothing: its uses are free again. Index: promotion_use_order. */
export async function giveBackUses(em: EntityManager, orderId: string): Promise<void> {
  await executeAlong(em, 'delete from promotion_use where order_id = ?', [orderId]);
}

/** By buyer and promotion, those of some carts left out. Index: the primary key. */
export async function countUses(
  em: EntityManager,
  { buyerIds, besideCartIds }: { buyerIds: readonly string[]; besideCartIds: readonly string[] },
): Promise<ReadonlyMap<string, ReadonlyMap<string, number>>> {
  if (buyerIds.length === 0) return new Map();
  const rows = await em.execute<{ buyer_id: string; promotion_id: string; uses: string }[]>(
    `select buyer_id, promotion_id, count(*) as uses from promotion_use
     where buyer_id in (?)${besideCartIds.length > 0 ? ' and cart_id not in (?)' : ''}
     group by buyer_id, promotion_id`,
    [[...new Set(buyerIds)], ...(besideCartIds.length > 0 ? [[...besideCartIds]] : [])],
  );
  return new Map(
    [...Map.groupBy(rows, (row) => row.buyer_id)].map(([buyerId, own]) => [
      buyerId,
      new Map(own.map((row) => [row.promotion_id, Number(row.uses)])),
    ]),
  );
}
