import {
  type AccountName,
  type Direction,
  nameOf,
  nonNegativeKinds,
  normalSide,
} from '../../../../subgraphs/payments/src/domain/ledger.ts';
import type * as real from '../../../../subgraphs/payments/src/store/ledger.ts';
import { DatabaseError } from '../../world/memory-database.ts';
import { statement } from '../../world/memory-orm.ts';
import { paymentsTables } from '../../world/payments-tables.ts';

export * from '../../../../subgraphs/payments/src/store/ledger.ts';

/** As the triggers have it: balances follow the entries, and one below zero that may not be is refused. */
export const book: typeof real.book = (em, journal, { ids, paymentId }) =>
  statement(em, async (transaction) => {
    const { journals, accounts } = paymentsTables(em);
    if (!(await transaction.insert(journals, ids.next('jrn'), { ...journal, paymentId }, 'nothing'))) return false;
    for (const { account, direction, amount } of journal.postings.toSorted((a, b) =>
      nameOf(a.account) < nameOf(b.account) ? -1 : 1,
    )) {
      await transaction.insert(accounts, nameOf(account), { balance: 0 }, 'nothing');
      const change = signed(account, direction, amount.amount);
      const after = await transaction.update(accounts, nameOf(account), ({ balance }) => ({
        balance: balance + change,
      }));
      if (nonNegativeKinds.has(account.kind) && (after?.balance ?? 0) < 0) {
        throw new DatabaseError('23514', `${nameOf(account)} below zero`, 'ledger_account_not_negative');
      }
    }
    return true;
  });

function signed({ kind }: AccountName, direction: Direction, amount: number): number {
  return normalSide[kind] === direction ? amount : -amount;
}
