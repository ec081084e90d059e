import type * as real from '../../../../subgraphs/payments/src/store/transactions.ts';
import { statement } from '../../world/memory-orm.ts';
import { paymentsTables } from '../../world/payments-tables.ts';

export * from '../../../../subgraphs/payments/src/store/transactions.ts';

export const addTransactions: typeof real.addTransactions = (em, { id: paymentId }, facts) =>
  statement(em, async (transaction) => {
    for (const fact of facts) {
      const key = `${fact.gatewayReference}/${fact.type}/${fact.status}`;
      await transaction.insert(paymentsTables(em).transactions, key, { ...fact, paymentId }, 'nothing');
    }
  });
