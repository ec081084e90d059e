import pg from 'pg';
import { until } from '@marketgraph/platform/testing';
import * as operations from '@marketgraph/schema/generated/operations';
import type { Verdict } from '@marketgraph/verify';
import { aRun, newKey, registerBuyer, registerVendor, signIn, type Vendor } from '../story/cast.ts';
import { accepted, silentReport } from '../story/report.ts';
import { startTestMarketplace, type TestMarketplace } from '../support/marketplace.ts';
import type { Person } from '../support/person.ts';
import { ask } from '../support/raw-graph.ts';
import { fillCart } from '../story/purchase.ts';
import { type Listing, listProduct } from '../support/shop.ts';
import { type CrashPoint, type PayingOut, payingOutOf } from './crash-points.ts';
import { brokenInvariants } from './broken-invariants.ts';
import { dyingAt } from './dying-at.ts';
import { signInPatiently } from './patient-sign-in.ts';
import { buyStubbornly } from './stubborn-buyer.ts';

/** What became of an order's money: here, and by the provider's own record. */
export interface PaidOut {
  settlement: string;
  refunds: string[];
  atProvider: { captured: number; refunded: number; transferred: number; reversed: number; movements: string[] };
}

export interface PayingOutResult {
  /** Whether the service came by the point at all. */
  crashed: boolean;
  order: { total: number; net: number };
  paidOut: PaidOut;
  broken: readonly Verdict[];
}

const UNITS = 1_000;
const PATIENCE_MS = 90_000;
const LOOK_MS = 250;

const CANCEL = `mutation($input: OrderCancelInput!, $key: IdempotencyKey!) {
  orderCancel(input: $input, idempotencyKey: $key) { userErrors { code } } }`;
const REFUND = `mutation($input: RefundCreateInput!, $key: IdempotencyKey!) {
  refundCreate(input: $input, idempotencyKey: $key) { refund { id } userErrors { code } } }`;

/** A marketplace in processes, and a vendor that can be paid. */
export class PayingOutShop {
  private constructor(
    readonly marketplace: TestMarketplace,
    private readonly vendor: Vendor,
    private readonly listing: Listing,
    private readonly run: string,
  ) {}

