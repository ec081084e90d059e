import { money, type Money } from '@marketgraph/platform/core';
import type { EntityManager } from '@marketgraph/platform/postgres';

/** What one promotion took off one part of an order. */
export interface StoredPromotion {
  orderId: string;
  vendorOrderId: string;
  promotionId: string;
  code: string;
  name: string;
  amount: Money;
  shippingAmount: Money;
}

interface Row {
  order_id: string;
  vendor_order_id: string;
  promotion_id: string;
  code: string;
  name: string;
  amount: string;
  shipping_amount: string;
  currency_code: string;
}

/** In the order in which they were applied. Index: order_promotion_order. */
export async function promotionsOfOrders(em: EntityManager, orderIds: readonly string[]): Promise<StoredPromotion[]> {
  if (orderIds.length === 0) return [];
  const rows = await em.execute<Row[]>(
    `select p.*, o.currency_code from order_promotion p join orders o on o.id = p.order_id
     where p.order_id in (?) order by p.order_id, p.position, p.vendor_order_id`,
    [[...orderIds]],
  );
  return rows.map((row) => ({
    orderId: row.order_id,
    vendorOrderId: row.vendor_order_id,
    promotionId: row.promotion_id,
    code: row.code,
    name: row.name,
    amount: money(Number(row.amount), row.currency_code),
    shippingAmount: money(Number(row.shipping_amount), row.currency_code),
  }));
}
