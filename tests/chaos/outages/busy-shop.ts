import { setTimeout as pause } from 'node:timers/promises';
import * as operations from '@marketgraph/schema/generated/operations';
import { until } from '@marketgraph/platform/testing';
import type { Verdict } from '@marketgraph/verify';
import { print } from 'graphql';
import { aRun, registerBuyer, registerVendor, signIn, type Vendor } from '../../story/cast.ts';
import { type Basket, fillCart } from '../../story/purchase.ts';
import { silentReport } from '../../story/report.ts';
import { startTestMarketplace, type TestMarketplace, type TestMarketplaceOptions } from '../../support/marketplace.ts';
import type { Person } from '../../support/person.ts';
import { ask } from '../../support/raw-graph.ts';
import { type Listing, listProduct } from '../../support/shop.ts';
import { buyStubbornly, type Purchase } from '../stubborn-buyer.ts';
import { brokenInvariants } from '../broken-invariants.ts';

const UNITS = 100_000;
const SETTLE_MS = 60_000;
const PROBE_EVERY_MS = 100;
const RETRY_MS = 250;
/** Probes in a row that say that something is well again. */
const WELL_AFTER = 5;

export interface Probe {
  /** When it was asked, by `performance.now()`. */
  at: number;
  ok: boolean;
}

/** A marketplace with people in it who buy and buy, whatever happens to its stores. */
export class BusyShop {
  readonly purchases: Purchase[] = [];
  readonly #buyers: Person[] = [];
  #shoppers: Promise<void>[] = [];
  #isOpen = true;

  private constructor(
    readonly marketplace: TestMarketplace,
    readonly operator: Person,
    readonly vendor: Vendor,
    readonly listing: Listing,
  ) {}

  static async open(options: TestMarketplaceOptions, { buyers }: { buyers: number }): Promise<BusyShop> {
    const marketplace = await startTestMarketplace(options);
    try {
      const { graph } = marketplace;
      const run = aRun();
      const operator = await signIn(graph, 'Olga', graph.operator);
      const vendor = await registerVendor(graph, { name: 'Busy', run, operator, report: silentReport });
      const listing = await listProduct(vendor, operator, { title: 'Plenty', sku: `BUSY-${run}`, units: UNITS });
      const shop = new BusyShop(marketplace, operator, vendor, listing);
      for (let at = 0; at < buyers; at += 1) shop.#buyers.push(await registerBuyer(graph, `Buyer${at}`, run));
      return shop;
    } catch (error) {
      await marketplace.stop();
      throw error;
    }
  }

  /** Everybody begins to shop, and begins anew with each purchase that has ended. */
  begin({ patienceMs }: { patienceMs: number }): void {
    this.#shoppers = this.#buyers.map(async (buyer) => {
      while (this.#isOpen) this.purchases.push(await this.purchase(buyer, patienceMs));
    });
    // Met again, by whoever ends the shopping.
    for (const shopper of this.#shoppers) shopper.catch(() => undefined);
  }

  /** Nobody begins another purchase; resolves when all have ended. */
  async end(): Promise<void> {
    this.#isOpen = false;
    await Promise.all(this.#shoppers);
  }

  async purchase(buyer: Person = this.#buyers[0]!, patienceMs = SETTLE_MS): Promise<Purchase> {
    const lines = [{ offerId: this.listing.offerId, quantity: 1 }];
    const basket: Basket = await until(() => fillCart(buyer, lines), {
      timeoutMs: patienceMs,
      intervalMs: RETRY_MS,
      what: 'a full cart',
    });
    return buyStubbornly(this.marketplace.graph, buyer, { basket, card: 'pm_card_visa', patienceMs });
  }

  /** Asks for something again and again until told to stop. */
  probe(query: string, variables: Record<string, unknown>, token?: string) {
    const probes: Probe[] = [];
    let isProbing = true;
    const ended = (async () => {
      while (isProbing) {
        const at = performance.now();
        const answer = await ask(this.marketplace.url, query, { variables, token }).catch(() => undefined);
        probes.push({ at, ok: answer !== undefined && answer.errors.length === 0 && answer.status === 200 });
        await pause(PROBE_EVERY_MS);
      }
    })();
    return {
      probes,
      /** Resolves to how long after `since` the last failure was, when there have been none for a while. */
      async well(since: number): Promise<number> {
        const last = () => probes.slice(-WELL_AFTER);
        await until(() => last().length === WELL_AFTER && last().every(({ at, ok }) => ok && at > since), {
          timeoutMs: SETTLE_MS,
          what: 'good answers again',
        });
        return Math.max((probes.findLast(({ ok }) => !ok)?.at ?? since) - since, 0);
      },
      async stop(): Promise<void> {
        isProbing = false;
        await ended;
      },
    };
  }

  /** A page that the catalog can show by itself. */
  browse() {
    return this.probe('query($id: ID!) { product(id: $id) { title } }', { id: this.listing.productId });
  }

  /** A page that needs PostgreSQL. */
  account() {
    const { accessToken } = this.operator;
    return this.probe('{ me { orders(first: 1) { edges { node { id } } } } }', {}, accessToken);
  }

  pids(): ReadonlyMap<string, number> {
    return new Map([...this.marketplace.processes!.services].map(([name, { pid }]) => [name, pid]));
  }

  signInAnswer() {
    const { email, password } = this.marketplace.graph.operator;
    return ask(this.marketplace.url, print(operations.LoginDocument), { variables: { input: { email, password } } });
  }

  settled(): Promise<readonly Verdict[]> {
    return brokenInvariants(this.marketplace);
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    await this.marketplace.stop();
  }
}
