import type { SettlementRow } from '../../../../subgraphs/payments/src/store/settlement.entity.ts';
import type * as real from '../../../../subgraphs/payments/src/store/settlements.ts';
import { statement } from '../../world/memory-orm.ts';
import { paymentsTables } from '../../world/payments-tables.ts';

export * from '../../../../subgraphs/payments/src/store/settlements.ts';

export const addSettlements: typeof real.addSettlements = (em, payment, settlements, { ids, now }) =>
  statement(em, async (transaction) => {
    const rows: SettlementRow[] = [];
    for (const { vendorOrderId, vendorId, gross, commission, net } of settlements) {
      const row = {
        id: ids.next('stl'),
        paymentId: payment.id,
        orderId: payment.orderId,
        vendorOrderId,
        vendorId,
        currency: gross.currencyCode,
        gross: gross.amount,
        commission: commission.amount.amount,
        commissionTax: commission.tax.amount,
        net: net.amount,
        commissionRate: commission.rate,
        commissionFixed: commission.fixed,
        commissionRuleId: commission.ruleId,
        status: 'HELD',
        releaseAt: null,
        version: 1,
        createdAt: now,
        updatedAt: now,
      } as SettlementRow;
      await transaction.insert(paymentsTables(em).settlements, row.id, row);
      rows.push(row);
    }
    return rows as unknown as real.AddedSettlement[];
  });
