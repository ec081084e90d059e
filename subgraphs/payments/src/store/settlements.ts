import { LockMode } from '@mikro-orm/core';
import type { Ids } from '@marketgraph/platform/core';
import { type EntityManager, executeAlong } from '@marketgraph/platform/postgres';
import type { NewSettlement, SettlementStatus } from '../domain/settlement.ts';
import type { PaymentRow } from './payment.entity.ts';
import { SettlementRow } from './settlement.entity.ts';

/** On settlement_release. */
export async function countHeldSettlements(em: EntityManager): Promise<number> {
  const [row] = await em.execute<{ count: string }[]>("select count(*) as count from settlement where status = 'HELD'");
  return Number(row?.count ?? 0);
}

/** As it is written; what is not here has the defaults of its columns. */
export interface AddedSettlement {
  id: string;
  paymentId: string;
  orderId: string;
  vendorOrderId: string;
  vendorId: string;
  currency: string;
  gross: number;
  capturedGross: number;
  commissionBase: number;
  commissionTaxRate: number;
  commission: number;
  commissionTax: number;
  net: number;
  commissionRate: number;
  commissionFixed: number;
  commissionRuleId: string | null;
  status: SettlementStatus;
  releasedAt: Date | null;
  releaseAt: null;
  version: number;
}

/** What is written of them. */
export function settlementRows(
  payment: Pick<PaymentRow, 'id' | 'orderId'>,
  settlements: readonly NewSettlement[],
  { ids, now }: { ids: Ids; now: Date },
): AddedSettlement[] {
  return settlements.map(
    ({ vendorOrderId, vendorId, gross, base, commissionTaxRate, commission, net }): AddedSettlement => ({
      id: ids.next('stl'),
      paymentId: payment.id,
      orderId: payment.orderId,
      vendorOrderId,
      vendorId,
      currency: gross.currencyCode,
      gross: gross.amount,
      capturedGross: gross.amount,
      commissionBase: base.amount,
      commissionTaxRate,
      commission: commission.amount.amount,
      commissionTax: commission.tax.amount,
      net: net.amount,
      commissionRate: commission.rate,
      commissionFixed: commission.fixed,
      commissionRuleId: commission.ruleId,
      // What costs nothing is nobody's to wait for.
      ...(gross.amount === 0 ? { status: 'RELEASED', releasedAt: now } : { status: 'HELD', releasedAt: null }),
      releaseAt: null,
      version: 1,
    }),
  );
}

/** Under the payment's lock; the unique `vendor_order_id` holds even without it. */
export async function addSettlements(
  em: EntityManager,
  payment: PaymentRow,
  settlements: readonly NewSettlement[],
  { ids, now }: { ids: Ids; now: Date },
): Promise<AddedSettlement[]> {
  const rows = settlementRows(payment, settlements, { ids, now });
  await executeAlong(
    em,
    `insert into settlement
       (id, payment_id, order_id, vendor_order_id, vendor_id, currency, gross, captured_gross, commission_base,
        commission_tax_rate, commission, commission_tax, net, commission_rate, commission_fixed, commission_rule_id,
        status, released_at, version, created_at, updated_at)
     select r.id, r."paymentId", r."orderId", r."vendorOrderId", r."vendorId", r.currency, r.gross, r."capturedGross",
            r."commissionBase", r."commissionTaxRate", r.commission, r."commissionTax", r.net, r."commissionRate",
            r."commissionFixed", r."commissionRuleId", r.status, r."releasedAt", r.version, ?::timestamptz, ?::timestamptz
       from jsonb_to_recordset(?::jsonb) as r (id text, "paymentId" text, "orderId" text, "vendorOrderId" text,
         "vendorId" text, currency text, gross bigint, "capturedGross" bigint, "commissionBase" bigint,
         "commissionTaxRate" int, commission bigint, "commissionTax" bigint, net bigint, "commissionRate" int,
         "commissionFixed" bigint, "commissionRuleId" text, status text, "releasedAt" timestamptz, version bigint)`,
    [now.toISOString(), now.toISOString(), JSON.stringify(rows)],
  );
  return rows;
}

/** By the unique `vendor_order_id`, locked. */
export async function lockSettlementOf(em: EntityManager, vendorOrderId: string): Promise<SettlementRow | null> {
  return em.findOne(SettlementRow, { vendorOrderId }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true });
}

export async function findSettlements(em: EntityManager, ids: readonly string[]): Promise<SettlementRow[]> {
  return em.find(SettlementRow, { id: { $in: [...ids] } });
}

export async function findSettlementsOf(
  em: EntityManager,
  vendorOrderIds: readonly string[],
): Promise<SettlementRow[]> {
  return em.find(SettlementRow, { vendorOrderId: { $in: [...vendorOrderIds] } });
}

/** The vendor's newest; index `settlement_vendor`. */
export async function newestSettlementOf(em: EntityManager, vendorId: string): Promise<SettlementRow | null> {
  return em.findOne(SettlementRow, { vendorId }, { orderBy: { createdAt: 'desc', id: 'desc' } });
}

export interface VendorTotals {
  vendorId: string;
  currency: string;
  newestAt: Date;
  netByStatus: Partial<Record<SettlementStatus, number>>;
  owed: number;
  paidOut: number;
}

/** Sums per vendor, currency and status over index `settlement_vendor`, with what the vendor owes by the ledger. */
export async function totalsOf(em: EntityManager, vendorIds: readonly string[]): Promise<VendorTotals[]> {
  const rows = await em.execute<
    {
      vendor_id: string;
      currency: string;
      status: SettlementStatus;
      net: string;
      newest_at: string;
      owed: string;
      paid: string;
    }[]
  >(
    `select settlement.vendor_id, settlement.currency, settlement.status, sum(settlement.net) as net,
            sum(settlement.transferred - settlement.reversed) as paid,
            max(settlement.created_at) as newest_at, coalesce(max(account.balance), 0) as owed
       from settlement
       left join ledger_account account
         on account.kind = 'REFUNDS' and account.owner_id = settlement.vendor_id and account.currency = settlement.currency
      where settlement.vendor_id in (select value from jsonb_array_elements_text(?::jsonb) as value)
      group by settlement.vendor_id, settlement.currency, settlement.status`,
    [JSON.stringify(vendorIds)],
  );
  const totals = new Map<string, VendorTotals>();
  for (const row of rows) {
    const key = `${row.vendor_id}:${row.currency}`;
    const known = totals.get(key) ?? {
      vendorId: row.vendor_id,
      currency: row.currency,
      newestAt: new Date(0),
      netByStatus: {},
      owed: Number(row.owed),
      paidOut: 0,
    };
    known.netByStatus[row.status] = Number(row.net);
    known.paidOut += Number(row.paid);
    const newestAt = new Date(row.newest_at);
    if (newestAt > known.newestAt) known.newestAt = newestAt;
    totals.set(key, known);
  }
  return [...totals.values()];
}
