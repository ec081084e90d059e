import * as operations from '@marketgraph/schema/generated/operations';
import { until } from '@marketgraph/platform/testing';
import pg from 'pg';
import { aRun, newKey, registerBuyer, registerVendor, signIn, type Vendor } from '../../story/cast.ts';
import { accepted, silentReport } from '../../story/report.ts';
import { startTestMarketplace, type TestMarketplace } from '../../support/marketplace.ts';
import type { Person } from '../../support/person.ts';
import { ask } from '../../support/raw-graph.ts';
import { buy, listProduct } from '../../support/shop.ts';

/** As many of everything as there are at the beginning. */
export const UNITS = 10;

const LOOK = `query($id: ID!) { order(id: $id) {
  status paymentStatus fulfillmentStatus total { amount }
  lines { id status quantityReturned }
  refunds { status amount { amount } }
  vendorOrders { id total { amount } returnWindowEndsAt returns { id status restock refundAmount { amount } } } } }`;
const SETTLEMENT = `query($id: ID!) { vendorOrder(id: $id) {
  settlement { id status problem gross { amount } net { amount } } } }`;
const MOVEMENTS = `select m.on_hand_delta as delta from stock_movement m
  where m.reason = 'RETURN' and m.offer_id = $1 order by 1`;

export interface LookedAt {
  status: string;
  paymentStatus: string;
  fulfillmentStatus: string;
  total: { amount: number };
  lines: { id: string; status: string; quantityReturned: number }[];
  refunds: { status: string; amount: { amount: number } }[];
  vendorOrders: {
    id: string;
    total: { amount: number };
    returnWindowEndsAt: string | null;
    returns: { id: string; status: string; restock: boolean | null; refundAmount: { amount: number } | null }[];
  }[];
}

export interface Settlement {
  id: string;
  status: string;
  problem: string | null;
  gross: { amount: number };
  net: { amount: number };
}

/** Three units of one thing, delivered to Ada. */
export interface Delivered {
  orderId: string;
  vendorOrderId: string;
  lineId: string;
  offerId: string;
  fulfillmentId: string;
}

interface Transfer {
  amount: number;
  amount_reversed: number;
  metadata: { settlementId?: string };
}

/** A marketplace in which one vendor, which can be paid, sells to Ada, who sends things back. */
export class ReturningShop {
  private skus = 0;

  private constructor(
    readonly marketplace: TestMarketplace,
    readonly operator: Person,
    readonly vendor: Vendor,
    readonly other: Vendor,
    readonly buyer: Person,
    private readonly run: string,
  ) {}

