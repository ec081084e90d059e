import * as operations from '@marketgraph/schema/generated/operations';
import { until } from '@marketgraph/platform/testing';
import pg from 'pg';
import Stripe from 'stripe';
import type { Verdict } from '@marketgraph/verify';
import { aRun, newKey, registerBuyer, registerVendor, signIn, type Vendor } from '../story/cast.ts';
import { availableOf, type Basket, fillCart, type StartedCheckout } from '../story/purchase.ts';
import { accepted, silentReport } from '../story/report.ts';
import { startTestMarketplace, type TestMarketplace } from '../support/marketplace.ts';
import type { Person } from '../support/person.ts';
import { type Listing, listProduct } from '../support/shop.ts';
import { type CrashPoint, nameOf } from './crash-points.ts';
import { atTheProvider, hasFaults, noMoreFaults } from './provider-faults.ts';
import { dyingAt } from './dying-at.ts';
import { signInPatiently } from './patient-sign-in.ts';
import { buyStubbornly, type Purchase } from './stubborn-buyer.ts';
import { brokenInvariants } from './broken-invariants.ts';

/** What the world makes of a purchase, whoever crashes on the way. */
export type Outcome = 'paid' | 'declined' | 'answer lost' | 'canceled' | 'short' | 'stock gone';

export const outcomes: readonly Outcome[] = ['paid', 'declined', 'answer lost', 'canceled', 'short', 'stock gone'];

const ENDS: Readonly<Record<Outcome, Purchase['status']>> = {
  paid: 'CONFIRMED',
  declined: 'FAILED',
  // The money was taken and the answer never came: it has to be looked up, not taken again.
  'answer lost': 'CONFIRMED',
  // At the provider, by hand, when the units are sold already and the money is about to be taken.
  canceled: 'FAILED',
  short: 'REFUSED',
  // Paid after the time was over, and somebody else has the last one.
  'stock gone': 'FAILED',
};

export interface CellResult {
  name: string;
  /** Whether the service came by the point at all. */
  crashed: boolean;
  purchase: Purchase;
  expected: Purchase['status'];
  broken: readonly Verdict[];
  /** From when the service was back until the purchase had its end, and every invariant held. */
  endedAfterMs: number;
}

const UNITS = 100_000;
const CAPTURE = { method: 'POST', path: '/v1/payment_intents/*/capture' };
const CANCEL_WITHIN_MS = 2_000;
/** What nobody paid for in time is for sale again. */
const BACK_WITHIN_MS = 5_000;
const PATIENCE_MS = 90_000;

interface Rival {
  buyer: Person;
  basket: Basket;
}

/** A marketplace in processes, and a vendor with one product that everybody wants and one that is gone. */
export class CrashShop {
  private constructor(
    readonly marketplace: TestMarketplace,
    private readonly plenty: Listing,
    private readonly scarce: Listing,
    private readonly vendor: Vendor,
    private readonly run: string,
  ) {}

