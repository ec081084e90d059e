import type * as real from '../../../../subgraphs/inventory/src/store/allowances.ts';
import { inventoryTables } from '../../world/inventory-tables.ts';
import { statement } from '../../world/memory-orm.ts';

export * from '../../../../subgraphs/inventory/src/store/allowances.ts';

export const saveGranted: typeof real.saveGranted = (em, id, granted) =>
  statement(em, async (transaction) => {
    await transaction.update(inventoryTables(em).offers, id, ({ allowance }) => ({
      allowance: allowance && { ...allowance, granted },
    }));
  });
