import { type CheckoutStage, MARKETPLACE_DATABASES, startCheckoutStage } from '../checkout/checkout-stage.ts';
import { keepConnected, type KeptConnection } from '../checkout/databases.ts';
import { backendCpu } from '../measure/backend-cpu.ts';
import type { Build } from '../measure/child.ts';
import { installPeers, VENDURE_PEER } from '../measure/peers.ts';
import type { Report } from '../measure/report.ts';
import type { IdleRound, Market, MarketSize, OrderRound, SaleRound, System } from './market.ts';
import { openOwnMarket } from './own-market.ts';
import { openVendureMarket } from './vendure-market.ts';
import { needsMs, reportBeside } from './vendure-report.ts';
import { startVendure, VENDURE_DATABASE } from './vendure-stage.ts';

export interface VendureBenchOptions {
  build: Build;
  /** How many buyers order at the same time, each their own offer. */
  crowds: readonly number[];
  rounds: number;
  warmUpMs: number;
  /** How long each is looked at while nobody asks it for anything. */
  idleMs: number;
  roundMs: number;
  sale: MarketSize['sale'];
  say(text: string): void;
}

export const vendureBenchDefaults: Omit<VendureBenchOptions, 'say'> = {
  build: 'compiled',
  crowds: [1, 16],
  rounds: 3,
  // Of each: an order passes through more code than a query.
  warmUpMs: 20_000,
  idleMs: 4_000,
  roundMs: 5_000,
  sale: { buyers: 500, units: 100, modes: ['prepared'] },
};

export const vendureBenchLong: typeof vendureBenchDefaults = {
  ...vendureBenchDefaults,
  rounds: 5,
  warmUpMs: 45_000,
  roundMs: 10_000,
  sale: { buyers: 500, units: 100, modes: ['prepared', 'cold'] },
};

/** Our order and our flash sale beside those of another marketplace: one PostgreSQL, one machine, one run. */
export async function benchVendure(options: VendureBenchOptions): Promise<Report> {
  const { build, crowds, sale, say } = options;
  const failure = await installPeers(VENDURE_PEER, say);
  if (failure) {
    say('Vendure cannot be installed: there is nothing to compare with.\n');
    return reportBeside({ idle: [], orders: [], sales: [], notes: [`Vendure is left out: ${failure}`], options });
  }
  await using stops = new AsyncDisposableStack();
  const stage = await startCheckoutStage({ shape: 'monolith', build });
  stops.defer(() => stage.stop());
  const vendure = await startVendure({
    ...{ superuserUrl: stage.superuserUrl, postgresPid: stage.postgresPid, neighbours: MARKETPLACE_DATABASES },
  });
  stops.defer(() => vendure.stop());
  const server = await keepConnected(stage.superuserUrl);
  stops.defer(() => server.end());
  const size = { build, buyers: Math.max(...crowds), sale };
  const ours = await openOwnMarket(withoutNeighbour(stage, server), size);
  stops.defer(() => ours.close());
  const theirs = await openVendureMarket(vendure, size);
  stops.defer(() => theirs.close());
  return await compare({ ours, Vendure: theirs }, options);
}

/** While ours is measured Vendure has nothing to do, and what that costs the server is not ours either. */
function withoutNeighbour(stage: CheckoutStage, server: KeptConnection): CheckoutStage {
  const ofVendure = backendCpu(server, [VENDURE_DATABASE]);
  return {
    ...stage,
    async read() {
      const { cpu, transactions } = await stage.read();
      return { cpu: { ...cpu, postgres: cpu.postgres - (await ofVendure()) }, transactions };
    },
  };
}

/** Rounds in turn, so that what disturbs the machine for a while disturbs both. */
async function compare(markets: Record<System, Market>, options: VendureBenchOptions): Promise<Report> {
  const { crowds, rounds, warmUpMs, idleMs, roundMs, sale, say } = options;
  const each = Object.values(markets);
  for (const market of each) await market.order(Math.max(...crowds), warmUpMs);
  const idle: IdleRound[] = [];
  for (const market of each) idle.push(await market.idle(idleMs));
  const orders: OrderRound[] = [];
  for (let count = 0; count < rounds; count += 1) {
    for (const buyers of crowds) {
      for (const market of each) {
        const round = await market.order(buyers, roundMs);
        orders.push(round);
        say(
          `  ${round.system.padEnd(8)} ${String(buyers).padStart(2)} buyers: ${needsMs(round.cpuMs).toFixed(1)} ms of CPU per order ` +
            `(node ${round.cpuMs.node.toFixed(1)}, postgres ${round.cpuMs.postgres.toFixed(1)}), ` +
            `${round.ordersPerSecond.toFixed(1)} orders/s\n`,
        );
      }
    }
  }
  const sales: SaleRound[] = [];
  for (const mode of sale.modes) {
    for (const market of each) {
      const round = await market.sell(mode);
      sales.push(round);
      say(
        `  ${round.system.padEnd(8)} ${mode} sale: ${round.sold} of ${round.units} sold to ${round.buyers} buyers ` +
          `in ${round.seconds.toFixed(1)} s, ${round.soldOut} were told “sold out”, ${round.surprises.length} an error\n`,
      );
    }
  }
  return reportBeside({ idle, orders, sales, notes: [], options });
}
