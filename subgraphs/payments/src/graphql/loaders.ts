import DataLoader from 'dataloader';
import type { Database, EntityManager } from '@marketgraph/platform/postgres';
import { findRules } from '../store/commission-rules.ts';
import { findLedgerAccounts } from '../store/ledger.ts';
import { findMethodsOf } from '../store/payment-methods.ts';
import { findPayments, findPaymentsOfOrders } from '../store/payments.ts';
import { findAccountsOfVendors, findPayoutAccounts } from '../store/payout-accounts.ts';
import { findPayouts, settlementsOfPayouts } from '../store/payouts.ts';
import { findRefunds, findRefundsOf, partsOf } from '../store/refunds.ts';
import { findSettlements, findSettlementsOf, totalsOf } from '../store/settlements.ts';
import { findTransactions, findTransactionsOf } from '../store/transactions.ts';

/** One set per request: what a page asks for in one tick is one query. */
export function createLoaders(orm: Database) {
  const read = <Row>(find: (em: EntityManager, keys: readonly string[]) => Promise<Row[]>) => {
    return (keys: readonly string[]) => find(orm.em.fork(), keys);
  };
  return {
    payment: oneBy(read(findPayments), (row) => row.id),
    paymentOfOrder: oneBy(read(findPaymentsOfOrders), (row) => row.orderId),
    transaction: oneBy(read(findTransactions), (row) => row.id),
    transactionsOf: manyBy(read(findTransactionsOf), (row) => row.paymentId ?? ''),
    settlement: oneBy(read(findSettlements), (row) => row.id),
    settlementOf: oneBy(read(findSettlementsOf), (row) => row.vendorOrderId),
    totalsOf: manyBy(read(totalsOf), (row) => row.vendorId),
    payoutAccount: oneBy(read(findPayoutAccounts), (row) => row.id),
    payoutAccountOf: oneBy(read(findAccountsOfVendors), (row) => row.vendorId),
    refund: oneBy(read(findRefunds), (row) => row.id),
    refundsOf: manyBy(read(findRefundsOf), (row) => row.orderId),
    refundParts: manyBy(read(partsOf), (row) => row.refundId),
    payout: oneBy(read(findPayouts), (row) => row.id),
    settlementsOfPayout: manyBy(read(settlementsOfPayouts), (row) => row.payoutId ?? ''),
    methodsOf: manyBy(read(findMethodsOf), (row) => row.userId),
    ledgerAccount: oneBy(read(findLedgerAccounts), (row) => row.id),
    commissionRule: oneBy(read(findRules), (row) => row.id),
  };
}

export type Loaders = ReturnType<typeof createLoaders>;

function oneBy<Row>(find: (keys: readonly string[]) => Promise<Row[]>, keyOf: (row: Row) => string) {
  return new DataLoader<string, Row | null>(async (keys) => {
    const rows = new Map((await find(keys)).map((row) => [keyOf(row), row]));
    return keys.map((key) => rows.get(key) ?? null);
  });
}

function manyBy<Row>(find: (keys: readonly string[]) => Promise<Row[]>, keyOf: (row: Row) => string) {
  return new DataLoader<string, Row[]>(async (keys) => {
    const rows = Map.groupBy(await find(keys), keyOf);
    return keys.map((key) => rows.get(key) ?? []);
  });
}
