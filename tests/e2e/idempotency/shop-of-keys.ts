import * as operations from '@marketgraph/schema/generated/operations';
import { until } from '@marketgraph/platform/testing';
import { MongoClient } from 'mongodb';
import pg from 'pg';
import { aRun, newKey, registerBuyer, registerVendor, signIn, type Vendor } from '../../story/cast.ts';
import { completeCheckout, fillCart, payByCard, startCheckout } from '../../story/purchase.ts';
import { accepted, expectThat, silentReport } from '../../story/report.ts';
import { startTestMarketplace, type TestMarketplace } from '../../support/marketplace.ts';
import type { Person } from '../../support/person.ts';
import { ask } from '../../support/raw-graph.ts';
import { type Listing, listProduct } from '../../support/shop.ts';

/** Somebody of each role. Two parties share nothing, and may use the same keys. */
export interface Party {
  vendor: Vendor;
  operator: Person;
}

export type Database = 'inventory' | 'orders' | 'payments';

export interface SoldOrder {
  buyer: Person;
  orderId: string;
  paymentId: string;
  vendorOrderId: string;
  lineId: string;
  total: { amount: number; currencyCode: string };
}

/** Both parties' shop, with what the cases need again and again. */
export interface ShopOfKeys {
  market: TestMarketplace;
  parties: readonly [Party, Party];
  /** Somebody new: a buyer has one cart, and a cart that is being paid is not to be changed. */
  buyer(): Promise<Person>;
  /** Something new of the party's vendor. */
  list(party: Party, units?: number): Promise<Listing & { sku: string }>;
  /** Two units of something of the party's vendor, bought and confirmed. */
  sell(party: Party): Promise<SoldOrder>;
  rows<Row extends object>(database: Database, sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
  /** Rows locked by this query until the returned function is called. */
  hold(database: Database, lock: string, parameters: readonly unknown[]): Promise<() => Promise<void>>;
  /** `from … where …` */
  count(database: Database, from: string, parameters: readonly unknown[]): Promise<number>;
  countDocuments(database: 'catalog' | 'reviews', collection: string, filter: object): Promise<number>;
  close(): Promise<void>;
}

const UNITS = 10;

export async function openShopOfKeys(): Promise<ShopOfKeys> {
  const market = await startTestMarketplace({
    shape: 'monolith',
    // What may be paid out is paid out by whoever is asked in the test, not by the job.
    settings: { GATEWAY_LOGIN_PER_ADDRESS: '1000', PAYMENTS_RECONCILE_INTERVAL_MS: '600000' },
  });
  const { graph, stores } = market;
  const pools = new Map<Database, pg.Pool>();
  const mongo = new Map<string, MongoClient>();
  const close = async () => {
    await Promise.all([...pools.values()].map((pool) => pool.end()));
    await Promise.all([...mongo.values()].map((client) => client.close()));
    await market.stop();
  };
  try {
    const run = aRun();
    const operator = await signIn(graph, 'Olga', graph.operator);
    const aParty = async (name: string): Promise<Party> => ({
      vendor: await registerVendor(graph, { name: `Vendor ${name}`, run, operator, report: silentReport }),
      operator: name === 'one' ? operator : await anotherOperator(market, run),
    });
    const parties = [await aParty('one'), await aParty('two')] as const;
    let listed = 0;
    let registered = 0;
    const buyer = () => registerBuyer(graph, `Buyer-${(registered += 1)}`, run);

    const rows: ShopOfKeys['rows'] = async (database, sql, parameters = []) => {
      let pool = pools.get(database);
      if (!pool)
        pools.set(database, (pool = new pg.Pool({ connectionString: stores.postgres[database].ownerUrl, max: 2 })));
      return (await pool.query(sql, [...parameters])).rows as never;
    };
    const list: ShopOfKeys['list'] = async ({ vendor }, units = UNITS) => {
      const sku = `KEYED-${(listed += 1)}-${run}`;
      return { ...(await listProduct(vendor, operator, { title: `Thing ${sku}`, sku, units })), sku };
    };
    return {
      market,
      parties,
      buyer,
      list,
      rows,
      close,
      async sell(party) {
        const { offerId } = await list(party);
        const person = await buyer();
        const checkout = await startCheckout(person, await fillCart(person, [{ offerId, quantity: 2 }]));
        const { orderId, paymentId, total } = checkout;
        await payByCard(graph, checkout, 'pm_card_visa');
        await until(async () => (await completeCheckout(person, checkout)).order?.status === 'CONFIRMED', {
          timeoutMs: 30_000,
          what: 'a confirmed order',
        });
        const [line] = await rows<{ id: string; vendor_order_id: string }>(
          'orders',
          'select id, vendor_order_id from order_line where order_id = $1',
          [orderId],
        );
        return { buyer: person, orderId, paymentId, total, vendorOrderId: line!.vendor_order_id, lineId: line!.id };
      },
      async hold(database, lock, parameters) {
        const client = new pg.Client({ connectionString: stores.postgres[database].ownerUrl });
        await client.connect();
        await client.query('begin');
        await client.query(lock, [...parameters]);
        return () => client.end();
      },
      async count(database, from, parameters) {
        const [row] = await rows<{ n: number }>(database, `select count(*)::int as n ${from}`, parameters);
        return row!.n;
      },
      async countDocuments(database, collection, filter) {
        let client = mongo.get(database);
        if (!client) mongo.set(database, (client = new MongoClient(stores.mongodb[database])));
        return client.db().collection(collection).countDocuments(filter);
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** There is one operator to begin with; the graph has no way to make more. */
async function anotherOperator({ graph, stores }: TestMarketplace, run: string): Promise<Person> {
  const person = await registerBuyer(graph, 'Otto', run);
  const { me } = await person.ask(operations.MeDocument, {});
  const client = new pg.Client({ connectionString: stores.postgres.accounts.ownerUrl });
  await client.connect();
  try {
    await client.query("update account set granted_roles = '{BUYER,OPERATOR}' where id = $1", [me!.id]);
  } finally {
    await client.end();
  }
  // What the gateway has kept of this person is dropped by a change that goes through it.
  const changed = await ask<{ profileUpdate: { userErrors: unknown[] } }>(
    graph.url,
    'mutation { profileUpdate(input: { displayName: "Otto" }) { userErrors { code } } }',
    { token: person.accessToken },
  );
  expectThat(changed.data?.profileUpdate.userErrors.length === 0, 'Otto has another name', changed);
  return person;
}

/** A parcel of everything, on its way and there. */
export async function deliver(party: Party, { vendorOrderId, lineId }: SoldOrder): Promise<void> {
  const { person } = party.vendor;
  const { fulfillmentCreate } = await person.ask(operations.FulfillmentCreateDocument, {
    input: { vendorOrderId, lines: [{ lineId, quantity: 2 }] },
    idempotencyKey: newKey(),
  });
  const { id } = accepted('fulfillmentCreate', fulfillmentCreate.fulfillment, fulfillmentCreate.userErrors);
  for (const status of ['SHIPPED', 'DELIVERED'] as const) {
    const { fulfillmentStatusUpdate } = await person.ask(operations.FulfillmentStatusUpdateDocument, {
      input: { id, status },
    });
    accepted(status, fulfillmentStatusUpdate.fulfillment, fulfillmentStatusUpdate.userErrors);
  }
}
