import { money, type Money } from '@marketgraph/platform/core';
import type { EntityManager } from '@marketgraph/platform/postgres';

export interface Sales {
  grossSales: Money;
  orderCount: number;
  unitsSold: number;
  averageOrderValue: Money;
  topOffers: { offerId: string; units: number; revenue: Money }[];
}

export interface SalesQuestion {
  from: Date;
  /** Exclusive. */
  to: Date;
  /** All vendors when absent. */
  vendorId?: string;
  /** Amounts in different currencies cannot be added: the one with most orders counts when none is named. */
  currencyCode?: string | null;
}

const TOP_OFFERS = 10;
/** Shown with the zeros of a time without a sale. */
const NO_SALES_CURRENCY = 'EUR';

/** Parts that were sold and not refused. Indexes: vendor_order_sales for one vendor, orders_confirmed_at for all. */
const SOLD = `from vendor_order v join orders o on o.id = v.order_id
  where v.confirmed_at is not null and o.confirmed_at >= ? and o.confirmed_at < ?
    and v.status not in ('REJECTED', 'CANCELED')`;

export async function salesOf(em: EntityManager, question: SalesQuestion): Promise<Sales> {
  const { from, to, vendorId } = question;
  const where = SOLD + (vendorId ? ' and v.vendor_id = ? and v.confirmed_at >= ? and v.confirmed_at < ?' : '');
  const span = [from.toISOString(), to.toISOString()];
  const parameters = [...span, ...(vendorId ? [vendorId, ...span] : [])];
  const currencyCode = question.currencyCode ?? (await mostUsedCurrency(em, where, parameters));

  const [sums] = await em.execute<{ gross: string; orders: string; units: string }[]>(
    `select coalesce(sum(v.total), 0) as gross, count(distinct v.order_id) as orders,
            coalesce(sum((select sum(l.quantity) from order_line l where l.vendor_order_id = v.id)), 0) as units
     ${where} and o.currency_code = ?`,
    [...parameters, currencyCode],
  );
  const offers = await em.execute<{ offer_id: string; units: string; revenue: string }[]>(
    `select l.offer_id, sum(l.quantity) as units, sum(l.line_total) as revenue
     from order_line l join (select v.id ${where} and o.currency_code = ?) sold on sold.id = l.vendor_order_id
     group by l.offer_id order by revenue desc, l.offer_id limit ${TOP_OFFERS}`,
    [...parameters, currencyCode],
  );
  const gross = Number(sums?.gross ?? 0);
  const orderCount = Number(sums?.orders ?? 0);
  return {
    grossSales: money(gross, currencyCode),
    orderCount,
    unitsSold: Number(sums?.units ?? 0),
    averageOrderValue: money(orderCount === 0 ? 0 : Math.round(gross / orderCount), currencyCode),
    topOffers: offers.map(({ offer_id, units, revenue }) => ({
      offerId: offer_id,
      units: Number(units),
      revenue: money(Number(revenue), currencyCode),
    })),
  };
}

async function mostUsedCurrency(em: EntityManager, where: string, parameters: readonly string[]): Promise<string> {
  const [row] = await em.execute<{ currency_code: string }[]>(
    `select o.currency_code ${where} group by o.currency_code order by count(*) desc, o.currency_code limit 1`,
    [...parameters],
  );
  return row?.currency_code ?? NO_SALES_CURRENCY;
}
