import type { Clock, Ids } from '@marketgraph/platform/core';
import { defineSubgraph, type Subgraph, withLoaders } from '@marketgraph/platform/graphql';
import {
  type Consumer,
  createRedisBus,
  type EventBus,
  startConsumer,
  startLoop,
  startRelay,
  type Watch,
} from '@marketgraph/platform/messaging';
import {
  checkDatabase,
  databaseClock,
  type Database,
  migrateDatabase,
  openDatabase,
  postgresInbox,
  postgresOutbox,
} from '@marketgraph/platform/postgres';
import { createIds, type SubgraphClient } from '@marketgraph/platform/serve';
import type { Logger, Metrics } from '@marketgraph/platform/telemetry';
import { tracedPort } from '@marketgraph/platform/tracing';
import type { PaymentProvider } from './clients/provider.ts';
import { stripeProvider } from './clients/stripe-provider.ts';
import { eventKeeping } from './commands/keep-events.ts';
import { openPayoutAccounts } from './commands/open-payout-accounts.ts';
import type { PaymentsDeps } from './commands/payments-deps.ts';
import { processWebhooks } from './commands/process-webhooks.ts';
import { purgeWebhooks } from './commands/purge-webhooks.ts';
import { reconcilePayments } from './commands/reconcile-payments.ts';
import { reconciler } from './commands/reconcile-with-provider.ts';
import { releaseSettlements } from './commands/release-settlements.ts';
import { runDueOperations } from './commands/run-operation.ts';
import { oneByOne, singleFlight } from '@marketgraph/platform/core';
import type { PaymentsConfig } from './config.ts';
import { paymentsCounts, watchPayouts } from './counts.ts';
import { consumedDomains, eventHandlers } from './events/in.ts';
import { createLoaders } from './graphql/loaders.ts';
import type { PaymentsContext } from './graphql/payments-context.ts';
import { paymentsSchema } from './schema.ts';
import { DisputeRow } from './store/dispute.entity.ts';
import { LedgerAccountRow } from './store/ledger.entity.ts';
import { Migration0001Payments } from './store/migrations/0001-payments.ts';
import { Migration0002Ledger } from './store/migrations/0002-ledger.ts';
import { Migration0003Refunds } from './store/migrations/0003-refunds.ts';
import { Migration0004SavedMethods } from './store/migrations/0004-saved-methods.ts';
import { Migration0005ReturnHolds } from './store/migrations/0005-return-holds.ts';
import { Migration0006Fees } from './store/migrations/0006-fees.ts';
import { Migration0007OfferedMethods } from './store/migrations/0007-offered-methods.ts';
import { Migration0008Disputes } from './store/migrations/0008-disputes.ts';
import { MethodRow, PaymentRow, TransactionRow } from './store/payment.entity.ts';
import { OperationRow, PayoutRow, RefundPartRow, RefundRow } from './store/refund.entity.ts';
import { CommissionRuleRow, PayoutAccountRow, SettlementRow } from './store/settlement.entity.ts';
import { webhookRoute } from './webhook-route.ts';

export interface PaymentsDependencies {
  config: PaymentsConfig;
  log: Logger;
  /** Payments asks nobody; the parameter is the same for every subgraph. */
  peers?: SubgraphClient;
  metrics?: Metrics;
  clock?: Clock;
  ids?: Ids;
  /** Another provider than the configured one, for tests. */
  provider?: PaymentProvider;
}

/** Rows that are facts: the database refuses to change them for the service's own role. */
const APPEND_ONLY = ['payment_transaction', 'ledger_account', 'ledger_journal', 'ledger_entry'];
/** What comes is worked on at once; this is for what failed, and for what another process had in hand when it died. */
const WEBHOOK_INTERVAL_MS = 2_000;
/** Those that can wait wait so much longer, for others. */
const WEBHOOKS_TOGETHER_MS = 250;
const PAYOUT_ACCOUNT_INTERVAL_MS = 1_000;
/** Between two pages of the comparison with the provider's record. */
const RECONCILE_BOOKS_INTERVAL_MS = 60_000;
const PURGE_INTERVAL_MS = 60 * 60 * 1_000;

