import * as operations from '@marketgraph/schema/generated/operations';
import pg from 'pg';
import type { Verdict } from '@marketgraph/verify';
import { aRun, newKey, registerBuyer, registerVendor, signIn, type Vendor } from '../story/cast.ts';
import { fillCart } from '../story/purchase.ts';
import { accepted, silentReport } from '../story/report.ts';
import { startTestMarketplace, type TestMarketplace } from '../support/marketplace.ts';
import type { Person } from '../support/person.ts';
import { type Listing, listProduct } from '../support/shop.ts';
import { type CrashPoint, nameOf } from './crash-points.ts';
import { atTheProvider, noMoreFaults } from './provider-faults.ts';
import { dyingAt } from './dying-at.ts';
import { buyStubbornly, type Purchase } from './stubborn-buyer.ts';
import { brokenInvariants } from './broken-invariants.ts';

/** What the world makes of a purchase, whoever crashes on the way. */
export type Outcome = 'paid' | 'declined' | 'answer lost' | 'short' | 'stock gone';

export const outcomes: readonly Outcome[] = ['paid', 'declined', 'answer lost', 'short', 'stock gone'];

const ENDS: Readonly<Record<Outcome, Purchase['status']>> = {
  paid: 'CONFIRMED',
  declined: 'FAILED',
  // The money was taken and the answer never came: it has to be looked up, not taken again.
  'answer lost': 'CONFIRMED',
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
}

const UNITS = 100_000;

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
    if (outcome === 'stock gone') await this.oneMore();
    const basket = await fillCart(buyer, [
      { offerId: (isScarce ? this.scarce : this.plenty).offerId, quantity: outcome === 'short' ? 2 : 1 },
    ]);
    if (outcome === 'answer lost') {
      await atTheProvider(graph, {
        kind: 'error500AfterEffect',
        match: { method: 'POST', path: '/v1/payment_intents/*/capture' },
      });
    }
    try {
      const { crashed, result } = await dyingAt(service, point, async () => {
        const card = outcome === 'declined' ? 'pm_card_chargeDeclined' : 'pm_card_visa';
        const purchase = await buyStubbornly(graph, buyer, {
          basket,
          card,
          ...(outcome === 'stock gone' ? { beforePaying: (orderId) => this.sellToAnother(orderId) } : {}),
        });
        return { purchase, broken: await this.settled() };
      });
      return { name: `${nameOf(point)}, ${outcome}`, crashed, expected: ENDS[outcome], ...result };
    } finally {
      await noMoreFaults(graph);
    }
  }

  private async oneMore(): Promise<void> {
    const { graph } = this.marketplace;
    const person = await signIn(graph, 'Crash Test', this.vendor.credentials);
    const { inventoryAdjust } = await person.ask(operations.InventoryAdjustDocument, {
      input: { offerId: this.scarce.offerId, warehouseId: this.vendor.warehouses[0]!, delta: 1, reason: 'RECEIPT' },
      idempotencyKey: newKey(),
    });
    accepted('inventoryAdjust', inventoryAdjust.stockLevel, inventoryAdjust.userErrors);
  }

  /** The reservation's time is over, as far as the database knows, and a second buyer is quick. */
  private async sellToAnother(orderId: string): Promise<void> {
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
    const other = await registerBuyer(graph, `B${newKey().slice(0, 8)}`, this.run);
    const basket = await fillCart(other, [{ offerId: this.scarce.offerId, quantity: 1 }]);
    const { status } = await buyStubbornly(graph, other, { basket, card: 'pm_card_visa' });
    if (status !== 'CONFIRMED') throw new Error(`The second buyer's purchase ended ${status}.`);
  }

  private settled(): Promise<readonly Verdict[]> {
    return brokenInvariants(this.marketplace);
  }
}
