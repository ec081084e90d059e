import * as operations from '@marketgraph/schema/generated/operations';
import { until } from '@marketgraph/platform/testing';
import pg from 'pg';
import { newKey, signIn } from '../../story/cast.ts';
import { accepted } from '../../story/report.ts';
import type { Person } from '../../support/person.ts';
import { BusyShop } from '../outages/busy-shop.ts';

/** The vendor signs in for each clock, with a token of whatever accounts takes for now. */
const MANY_SIGN_INS = { GATEWAY_LOGIN_PER_ACCOUNT: '600' };
const MINUTE_S = 60;
/** How long stock is held for a buyer, as the marketplace is started. */
const RESERVATION_S = 900;
/** Columns that tell when something happened. */
const PAST = [
  ...['at', 'created_at', 'updated_at', 'changed_at', 'occurred_at', 'published_at', 'handled_at', 'recorded_at'],
  ...['placed_at', 'confirmed_at', 'shipped_at', 'delivered_at', 'settled_at', 'received_at', 'last_used_at'],
];
const DATABASES = ['accounts', 'inventory', 'orders', 'payments'] as const;

/** Each as `CLOCK_OFFSET_MS` takes it; the last is set back an hour while the service runs. */
export const wrongClocks = {
  'ten minutes ahead': '600000',
  'ten minutes behind': '-600000',
  'a day ahead': '86400000',
  'a day behind': '-86400000',
  'set back an hour while it runs': '-3600000:3000',
} as const;

export const services = ['accounts', 'catalog', 'inventory', 'orders', 'payments', 'reviews', 'search'] as const;

/** R23: one service is wrong about the time, and nobody else notices. */
export class WrongClocks {
  private constructor(readonly shop: BusyShop) {}

  static async open(): Promise<WrongClocks> {
    return new WrongClocks(await BusyShop.open({ shape: 'processes', settings: MANY_SIGN_INS }, { buyers: 1 }));
  }

  close(): Promise<void> {
    return this.shop.close();
  }

  async play(name: string, clock: keyof typeof wrongClocks) {
    const { marketplace } = this.shop;
    const service = marketplace.processes!.services.get(name)!;
    await service.kill();
    await service.restart({ NODE_ENV: 'test', CLOCK_OFFSET_MS: wrongClocks[clock] });
    const since = await this.databaseNow();
    try {
      const { status, orderId } = await this.shop.purchase();
      // With tokens that were given out by now, by a service that may be the wrong one.
      await this.deliver(orderId!);
      return {
        status,
        impossible: await this.impossibleTimes(since),
        windows: await this.windowsOf(orderId!),
        broken: await this.shop.settled(),
      };
    } finally {
      await service.kill();
      await service.restart();
    }
  }

  /** The vendor sends the parcel and it arrives. */
  private async deliver(orderId: string): Promise<void> {
    const { graph } = this.shop.marketplace;
    const vendor: Person = await signIn(graph, 'Busy', this.shop.vendor.credentials);
    const [part] = await this.rows<{ id: string; version: number; lineId: string; quantity: number }>(
      'orders',
      `select v.id, v.version, l.id as "lineId", l.quantity
         from vendor_order v join order_line l on l.vendor_order_id = v.id where v.order_id = $1`,
      [orderId],
    );
    const { vendorOrderAccept } = await vendor.ask(operations.VendorOrderAcceptDocument, {
      id: part!.id,
      expectedVersion: part!.version,
    });
    accepted('vendorOrderAccept', vendorOrderAccept.vendorOrder, vendorOrderAccept.userErrors);
    const { fulfillmentCreate } = await vendor.ask(operations.FulfillmentCreateDocument, {
      input: { vendorOrderId: part!.id, lines: [{ lineId: part!.lineId, quantity: part!.quantity }] },
      idempotencyKey: newKey(),
    });
    const { id } = accepted('fulfillmentCreate', fulfillmentCreate.fulfillment, fulfillmentCreate.userErrors);
    for (const status of ['SHIPPED', 'IN_TRANSIT', 'DELIVERED'] as const) {
      const { fulfillmentStatusUpdate } = await vendor.ask(operations.FulfillmentStatusUpdateDocument, {
        input: { id, status },
      });
      accepted(status, fulfillmentStatusUpdate.fulfillment, fulfillmentStatusUpdate.userErrors);
    }
  }

  /** What is stored as having happened later than it can have, before it began, or before what it follows. */
  private async impossibleTimes(since: Date): Promise<string[]> {
    const found: string[] = [];
    for (const database of DATABASES) {
      const columns = await this.rows<{ table: string; column: string }>(
        database,
        `select table_name as "table", column_name as "column" from information_schema.columns
          where table_schema = 'public' and data_type = 'timestamp with time zone' and column_name = any($1)`,
        [PAST],
      );
      for (const { table, column } of columns) {
        const [row] = await this.rows<{ count: string }>(
          database,
          `select count(*) as count from "${table}" where "${column}" > now() + interval '1 minute'`,
        );
        if (row?.count !== '0') found.push(`${database}: ${row?.count} of ${table}.${column} are in the future`);
      }
      const events = await this.rows<{ name: string }>(
        database,
        `select name from (select name, occurred_at, published_at,
                occurred_at - lag(occurred_at) over (partition by name, key order by sequence, position) as later from outbox) e
          where later < interval '0' or (published_at > $1 and occurred_at < $1::timestamptz - interval '1 minute')`,
        [since],
      );
      found.push(...events.map(({ name }) => `${database}: ${name} is told to have happened too early`));
    }
    return found;
  }

  /** Times that one service set and another one keeps. */
  private async windowsOf(orderId: string) {
    const [order] = await this.rows<{ payWithinS: string; returnS: string; wantedS: string; ends: Date }>(
      'orders',
      `select extract(epoch from c.deadline_at - o.placed_at) as "payWithinS",
              extract(epoch from v.return_window_ends_at - now()) as "returnS",
              (select max(return_window_days) * 86400 from order_line where order_id = o.id) as "wantedS",
              v.return_window_ends_at as ends
         from orders o join checkout c on c.order_id = o.id join vendor_order v on v.order_id = o.id where o.id = $1`,
      [orderId],
    );
    const settlement = async () => {
      const [row] = await this.rows<{ releaseAt: Date | null }>(
        'payments',
        `select s.release_at as "releaseAt" from settlement s join payment p on p.id = s.payment_id where p.order_id = $1`,
        [orderId],
      );
      return row?.releaseAt;
    };
    const releaseAt = await until(settlement, { what: 'the end of the return window in payments' });
    const isNear = (value: string, wanted: number) => Math.abs(Number(value) - wanted) < MINUTE_S;
    return {
      isTimeToPay: isNear(order!.payWithinS, RESERVATION_S),
      isReturnWindow: isNear(order!.returnS, Number(order!.wantedS)),
      isSameForPayments: releaseAt.getTime() === order!.ends.getTime(),
    };
  }

  private async databaseNow(): Promise<Date> {
    const [row] = await this.rows<{ now: Date }>('orders', 'select now() as now');
    return row!.now;
  }

  private async rows<Row>(database: (typeof DATABASES)[number], sql: string, values: unknown[] = []): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.shop.marketplace.stores.postgres[database].ownerUrl });
    await client.connect();
    try {
      return (await client.query(sql, values)).rows as Row[];
    } finally {
      await client.end();
    }
  }
}
