import type { EntityManager } from '@marketgraph/platform/postgres';

/** Where the units of all allowances are: a row of `warehouse` that is nobody's and that no query of warehouses finds. */
export const ALLOWANCE_PLACE = 'whs_allowances';

/** The row that every change of it locks; nothing is allowed until somebody says how much. */
export async function openAllowance(em: EntityManager, id: string): Promise<void> {
  await em.execute(
    `insert into offer (offer_id, kind, allowed, granted, allowed_sequence) values (?, 'ALLOWANCE', 0, 0, -1)
     on conflict (offer_id) do nothing`,
    [id],
  );
}

/** What is free of each, by the database's clock; allowances nobody has told of are absent. */
export async function slotsLeft(em: EntityManager, ids: readonly string[]): Promise<{ id: string; left: number }[]> {
  if (ids.length === 0) return [];
  return em.execute<{ id: string; left: number }[]>(
    `select offer.offer_id as id,
            (coalesce(level.on_hand - level.reserved, 0) + coalesce(due.quantity, 0))::int as "left"
       from offer
       left join stock_level level on level.offer_id = offer.offer_id
       left join (
         select line.offer_id, sum(line.quantity) as quantity
           from reservation_line line join reservation r on r.id = line.reservation_id
          where r.status = 'ACTIVE' and r.expires_at <= now() and line.offer_id in (?)
          group by line.offer_id
       ) due on due.offer_id = offer.offer_id
      where offer.offer_id in (?) and offer.kind = 'ALLOWANCE'`,
    [[...ids], [...ids]],
  );
}
