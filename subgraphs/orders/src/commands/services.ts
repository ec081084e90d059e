import type { Clock, Ids, OneByOne, SingleFlight } from '@marketgraph/platform/core';
import type { EventBus } from '@marketgraph/platform/messaging';
import type { Database } from '@marketgraph/platform/postgres';
import type { Logger } from '@marketgraph/platform/telemetry';
import type { Carrier } from '../clients/carrier.ts';
import type { AccountsClient } from '../clients/accounts.ts';
import type { CatalogClient } from '../clients/catalog.ts';
import type { InventoryClient } from '../clients/inventory.ts';
import type { PaymentsClient } from '../clients/payments.ts';
import type { OrdersCounts } from '../counts.ts';
import type { TaxRates } from '../domain/tax.ts';
import type { CartStore } from '../store/carts.ts';
import type { ReachedCheckouts } from './reached-checkouts.ts';
import type { CheckoutAnswer } from './start-checkout.ts';

/** What the commands of this service work with. */
export interface Services {
  orm: Database;
  carts: CartStore;
  bus: EventBus;
  accounts: AccountsClient;
  catalog: CatalogClient;
  inventory: InventoryClient;
  payments: PaymentsClient;
  carrier: Carrier;
  taxes: TaxRates;
  ids: Ids;
  clock: Clock;
  log: Logger;
  counts: OrdersCounts;
  settings: { reservationTtlS: number; answerWithinMs: number };
  /** A checkout may be due: look now. */
  nudgeSweeper(): void;
  /** Whoever asks again while a checkout is being started waits for the same start. */
  starting: SingleFlight<CheckoutAnswer>;
  /**
   * Within this process the drivers of one checkout follow one another, so that client, event and sweeper do not ask
   * the other services for the same things; between processes the row's lock and the requests' keys make that harmless.
   */
  driving: OneByOne;
  /** What this process knows of checkouts without asking. */
  reached: ReachedCheckouts;
  /** Keeps work that outlives its request, so that a stop can wait for it. */
  background: Background;
}

/** Who caused it, for history and traces. */
export interface Cause {
  actorId: string | null;
  trace?: string;
}

export interface Background {
  run(what: string, work: Promise<unknown>): void;
  /** Resolves when nothing runs any more, or at the latest after `timeoutMs`. */
  drain(timeoutMs: number): Promise<void>;
}

export function createBackground(log: Logger): Background {
  const running = new Set<Promise<void>>();
  return {
    run(what, work) {
      const tracked = work.then(
        () => undefined,
        (error: unknown) => log.warn({ err: error, what }, 'background work failed; the sweeper takes it up'),
      );
      running.add(tracked);
      void tracked.finally(() => running.delete(tracked));
    },
    async drain(timeoutMs) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, timeoutMs);
      });
      await Promise.race([Promise.all(running), late]);
      clearTimeout(timer);
    },
  };
}
