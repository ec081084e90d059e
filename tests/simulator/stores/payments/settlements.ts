import type { SettlementRow } from '../../../../subgraphs/payments/src/store/settlement.entity.ts';
import type * as real from '../../../../subgraphs/payments/src/store/settlements.ts';
import { settlementRows } from '../../../../subgraphs/payments/src/store/settlements.ts';
import { statement } from '../../world/memory-orm.ts';
import { paymentsTables } from '../../world/payments-tables.ts';

export * from '../../../../subgraphs/payments/src/store/settlements.ts';

export const addSettlements: typeof real.addSettlements = (em, payment, settlements, { ids, now }) =>
  statement(em, async (transaction) => {
    const rows = settlementRows(payment, settlements, { ids, now });
    for (const row of rows) {
      const stored = { ...row, createdAt: now, updatedAt: now } as SettlementRow;
      await transaction.insert(paymentsTables(em).settlements, row.id, stored);
    }
    return rows;
  });
