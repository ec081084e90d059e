import type { Ids } from '@marketgraph/platform/core';
import type { CommandDeps } from '../../../subgraphs/inventory/src/commands/deps.ts';
import type { Services } from '../../../subgraphs/orders/src/commands/services.ts';
import type { OfferQuote } from '../../../subgraphs/orders/src/domain/offer-quote.ts';
import { SimulatedCarts } from './catalog.ts';
import { type Faults, NO_FAULTS } from './faults.ts';
import { inventoryModel, type InventoryModel } from './inventory-tables.ts';
import { MemoryBus } from './memory-bus.ts';
import { Network } from './network.ts';
import { ordersModel, type OrdersModel } from './orders-tables.ts';
import { paymentsModel, type PaymentsModel } from './payments-tables.ts';
import { deliverWebhook } from './peers.ts';
import { SimulatedProvider } from './provider.ts';
import { Random } from './random.ts';
import { type Actor, type Blow, EPOCH, Scheduler } from './scheduler.ts';
import { type PaymentsCopy, startInventory, startOrders, startPayments } from './services.ts';

interface Handles {
  inventory: CommandDeps;
  payments: PaymentsCopy;
  orders: Services;
}

export type ServiceName = keyof Handles;

interface Copy<Name extends ServiceName> {
  actor: Actor;
  handle: Handles[Name];
}

const STARTS: { [Name in ServiceName]: (world: World, actor: Actor) => Handles[Name] } = {
  inventory: startInventory,
  payments: startPayments,
  orders: startOrders,
};

/** What a schedule did, line by line, for whoever replays it. */
export type Trace = (line: string) => void;

/** The whole marketplace of one schedule: stores, peers, provider, and the copies of each service that run now. */
export class World {
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly inventory: InventoryModel;
  readonly orders: OrdersModel;
  readonly payments: PaymentsModel;
  readonly bus: MemoryBus;
  readonly network: Network;
  readonly provider: SimulatedProvider;
  readonly carts: SimulatedCarts;
  readonly quotes = new Map<string, OfferQuote>();
  crashes = 0;
  readonly #copies: { [Name in ServiceName]: Copy<Name>[] } = { inventory: [], payments: [], orders: [] };
  #faults: Faults = NO_FAULTS;
  #ids = 0;

  constructor(
    seed: number,
    readonly trace: Trace | undefined,
  ) {
    this.random = new Random(seed);
    this.scheduler = new Scheduler(this.random);
    this.inventory = inventoryModel(this.scheduler);
    this.orders = ordersModel(this.scheduler);
    this.payments = paymentsModel(this.scheduler);
    this.bus = new MemoryBus(this.scheduler, this.faults);
    this.network = new Network(this.scheduler, this.faults, (line) => this.say(line));
    this.provider = new SimulatedProvider(this.scheduler, this.faults);
    this.provider.deliver = (event) => deliverWebhook(this, event);
    this.carts = new SimulatedCarts(this.scheduler);
    this.scheduler.onArrival = (actor, what) => this.#blow(actor, what);
    this.scheduler.onCrash = (actor, what) => this.#crash(actor, what);
  }

  /** Fresh each time: faults end in the middle of a schedule. */
  readonly faults = (): Faults => this.#faults;

  beginFaults(faults: Faults): void {
    this.#faults = faults;
  }

  endFaults(): void {
    this.#faults = NO_FAULTS;
    this.say('faults end');
  }

  /** Ids of the usual form, in the order they were asked for. */
  readonly ids: Ids = {
    next: (prefix) => {
      this.#ids += 1;
      return `${prefix}_${String(this.#ids).padStart(26, '0')}`;
    },
  };

  start(name: ServiceName, index: number, life = 1): void {
    const actor: Actor = { name: `${name}-${index}.${life}`, isAlive: true };
    this.scheduler.at(0, actor, () => {
      const handle = STARTS[name](this, actor);
      // The handle is of the service of this name: `STARTS` says so, entry by entry.
      (this.#copies[name] as Copy<ServiceName>[])[index] = { actor, handle };
    });
  }

  /** One of those that run, as a load balancer without health checks would have it. */
  copyOf<Name extends ServiceName>(name: Name): Copy<Name> | undefined {
    const alive = this.#copies[name].filter((copy) => copy?.actor.isAlive);
    return alive.length > 0 ? this.random.pick(alive) : undefined;
  }

  say(line: string): void {
    const { now, current } = this.scheduler;
    this.trace?.(`${String(now - EPOCH).padStart(9)}  ${(current?.name ?? '').padEnd(14)} ${line}`);
  }

  #blow(actor: Actor, what: string): Blow {
    if (actor.name.startsWith('buyer')) return 'none';
    const { crash, stall } = this.#faults;
    this.trace?.(`${String(this.scheduler.now - EPOCH).padStart(9)}  ${actor.name.padEnd(14)} ${what}`);
    if (this.random.chance(crash)) return 'crash';
    return this.random.chance(stall) ? 'stall' : 'none';
  }

  #crash(actor: Actor, what: string): void {
    this.say(`${actor.name} dies at ${what}`);
    this.crashes += 1;
    actor.isAlive = false;
    for (const { database } of [this.inventory, this.orders, this.payments]) database.forget(actor);
    const [, name, index, life] = /^(\w+)-(\d+)\.(\d+)$/.exec(actor.name) ?? [];
    this.scheduler.at(this.random.between(200, 6_000), null, () =>
      this.start(name as ServiceName, Number(index), Number(life) + 1),
    );
  }
}
