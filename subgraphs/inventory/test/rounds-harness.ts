import { systemClock } from '@marketgraph/platform/core';
import { type Database, openDatabase } from '@marketgraph/platform/postgres';
import { silentLog as log } from '@marketgraph/platform/testing';
import type { SparingCounter } from '../src/clients/sparing-counter.ts';
import { type CommandDeps, commandDeps } from '../src/commands/deps.ts';
import type { InventoryCounts } from '../src/counts.ts';
import { type Harness, ids } from './harness.ts';

/** Commands on the harness's database past GraphQL, with a counter in front that says what it is told to. */
export interface Commands {
  deps: CommandDeps;
  /** How many rounds there were, and how many requests were in them. */
  readonly rounds: { count: number; requests: number };
  stop(): Promise<void>;
}

/** Admits everybody: the database alone decides. */
export const openDoor: SparingCounter = {
  admit: async () => ({ answer: 'admitted' }),
  put: async () => undefined,
  tell: async () => undefined,
  read: async () => new Map(),
};

export async function startCommands(
  { stores }: Harness,
  { counter = openDoor, watch = (orm) => orm }: { counter?: SparingCounter; watch?: (orm: Database) => Database } = {},
): Promise<Commands> {
  const { appUrl } = stores.postgres.inventory;
  const orm = await openDatabase({ url: appUrl, entities: [], log, applicationName: 'commands' });
  const rounds = { count: 0, requests: 0 };
  const nothing = { inc: () => undefined };
  const counts: InventoryCounts = {
    ...{ oversellPrevented: nothing, reservationsExpired: nothing },
    rounds: { inc: (by = 1) => void (rounds.count += by) },
    roundRequests: { inc: (by = 1) => void (rounds.requests += by) },
  };
  const deps = commandDeps({
    ...{ orm: watch(orm), ids, clock: systemClock, counter, log, counts, reservationTtlS: 900 },
    offerSource: { find: async () => ({ offers: [], allowances: [] }) },
  });
  return { deps, rounds, stop: () => orm.close() };
}

/** Tells of every statement outside of a transaction. */
export function watched(orm: Database, onStatement: () => void): Database {
  return new Proxy(orm, {
    get(target, key) {
      if (key !== 'em') return Reflect.get(target, key, target) as unknown;
      const { em } = target;
      return new Proxy(em, {
        get(_, name) {
          if (name !== 'fork') return Reflect.get(em, name, em) as unknown;
          return () => {
            const fork = em.fork();
            const execute = fork.execute.bind(fork);
            fork.execute = ((...given: Parameters<typeof execute>) => {
              onStatement();
              return execute(...given);
            }) as typeof execute;
            return fork;
          };
        },
      });
    },
  });
}

/** Whoever changes the stock of this offer waits until it is let go, and finds a row that was changed meanwhile. */
export async function holdOffer(db: Database, offerId: string): Promise<() => Promise<void>> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const locked = Promise.withResolvers<void>();
  const over = db.em.fork().transactional(async (em) => {
    await em.execute('update offer set low_stock_threshold = low_stock_threshold + 1 where offer_id = ?', [offerId]);
    locked.resolve();
    await promise;
  });
  over.catch(locked.reject);
  await locked.promise;
  return async () => {
    resolve();
    await over;
  };
}

export interface Place {
  warehouses: readonly string[];
  vendorId: string;
}

/** An offer with these units, or an allowance when there is no place for it, written as it would be by the commands. */
export async function writeOffer(
  db: Database,
  offerId: string,
  units: readonly number[],
  place?: Place,
): Promise<void> {
  const em = db.em.fork();
  if (place) {
    await em.execute('insert into offer (offer_id, vendor_id, sku, variant_id) values (?, ?, ?, ?)', [
      ...[offerId, place.vendorId, offerId, `var ${offerId}`],
    ]);
  } else {
    await em.execute(
      "insert into offer (offer_id, kind, allowed, granted, allowed_sequence) values (?, 'ALLOWANCE', ?, ?, 1)",
      [offerId, units[0], units[0]],
    );
  }
  for (const [at, onHand] of units.entries()) {
    await em.execute('insert into stock_level (id, offer_id, warehouse_id, on_hand) values (?, ?, ?, ?)', [
      ...[ids.next('lvl'), offerId, place ? place.warehouses[at] : 'whs_allowances', onHand],
    ]);
  }
}