  static async open(shape: 'monolith' | 'processes'): Promise<ReturningShop> {
    const marketplace = await startTestMarketplace({ shape });
    try {
      const { graph } = marketplace;
      const run = aRun();
      const operator = await signIn(graph, 'Olga', graph.operator);
      const vendor = await registerVendor(graph, { name: 'Takes Back', run, operator, report: silentReport });
      const other = await registerVendor(graph, { name: 'Next Door', run, operator, report: silentReport });
      const buyer = await registerBuyer(graph, 'Ada', run);
      const shop = new ReturningShop(marketplace, operator, vendor, other, buyer, run);
      await shop.makePayable();
      return shop;
    } catch (error) {
      await marketplace.stop();
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.vendor.person.leave(), this.buyer.leave()]);
    await this.marketplace.stop();
  }

  async bought(quantity = 3): Promise<{ orderId: string; offerId: string }> {
    const sku = `BACK-${(this.skus += 1)}-${this.run}`;
    const { offerId } = await listProduct(this.vendor, this.operator, { title: `Thing ${sku}`, sku, units: UNITS });
    const { orderId } = await buy(this.marketplace.graph, this.buyer, [{ offerId, quantity }]);
    return { orderId, offerId };
  }

  async delivered(quantity = 3): Promise<Delivered> {
    const { orderId, offerId } = await this.bought(quantity);
    const order = await this.look(orderId);
    const vendorOrderId = order.vendorOrders[0]!.id;
    const lineId = order.lines[0]!.id;
    const { fulfillmentCreate } = await this.vendor.person.ask(operations.FulfillmentCreateDocument, {
      input: { vendorOrderId, lines: [{ lineId, quantity }] },
      idempotencyKey: newKey(),
    });
    const { id } = accepted('fulfillmentCreate', fulfillmentCreate.fulfillment, fulfillmentCreate.userErrors);
    for (const status of ['SHIPPED', 'DELIVERED'] as const) {
      const { fulfillmentStatusUpdate: moved } = await this.vendor.person.ask(
        operations.FulfillmentStatusUpdateDocument,
        { input: { id, status } },
      );
      accepted(status, moved.fulfillment, moved.userErrors);
    }
    return { orderId, vendorOrderId, lineId, offerId, fulfillmentId: id };
  }

  async request({ orderId, lineId }: Delivered, quantity: number) {
    const input = { orderId, lines: [{ lineId, quantity }], reason: 'too small' };
    const { returnRequest } = await this.buyer.ask(operations.ReturnRequestDocument, {
      input,
      idempotencyKey: newKey(),
    });
    return returnRequest;
  }

  /** Asked for, approved, sent: its id. */
  async sentBack(order: Delivered, quantity: number): Promise<string> {
    const requested = await this.request(order, quantity);
    const { id } = accepted('returnRequest', requested.return, requested.userErrors);
    const { returnDecide } = await this.vendor.person.ask(operations.ReturnDecideDocument, {
      input: { id, approve: true },
    });
    accepted('returnDecide', returnDecide.return, returnDecide.userErrors);
    const { returnShip } = await this.buyer.ask(operations.ReturnShipDocument, {
      input: { id, trackingNumber: `BACK${id}` },
    });
    accepted('returnShip', returnShip.return, returnShip.userErrors);
    return id;
  }

  /** Received, and paid back. */
  async takenBack(order: Delivered, quantity: number, restock: boolean): Promise<{ id: string; refund: number }> {
    const id = await this.sentBack(order, quantity);
    const { returnReceive } = await this.vendor.person.ask(operations.ReturnReceiveDocument, {
      ...{ id, restock, idempotencyKey: newKey() },
    });
    const received = accepted('returnReceive', returnReceive.return, returnReceive.userErrors);
    await until(
      async () => {
        const { vendorOrders } = await this.look(order.orderId);
        return vendorOrders[0]!.returns.find((each) => each.id === id)?.status === 'REFUNDED';
      },
      { timeoutMs: 20_000, what: 'the return is REFUNDED' },
    );
    return { id, refund: received.refundAmount!.amount };
  }

  look = async (id: string): Promise<LookedAt> => (await this.as<{ order: LookedAt }>(this.buyer, LOOK, { id })).order;

  /** As the vendor sees it, and not before it has the status. */
  async settlement({ vendorOrderId: id }: Delivered, status: string): Promise<Settlement> {
    return await until(
      async () => {
        const data = await this.as<{ vendorOrder: { settlement: Settlement } }>(this.vendor.person, SETTLEMENT, { id });
        const { settlement } = data.vendorOrder;
        return settlement.status === status && settlement;
      },
      { timeoutMs: 20_000, what: `the settlement is ${status}` },
    );
  }

  /** The provider's own word on what the vendor got for an order. */
  async transfers(settlementId: string): Promise<Transfer[]> {
    const { url, secretKey } = this.marketplace.stores.stripe;
    const response = await fetch(`${url}/v1/transfers?limit=100`, {
      headers: { authorization: `Bearer ${secretKey}` },
    });
    const { data } = (await response.json()) as { data: Transfer[] };
    return data.filter(({ metadata }) => metadata.settlementId === settlementId);
  }

  returnMovements = async (offerId: string): Promise<number[]> =>
    (await this.rows<{ delta: number }>('inventory', MOVEMENTS, [offerId])).map(({ delta }) => delta);

  /** The return window is over, as far as payments know. */
  async timeToPay({ vendorOrderId }: Delivered): Promise<void> {
    // The news of the delivery is what sets the time at all.
    await until(async () => {
      const sql = `update settlement set release_at = now() - interval '1 second'
                    where vendor_order_id = $1 and release_at is not null returning 1`;
      return (await this.rows('payments', sql, [vendorOrderId])).length > 0;
    });
  }

  /** And as far as orders know. */
  async closeWindow({ vendorOrderId }: Delivered): Promise<void> {
    await this.rows('orders', 'update vendor_order set return_window_ends_at = now() where id = $1', [vendorOrderId]);
  }

  async as<Data>(person: Person, query: string, variables: Record<string, unknown>): Promise<Data> {
    const { url } = this.marketplace.graph;
    const { data, errors } = await ask<Data>(url, query, { variables, token: person.accessToken });
    if (!data || errors.length > 0) throw new Error(JSON.stringify(errors));
    return data;
  }

  async rows<Row>(database: 'orders' | 'payments' | 'inventory', sql: string, parameters: unknown[]): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.marketplace.stores.postgres[database].ownerUrl });
    await client.connect();
    try {
      return (await client.query(sql, parameters)).rows as Row[];
    } finally {
      await client.end();
    }
  }

  private async makePayable(): Promise<void> {
    const account = async () => {
      const sql = 'select provider_reference as reference, status from payout_account where vendor_id = $1';
      const [row] = await this.rows<{ reference: string | null; status: string }>('payments', sql, [this.vendor.id]);
      return row;
    };
    const reference = await until(async () => (await account())?.reference, { timeoutMs: 20_000 });
    await fetch(`${this.marketplace.stores.stripe.url}/_emulator/accounts/${reference}/onboard`, { method: 'POST' });
    await until(async () => (await account())?.status === 'ACTIVE', { timeoutMs: 20_000 });
  }
}
