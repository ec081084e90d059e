import type { EntityManager } from '@marketgraph/platform/postgres';
import type { Journal } from '../../../subgraphs/payments/src/domain/ledger.ts';
import type { NewTransaction } from '../../../subgraphs/payments/src/domain/payment.ts';
import { PaymentRow } from '../../../subgraphs/payments/src/store/payment.entity.ts';
import type { SettlementRow } from '../../../subgraphs/payments/src/store/settlement.entity.ts';
import type { DueEvent } from '../../../subgraphs/payments/src/store/webhook-inbox.ts';
import { MemoryDatabase, Table } from './memory-database.ts';
import { memoryOf, type OrmModel, type Statement } from './memory-orm.ts';
import { type PlatformTables, platformStatements, platformTables } from './platform-tables.ts';
import type { Scheduler } from './scheduler.ts';

export interface WebhookEntry extends DueEvent {
  status: 'PENDING' | 'DONE' | 'IGNORED' | 'ABANDONED';
  nextAttemptAt: number;
}

export interface PaymentsTables extends PlatformTables {
  payments: Table<PaymentRow>;
  transactions: Table<NewTransaction & { paymentId: string }>;
  settlements: Table<SettlementRow>;
  journals: Table<Journal & { paymentId: string | null }>;
  /** Balance by the account's name, on its normal side. */
  accounts: Table<{ balance: number }>;
  webhooks: Table<WebhookEntry>;
}

export interface PaymentsModel extends OrmModel {
  tables: PaymentsTables;
}

export function paymentsModel(scheduler: Scheduler): PaymentsModel {
  const payments = new Table<PaymentRow>('payment', [
    { name: 'payment_order_id_key', of: (row) => row.orderId },
    { name: 'payment_gateway_reference_key', of: (row) => row.gatewayReference ?? null },
  ]);
  const tables: PaymentsTables = {
    ...platformTables(),
    payments,
    transactions: new Table('payment_transaction'),
    settlements: new Table('settlement', [{ name: 'settlement_vendor_order_id_key', of: (row) => row.vendorOrderId }]),
    journals: new Table('ledger_journal', [{ name: 'ledger_journal_fact_key', of: (row) => row.fact }]),
    accounts: new Table('ledger_account'),
    webhooks: new Table('webhook_event'),
  };
  const own: Statement[] = [
    {
      pattern: /^update payment set create_tries = create_tries \+ 1/,
      async run(transaction, [triedAt, id, tries]) {
        const counted = await transaction.update(payments, id as string, (row) =>
          row.createTries === tries
            ? { createTries: row.createTries + 1, createTriedAt: new Date(triedAt as string) }
            : undefined,
        );
        return counted ? [{ create_tries: counted.createTries }] : [];
      },
    },
    // Cards on file are not what a schedule is about.
    { pattern: /^insert into payment_method/, run: () => [] },
  ];
  return {
    database: new MemoryDatabase(scheduler),
    statements: [...platformStatements(tables), ...own],
    // A row leaves the list only into the table it came from.
    entities: new Map([[PaymentRow, payments as unknown as Table<{ id: string }>]]),
    tables,
  };
}

export function paymentsTables(em: EntityManager): PaymentsTables {
  // The commands of this service are given no other.
  return (memoryOf(em).model as PaymentsModel).tables;
}
