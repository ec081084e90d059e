import type { Clock, Ids } from '@marketgraph/platform/core';
import {
  type EventBus,
  type EventHandler,
  startConsumer,
  startLoop,
  startRelay,
} from '@marketgraph/platform/messaging';
import { type EntityManager, postgresInbox, postgresOutbox } from '@marketgraph/platform/postgres';
import { createLogger } from '@marketgraph/platform/telemetry';
import { commandDeps, type CommandDeps, type CommandParts } from '../../../subgraphs/inventory/src/commands/deps.ts';
import { inventoryCounts } from '../../../subgraphs/inventory/src/counts.ts';
import { expireReservations } from '../../../subgraphs/inventory/src/commands/end-reservation.ts';
import { localCarrier } from '../../../subgraphs/orders/src/clients/carrier.ts';
import { reachedCheckouts } from '../../../subgraphs/orders/src/commands/reached-checkouts.ts';
import { createBackground, type Services } from '../../../subgraphs/orders/src/commands/services.ts';
import { sweepCheckouts } from '../../../subgraphs/orders/src/commands/sweep-checkouts.ts';
import { ordersCounts } from '../../../subgraphs/orders/src/counts.ts';
import { ruleTableTaxRates } from '../../../subgraphs/orders/src/domain/tax.ts';
import { concerns, eventHandlers as orderHandlers, isNews } from '../../../subgraphs/orders/src/events/in.ts';
import type { PaymentsDeps } from '../../../subgraphs/payments/src/commands/payments-deps.ts';
import { paymentsCounts } from '../../../subgraphs/payments/src/counts.ts';
import { eventKeeping } from '../../../subgraphs/payments/src/commands/keep-events.ts';
import { processWebhooks } from '../../../subgraphs/payments/src/commands/process-webhooks.ts';
import { reconcilePayments } from '../../../subgraphs/payments/src/commands/reconcile-payments.ts';
import { oneByOne, singleFlight } from '@marketgraph/platform/core';
import { consumedDomains, eventHandlers as paymentHandlers } from '../../../subgraphs/payments/src/events/in.ts';
import { simulatedCatalog, simulatedCounter } from './catalog.ts';
import { memoryOf, memoryOrm, type OrmModel, statement } from './memory-orm.ts';
import type { PlatformTables } from './platform-tables.ts';
import { inventoryClient, paymentsClient } from './peers.ts';
import type { Actor } from './scheduler.ts';
import type { World } from './world.ts';

const log = createLogger({ service: 'simulator', level: 'silent' });

export const RESERVATION_TTL_S = 20;
const ANSWER_WITHIN_MS = 5_000;
/** Nudges do the most; these are for what was not nudged. Longer than in production: virtual time is cheap, steps are not. */
const RELAY_INTERVAL_MS = 1_500;
const SWEEP_INTERVAL_MS = 1_000;
const EXPIRY_INTERVAL_MS = 2_000;
const WEBHOOK_INTERVAL_MS = 1_500;
const RECONCILE_INTERVAL_MS = 5_000;

/** What every copy of a service has of its own. */
interface Process {
  actor: Actor;
  clock: Clock;
  ids: Ids;
}

function processOf(world: World, actor: Actor): Process {
  const { skewMs } = world.faults();
  const skew = Math.round(world.random.between(-skewMs, skewMs));
  return { actor, ids: world.ids, clock: { now: () => new Date(world.scheduler.now + skew) } };
}

function ormOf(world: World, model: OrmModel) {
  return memoryOrm(model, { breaks: () => world.random.chance(world.faults().database) });
}

/** Of the bus these commands publish and consume; nobody of them reads it back. */
function busOf(world: World): EventBus {
  return world.bus.asBus() as EventBus;
}

/** Counts each event's effect in the transaction of the effect, so that a second one shows. */
function counted(
  group: string,
  handlers: Readonly<Record<string, EventHandler<EntityManager>>>,
): Record<string, EventHandler<EntityManager>> {
  const count = (em: EntityManager, eventId: string) =>
    statement(em, async (transaction) => {
      // Every model has the platform's tables.
      const { effects } = (memoryOf(em).model as OrmModel & { tables: PlatformTables }).tables;
      const key = `${group}/${eventId}`;
      const isNew = await transaction.insert(effects, key, { count: 1 }, 'nothing');
      if (!isNew) await transaction.update(effects, key, (row) => ({ count: row.count + 1 }));
    });
  return Object.fromEntries(
    Object.entries(handlers).map(([name, handle]) => [
      name,
      async (event, em) => {
        await handle(event, em);
        await count(em, event.id);
      },
    ]),
  );
}