  static async open(): Promise<PayingOutShop> {
    const marketplace = await startTestMarketplace({ shape: 'processes' });
    try {
      const { graph } = marketplace;
      const run = aRun();
      const operator = await signIn(graph, 'Olga', graph.operator);
      const vendor = await registerVendor(graph, { name: 'Paid Out', run, operator, report: silentReport });
      const listing = await listProduct(vendor, operator, { title: 'Plenty', sku: `PLENTY-${run}`, units: UNITS });
      const shop = new PayingOutShop(marketplace, vendor, listing, run);
      await shop.onboard();
      return shop;
    } catch (error) {
      await marketplace.stop();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.marketplace.stop();
  }

  /** One order whose money leaves us while one service dies at one point and is back a moment later. */
  async play(point: CrashPoint): Promise<PayingOutResult> {
    const { graph, processes } = this.marketplace;
    const service = processes!.services.get(point.service)!;
    const buyer = await registerBuyer(graph, `B${newKey().slice(0, 8)}`, this.run);
    const orderId = await this.sell(buyer);
    const ending = payingOutOf(point);
    if (ending !== 'canceled') await this.deliver(orderId);
    if (ending === 'refunded after release') await this.release(orderId);

    const { crashed, result } = await dyingAt(service, point, async () => {
      await this.end(ending, { orderId, buyer });
      const broken = await this.settled();
      return { order: await this.amountsOf(orderId), paidOut: await this.paidOut(orderId), broken };
    });
    return { crashed, ...result };
  }

  /** A paid order; the service of the last point may still be on its way back. */
  private async sell(buyer: Person): Promise<string> {
    const basket = await until(
      () => fillCart(buyer, [{ offerId: this.listing.offerId, quantity: 1 }]).catch(() => undefined),
      this.patience('a cart'),
    );
    const { graph } = this.marketplace;
    const { status, orderId } = await buyStubbornly(graph, buyer, { basket, card: 'pm_card_visa' });
    if (status !== 'CONFIRMED') throw new Error(`the order to be paid out is ${status}`);
    return orderId!;
  }

  private async end(ending: PayingOut, { orderId, buyer }: { orderId: string; buyer: Person }): Promise<void> {
    if (ending === 'released') return this.release(orderId);
    if (ending === 'canceled') {
      await this.stubbornly(buyer, CANCEL, { input: { orderId, reason: 'changed my mind' }, key: newKey() });
    } else {
      const operator = await signInPatiently(this.marketplace.graph, 'Olga', this.marketplace.graph.operator);
      await this.stubbornly(operator, REFUND, { input: { orderId, reason: 'faulty' }, key: newKey() });
    }
    await until(
      async () => (await this.paidOut(orderId)).settlement === 'REVERSED',
      this.patience(`${orderId} is ${ending}`),
    );
  }

  /** Asks with one key until there is an answer, as a good client does while services die. */
  private async stubbornly(person: Person, query: string, variables: Record<string, unknown>): Promise<void> {
    await until(async () => {
      const token = person.accessToken;
      const answer = await ask<Record<string, { userErrors: { code: string }[] }>>(this.marketplace.graph.url, query, {
        variables,
        token,
      }).catch(() => undefined);
      const payload = answer?.data && Object.values(answer.data)[0];
      return payload?.userErrors.length === 0;
    }, this.patience('an answer'));
  }

  /** The vendor can be paid: its account is there and the provider has all it asks for. */
  private async onboard(): Promise<void> {
    const account = await until(async () => {
      const [row] = await this.payments<{ reference: string | null }>(
        'select provider_reference as reference from payout_account where vendor_id = $1',
        [this.vendor.id],
      );
      return row?.reference;
    }, this.patience('an account at the provider'));
    await this.atProvider(`accounts/${account}/onboard`, 'POST');
    await until(async () => {
      const [row] = await this.payments<{ status: string }>('select status from payout_account where vendor_id = $1', [
        this.vendor.id,
      ]);
      return row?.status === 'ACTIVE';
    }, this.patience('an active account'));
  }

  private async deliver(orderId: string): Promise<void> {
    const person = await signInPatiently(this.marketplace.graph, 'Paid Out', this.vendor.credentials);
    const { order } = await this.vendorOrderOf(orderId);
    const { vendorOrderAccept } = await person.ask(operations.VendorOrderAcceptDocument, {
      id: order.id,
      expectedVersion: order.version,
    });
    accepted('vendorOrderAccept', vendorOrderAccept.vendorOrder, vendorOrderAccept.userErrors);
    const { fulfillmentCreate } = await person.ask(operations.FulfillmentCreateDocument, {
      input: { vendorOrderId: order.id, lines: [{ lineId: order.lineId, quantity: 1 }] },
      idempotencyKey: newKey(),
    });
    const { id } = accepted('fulfillmentCreate', fulfillmentCreate.fulfillment, fulfillmentCreate.userErrors);
    for (const status of ['SHIPPED', 'IN_TRANSIT', 'DELIVERED'] as const) {
      const { fulfillmentStatusUpdate } = await person.ask(operations.FulfillmentStatusUpdateDocument, {
        input: { id, status },
      });
      accepted(status, fulfillmentStatusUpdate.fulfillment, fulfillmentStatusUpdate.userErrors);
    }
    await until(async () => {
      const rows = await this.payments('select 1 from settlement where order_id = $1 and release_at is not null', [
        orderId,
      ]);
      return rows.length > 0;
    }, this.patience('the end of the return window is known'));
  }

  /** The return window is over, as far as the database knows, and the vendor is paid. */
  private async release(orderId: string): Promise<void> {
    await this.payments("update settlement set release_at = now() - interval '1 second' where order_id = $1", [
      orderId,
    ]);
    await until(
      async () => (await this.paidOut(orderId)).settlement === 'RELEASED',
      this.patience(`${orderId} is paid out`),
    );
  }

  private async vendorOrderOf(orderId: string): Promise<{ order: { id: string; version: number; lineId: string } }> {
    const rows = await this.rows<{ id: string; version: string; lineId: string }>(
      'orders',
      `select v.id, v.version, l.id as "lineId" from vendor_order v join order_line l on l.vendor_order_id = v.id
        where v.order_id = $1`,
      [orderId],
    );
    const [{ id, version, lineId }] = rows as [(typeof rows)[number]];
    return { order: { id, version: Number(version), lineId } };
  }

  private async amountsOf(orderId: string): Promise<{ total: number; net: number }> {
    const [row] = await this.payments<{ total: string; net: string }>(
      `select p.captured_amount as total, s.transferred as net
         from payment p join settlement s on s.payment_id = p.id where p.order_id = $1`,
      [orderId],
    );
    return { total: Number(row!.total), net: Number(row!.net) };
  }

  private async paidOut(orderId: string): Promise<PaidOut> {
    const [row] = await this.payments<{ status: string; intent: string }>(
      `select s.status, p.gateway_reference as intent from settlement s join payment p on p.id = s.payment_id
        where s.order_id = $1`,
      [orderId],
    );
    const refunds = await this.payments<{ status: string }>('select status from refund where order_id = $1', [orderId]);
    const record = await this.atProvider<{
      payments: (Omit<PaidOut['atProvider'], 'movements'> & { movements: { kind: string }[] })[];
    }>(`record?payment_intent=${row!.intent}`, 'GET');
    const { captured, refunded, transferred, reversed, movements } = record.payments[0]!;
    const kinds = movements.map(({ kind }) => kind).filter((kind) => kind !== 'authorize');
    return {
      settlement: row!.status,
      refunds: refunds.map(({ status }) => status),
      atProvider: { captured, refunded, transferred, reversed, movements: kinds },
    };
  }

  private settled(): Promise<readonly Verdict[]> {
    return brokenInvariants(this.marketplace, { timeoutMs: PATIENCE_MS });
  }

  private patience(what: string) {
    return { timeoutMs: PATIENCE_MS, intervalMs: LOOK_MS, what };
  }

  private async atProvider<Answer>(path: string, method: 'GET' | 'POST'): Promise<Answer> {
    const response = await fetch(`${this.marketplace.graph.stripe.apiUrl}/_emulator/${path}`, { method });
    if (!response.ok) throw new Error(`The provider's stand-in refused ${path}: ${await response.text()}`);
    return (await response.json()) as Answer;
  }

  private payments<Row extends object>(sql: string, parameters: unknown[]): Promise<Row[]> {
    return this.rows<Row>('payments', sql, parameters);
  }

  private async rows<Row extends object>(
    database: 'orders' | 'payments',
    sql: string,
    parameters: unknown[],
  ): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.marketplace.stores.postgres[database].ownerUrl });
    await client.connect();
    try {
      return (await client.query<Row>(sql, parameters)).rows;
    } finally {
      await client.end();
    }
  }
}

/** What the provider's own record must show: everything once, whoever died. */
export function expectedAtProvider(point: CrashPoint, { total, net }: PayingOutResult['order']): PaidOut {
  const none = { captured: total, refunded: 0, transferred: 0, reversed: 0 };
  switch (payingOutOf(point)) {
    case 'released':
      return {
        settlement: 'RELEASED',
        refunds: [],
        atProvider: { ...none, transferred: net, movements: ['capture', 'transfer'] },
      };
    case 'canceled':
      return {
        settlement: 'REVERSED',
        refunds: ['SUCCEEDED'],
        atProvider: { ...none, refunded: total, movements: ['capture', 'refund'] },
      };
    case 'refunded after release':
      return {
        settlement: 'REVERSED',
        refunds: ['SUCCEEDED'],
        atProvider: {
          captured: total,
          refunded: total,
          transferred: net,
          reversed: net,
          movements: ['capture', 'transfer', 'refund', 'reversal'],
        },
      };
  }
}