  static async open(): Promise<CrashShop> {
    const marketplace = await startTestMarketplace({ shape: 'processes' });
    try {
      const { graph } = marketplace;
      const run = aRun();
      const operator: Person = await signIn(graph, 'Olga', graph.operator);
      const vendor: Vendor = await registerVendor(graph, { name: 'Crash Test', run, operator, report: silentReport });
      const list = (title: string, sku: string, units: number) => listProduct(vendor, operator, { title, sku, units });
      return new CrashShop(
        marketplace,
        await list('Plenty', `PLENTY-${run}`, UNITS),
        await list('Scarce', `SCARCE-${run}`, 0),
        vendor,
        run,
      );
    } catch (error) {
      await marketplace.stop();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.marketplace.stop();
  }

  /** One purchase in which one service dies at one point and is back a moment later. */
  async play(point: CrashPoint, outcome: Outcome): Promise<CellResult> {
    const { graph, processes } = this.marketplace;
    const service = processes!.services.get(point.service)!;
    // A cart of its own, filled before anybody is in danger.
    const buyer = await registerBuyer(graph, `B${newKey().slice(0, 8)}`, this.run);
    const isScarce = outcome === 'short' || outcome === 'stock gone';
    if (isScarce) await this.haveLeft(1);
    const basket = await fillCart(buyer, [{ offerId: (isScarce ? this.scarce : this.plenty).offerId, quantity: 1 }]);
    // What is sold out already would not come into a cart.
    if (outcome === 'short') await this.haveLeft(0);
    const rival = outcome === 'stock gone' ? await this.aRival() : undefined;
    if (outcome === 'answer lost') await atTheProvider(graph, { kind: 'error500AfterEffect', match: CAPTURE });
    if (outcome === 'canceled')
      await atTheProvider(graph, { kind: 'delayBefore', ms: CANCEL_WITHIN_MS, match: CAPTURE });
    try {
      const { crashed, result, endedAfterMs } = await dyingAt(service, point, async () => {
        const card = outcome === 'declined' ? 'pm_card_chargeDeclined' : 'pm_card_visa';
        const purchase = await buyStubbornly(graph, buyer, {
          basket,
          card,
          ...(rival ? { beforePaying: ({ orderId }) => this.sellToAnother(orderId, rival) } : {}),
          ...(outcome === 'canceled' ? { afterPaying: (checkout) => this.cancelAtProvider(checkout) } : {}),
        });
        return { purchase, broken: await this.settled() };
      });
      return { name: `${nameOf(point)}, ${outcome}`, crashed, expected: ENDS[outcome], endedAfterMs, ...result };
    } finally {
      await noMoreFaults(graph);
    }
  }

  /** Whatever the cell before has left. */
  private async haveLeft(units: number): Promise<void> {
    const { graph } = this.marketplace;
    const { offerId } = this.scarce;
    const person = await signInPatiently(graph, 'Crash Test', this.vendor.credentials);
    const delta = units - (await availableOf(person, offerId));
    if (delta === 0) return;
    const { inventoryAdjust } = await person.ask(operations.InventoryAdjustDocument, {
      input: { offerId, warehouseId: this.vendor.warehouses[0]!, delta, reason: delta > 0 ? 'RECEIPT' : 'ADJUSTMENT' },
      idempotencyKey: newKey(),
    });
    accepted('inventoryAdjust', inventoryAdjust.stockLevel, inventoryAdjust.userErrors);
  }

  /** Somebody else who is about to buy the last one. */
  private async aRival(): Promise<Rival> {
    const buyer = await registerBuyer(this.marketplace.graph, `B${newKey().slice(0, 8)}`, this.run);
    return { buyer, basket: await fillCart(buyer, [{ offerId: this.scarce.offerId, quantity: 1 }]) };
  }

  /** While the capture is on its way. */
  private async cancelAtProvider({ clientSecret }: StartedCheckout): Promise<void> {
    const { graph, stores } = this.marketplace;
    await until(async () => !(await hasFaults(graph)), { timeoutMs: PATIENCE_MS, what: 'the capture' }).catch(
      // It dies before it comes to that; then the payment is canceled before the units are sold.
      () => undefined,
    );
    const { hostname: host, port } = new URL(graph.stripe.apiUrl!);
    const stripe = new Stripe(stores.stripe.secretKey, { host, port, protocol: 'http', maxNetworkRetries: 0 });
    await stripe.paymentIntents.cancel(clientSecret.split('_secret_', 1)[0]!);
  }

  /** The reservation's time is over, as far as the database knows, and a second buyer is quick. */
  private async sellToAnother(orderId: string, { buyer, basket }: Rival): Promise<void> {
    const { graph, stores } = this.marketplace;
    const client = new pg.Client({ connectionString: stores.postgres.inventory.ownerUrl });
    await client.connect();
    try {
      await client.query("update reservation set expires_at = now() - interval '1 second' where request_key = $1", [
        orderId,
      ]);
    } finally {
      await client.end();
    }
    // The counter looks such a refusal up ten times a second at most; whoever asks in between may be told once more that it is gone.
    const deadline = Date.now() + BACK_WITHIN_MS;
    const buy = () => buyStubbornly(graph, buyer, { basket, card: 'pm_card_visa' });
    let bought = await buy();
    while (bought.codes.includes('INSUFFICIENT_STOCK') && Date.now() < deadline) bought = await buy();
    if (bought.status !== 'CONFIRMED') {
      throw new Error(`The second buyer's purchase ended ${bought.status} ${bought.codes.join()}.`);
    }
  }

  private settled(): Promise<readonly Verdict[]> {
    return brokenInvariants(this.marketplace);
  }
}
