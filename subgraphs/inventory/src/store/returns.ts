import type { EntityManager } from '@marketgraph/platform/postgres';

export interface ReturnedUnits {
  offerId: string;
  warehouseId: string;
  quantity: number;
}

export async function returnById(em: EntityManager, id: string): Promise<{ inputHash: string } | undefined> {
  const [row] = await em.execute<{ inputHash: string }[]>(
    'select input_hash as "inputHash" from stock_return where id = ?',
    [id],
  );
  return row;
}

/** All that came back of a sale so far, on stock_return_reservation. */
export async function returnedOf(em: EntityManager, reservationId: string): Promise<ReturnedUnits[]> {
  return em.execute<ReturnedUnits[]>(
    `select line.offer_id as "offerId", line.warehouse_id as "warehouseId", sum(line.quantity)::int as quantity
       from stock_return back join stock_return_line line on line.return_id = back.id
      where back.reservation_id = ? group by line.offer_id, line.warehouse_id`,
    [reservationId],
  );
}

/** The primary key refuses the same return a second time; the caller has looked while holding the offers' locks. */
export async function insertReturn(
  em: EntityManager,
  back: { id: string; reservationId: string; inputHash: string; lines: readonly ReturnedUnits[] },
): Promise<void> {
  await em.execute('insert into stock_return (id, reservation_id, input_hash) values (?, ?, ?)', [
    back.id,
    back.reservationId,
    back.inputHash,
  ]);
  for (const { offerId, warehouseId, quantity } of back.lines) {
    await em.execute(
      'insert into stock_return_line (return_id, offer_id, warehouse_id, quantity) values (?, ?, ?, ?)',
      [back.id, offerId, warehouseId, quantity],
    );
  }
}
