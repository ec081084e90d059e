import { withDatabase } from '../checkout/databases.ts';
import type { StoreAccess } from '../checkout/checkout-stage.ts';

export interface Sold {
  /** Units in orders that are paid for. */
  sold: number;
  onHand: number;
  reserved: number;
}

/** What became of one offer, by what orders and inventory have written down. */
export async function soldInStores({ postgres }: StoreAccess, offerId: string): Promise<Sold> {
  const sold = await one(
    postgres.orders.ownerUrl,
    `select coalesce(sum(line.quantity), 0) as sold
       from order_line line join orders o on o.id = line.order_id
      where line.offer_id = $1 and o.confirmed_at is not null`,
    offerId,
  );
  const level = await one(
    postgres.inventory.ownerUrl,
    `select coalesce(sum(on_hand), 0) as "onHand", coalesce(sum(reserved), 0) as reserved
       from stock_level where offer_id = $1`,
    offerId,
  );
  return { sold: sold['sold']!, onHand: level['onHand']!, reserved: level['reserved']! };
}

async function one(url: string, query: string, offerId: string): Promise<Record<string, number>> {
  return withDatabase(url, async (client) => {
    const { rows } = await client.query<Record<string, string>>(query, [offerId]);
    return Object.fromEntries(Object.entries(rows[0] ?? {}).map(([name, value]) => [name, Number(value)]));
  });
}