export async function createPayments(dependencies: PaymentsDependencies): Promise<Subgraph> {
  const { config, log, ids = createIds() } = dependencies;
  const { databaseUrl: appUrl, migrationDatabaseUrl: ownerUrl } = config;
  await migrateDatabase({
    ownerUrl,
    appUrl,
    migrations: {
      '0001-payments': Migration0001Payments,
      '0002-ledger': Migration0002Ledger,
      '0003-refunds': Migration0003Refunds,
      '0004-saved-methods': Migration0004SavedMethods,
      '0005-return-holds': Migration0005ReturnHolds,
      '0006-fees': Migration0006Fees,
      '0007-offered-methods': Migration0007OfferedMethods,
      '0008-disputes': Migration0008Disputes,
    },
    appendOnly: APPEND_ONLY,
    log,
  });
  const orm = await openDatabase({
    url: appUrl,
    entities: [
      CommissionRuleRow,
      DisputeRow,
      LedgerAccountRow,
      MethodRow,
      OperationRow,
      PaymentRow,
      PayoutAccountRow,
      PayoutRow,
      RefundPartRow,
      RefundRow,
      SettlementRow,
      TransactionRow,
    ],
    log,
    applicationName: 'payments',
    metrics: dependencies.metrics,
  });
  const clock = dependencies.clock ?? (await databaseClock(orm, log));
  let bus: EventBus;
  try {
    bus = await createRedisBus({ url: config.redisUrl, log });
  } catch (error) {
    await orm.close();
    throw error;
  }
  const provider = tracedPort('stripe', dependencies.provider ?? stripeProvider(config.stripe));
  let work: BackgroundWork | undefined;
  const deps: PaymentsDeps = {
    orm,
    provider,
    ids,
    clock,
    log,
    counts: paymentsCounts(dependencies.metrics),
    commissionTaxRate: config.commissionTaxRate,
    vendorPageUrl: config.vendorPageUrl,
    creating: singleFlight(),
    capturing: singleFlight(),
    operating: singleFlight(),
    looking: oneByOne(),
    keeping: eventKeeping({ orm }),
  };

  return defineSubgraph<PaymentsContext>({
    name: 'payments',
    schema: paymentsSchema(),
    log,
    createContext: (base) => withLoaders({ ...base, deps }, () => createLoaders(orm)),
    routes: [webhookRoute(deps, (delayMs) => work?.wakeWebhooks(delayMs))],
    checks: {
      postgres: () => checkDatabase(orm),
      redis: async () => void (await bus.head('payments')),
    },
    async start() {
      work = await startWork(deps, { orm, bus, config, metrics: dependencies.metrics });
    },
    async stop() {
      await work?.stop();
      await bus.close();
      await orm.close();
    },
  });
}

interface BackgroundWork {
  /** There is something to work on in so many milliseconds. */
  wakeWebhooks(delayMs: number): void;
  stop(): Promise<void>;
}

async function startWork(
  deps: PaymentsDeps,
  { orm, bus, config, metrics }: { orm: Database; bus: EventBus; config: PaymentsConfig; metrics?: Metrics },
): Promise<BackgroundWork> {
  const { log } = deps;
  const relay = startRelay({ domain: 'payments', outbox: postgresOutbox(orm), bus, log, metrics });
  const loops: Watch[] = metrics ? [watchPayouts(orm, { metrics, log })] : [];
  let consumer: Consumer | undefined;
  const stop = async () => {
    await Promise.all([consumer?.stop(), ...loops.map((loop) => loop.stop())]);
    // Last: what the others wrote while they ended goes out too.
    await relay.stop();
  };
  try {
    consumer = await startConsumer({
      group: 'payments',
      domains: consumedDomains,
      bus,
      inbox: postgresInbox(orm),
      handlers: eventHandlers(deps),
      log,
      metrics,
    });
  } catch (error) {
    await stop();
    throw error;
  }
  const loop = (name: string, intervalMs: number, run: (deps: PaymentsDeps) => Promise<'idle' | 'busy' | number>) => {
    const started = startLoop({ name: `payments ${name}`, log, intervalMs, run: () => run(deps) });
    loops.push(started);
    return started;
  };
  const webhooks = loop('webhooks', WEBHOOK_INTERVAL_MS, processWebhooks);
  loop('reconciliation', config.reconcileIntervalMs, reconcilePayments);
  loop('releases', config.reconcileIntervalMs, releaseSettlements);
  loop('operations', config.reconcileIntervalMs, runDueOperations);
  loop('books', RECONCILE_BOOKS_INTERVAL_MS, reconciler());
  loop('payout accounts', PAYOUT_ACCOUNT_INTERVAL_MS, openPayoutAccounts);
  loop('purge', PURGE_INTERVAL_MS, purgeWebhooks);
  let [lastDueAt, isWaiting] = [0, false];
  // Nobody waits for these: those that come meanwhile are worked on with the first.
  const wakeLater = (ms: number): void => {
    isWaiting = true;
    setTimeout(() => {
      webhooks.nudge();
      const leftMs = lastDueAt - performance.now();
      if (leftMs > 0) wakeLater(leftMs + WEBHOOKS_TOGETHER_MS);
      else isWaiting = false;
    }, ms).unref();
  };
  const wakeWebhooks = (delayMs: number) => {
    if (delayMs === 0) return webhooks.nudge();
    lastDueAt = performance.now() + delayMs;
    if (!isWaiting) wakeLater(delayMs + WEBHOOKS_TOGETHER_MS);
  };
  return { wakeWebhooks, stop };
}