export function startInventory(world: World, actor: Actor): CommandDeps {
  const orm = ormOf(world, world.inventory);
  const { clock, ids } = processOf(world, actor);
  startRelay({
    domain: 'inventory',
    outbox: postgresOutbox(orm),
    bus: busOf(world),
    log,
    intervalMs: RELAY_INTERVAL_MS,
  });
  const deps = commandDeps({
    orm,
    ids,
    clock,
    log,
    counts: inventoryCounts(),
    counter: simulatedCounter(world.scheduler, world.faults),
    offerSource: { find: async () => ({ offers: [], allowances: [] }) },
    reservationTtlS: RESERVATION_TTL_S,
  } as CommandParts);
  startLoop({
    name: 'reservation sweeper',
    log,
    intervalMs: EXPIRY_INTERVAL_MS,
    run: async () => ((await expireReservations(deps)) > 0 ? 'busy' : 'idle'),
  });
  return deps;
}

export interface PaymentsCopy {
  deps: PaymentsDeps;
  onWebhook(): void;
}

export function startPayments(world: World, actor: Actor): PaymentsCopy {
  const orm = ormOf(world, world.payments);
  const { clock, ids } = processOf(world, actor);
  const bus = busOf(world);
  startRelay({
    domain: 'payments',
    outbox: postgresOutbox(orm),
    bus,
    log,
    intervalMs: RELAY_INTERVAL_MS,
  });
  // What the commands of buying use; another one that comes to be used is missing here, and fails loudly.
  const deps = {
    orm,
    provider: world.provider.asProvider() as PaymentsDeps['provider'],
    ids,
    clock,
    log,
    counts: paymentsCounts(),
    commissionTaxRate: 1_900,
    creating: singleFlight(),
    capturing: singleFlight(),
    looking: oneByOne(),
    keeping: eventKeeping({ orm }),
  } as PaymentsDeps;
  void startConsumer({
    group: 'payments',
    domains: consumedDomains,
    bus,
    inbox: postgresInbox(orm),
    handlers: counted('payments', paymentHandlers(deps)),
    log,
  });
  const loop = (name: string, intervalMs: number, run: (given: PaymentsDeps) => Promise<'idle' | 'busy' | number>) =>
    startLoop({ name, log, intervalMs, run: () => run(deps) });
  const webhooks = loop('webhooks', WEBHOOK_INTERVAL_MS, processWebhooks);
  loop('reconciliation', RECONCILE_INTERVAL_MS, reconcilePayments);
  return { deps, onWebhook: () => webhooks.nudge() };
}

export function startOrders(world: World, actor: Actor): Services {
  const orm = ormOf(world, world.orders);
  const { clock, ids } = processOf(world, actor);
  const bus = busOf(world);
  startRelay({ domain: 'orders', outbox: postgresOutbox(orm), bus, log, intervalMs: RELAY_INTERVAL_MS });
  const services = {
    orm,
    // The commands of buying use these of a cart store.
    carts: world.carts as unknown as Services['carts'],
    bus,
    catalog: simulatedCatalog(world.quotes, world.scheduler),
    inventory: inventoryClient(world) as Services['inventory'],
    payments: paymentsClient(world) as Services['payments'],
    carrier: localCarrier,
    taxes: ruleTableTaxRates,
    ids,
    clock,
    log,
    counts: ordersCounts(),
    settings: { reservationTtlS: RESERVATION_TTL_S, answerWithinMs: ANSWER_WITHIN_MS },
    nudgeSweeper: () => sweeper.nudge(),
    starting: singleFlight(),
    driving: oneByOne(),
    reached: reachedCheckouts(),
    background: createBackground(log),
  } as Services;
  const sweeper = startLoop({
    name: 'checkout sweeper',
    log,
    intervalMs: SWEEP_INTERVAL_MS,
    run: () => sweepCheckouts(services),
  });
  void startConsumer({
    group: 'orders',
    domains: ['payments', 'inventory'],
    bus,
    inbox: postgresInbox(orm),
    handlers: counted('orders', orderHandlers(services)),
    concerns,
    isNews: isNews(services),
    log,
  });
  return services;
}
