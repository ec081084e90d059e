import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRedisBus, type EventBus, type EventEnvelope } from '@marketgraph/platform/messaging';
import { generateServiceKey } from '@marketgraph/platform/serve';
import { silentLog as log, until } from '@marketgraph/platform/testing';
import { registry } from '@marketgraph/monolith/registry';
import * as accounts from '@marketgraph/schema/events/accounts';
import * as catalog from '@marketgraph/schema/events/catalog';
import type { EventContract } from '@marketgraph/schema/events/fact';
import * as inventory from '@marketgraph/schema/events/inventory';
import * as orders from '@marketgraph/schema/events/orders';
import * as reviews from '@marketgraph/schema/events/reviews';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { Redis } from 'ioredis';
import { MongoClient } from 'mongodb';
import pg from 'pg';
import { Random } from '../../simulator/world/random.ts';

/** R11: what comes together may come in any order, as far apart as this. */
const WINDOW = 50;
const KEYS = 8;
const VERSIONS = 12;
const PATIENCE_MS = 60_000;
/** Those that keep what others tell. Sagas have a simulator of their own, which delivers late and twice at every step. */
const SERVICES = ['accounts', 'catalog', 'inventory', 'payments', 'reviews', 'search'] as const;

const id = (prefix: string, number: number) => `${prefix}_01J${String(number).padStart(23, '0')}`;

/** Each thing changes so many times, each time into something else. */
export function aHistory(): EventEnvelope[] {
  const events: EventEnvelope[] = [];
  const add = <Payload>(
    contract: EventContract<string, Payload>,
    key: string,
    sequence: number,
    more: Partial<Payload>,
  ) => {
    const { name, version, sample } = contract;
    const payload = { ...sample, ...more };
    const occurredAt = new Date(Date.UTC(2026, 0, 1) + events.length * 1_000).toISOString();
    events.push({ id: id('evt', events.length), name, version, occurredAt, key, sequence, payload });
  };
  for (let n = 1; n <= VERSIONS; n += 1) {
    for (let k = 0; k < KEYS; k += 1) {
      const [vendorId, productId, offerId, variantId] = [id('ven', k), id('prd', k), id('off', k), id('var', k)];
      const status = n % 3 === 0 ? 'SUSPENDED' : 'ACTIVE';
      add(accounts.vendorChanged, vendorId, n, {
        vendorId,
        businessName: `Name ${k}.${n}`,
        handle: `v-${k}-${n}`,
        status,
      });
      add(catalog.productChanged, productId, n, { productId, title: `Title ${k}.${n}`, submittedByVendorId: vendorId });
      const price = { amount: 100 * k + n, currencyCode: 'EUR' };
      add(catalog.offerChanged, offerId, n, { offerId, productId, variantId, vendorId, sku: `SKU-${k}-${n}`, price });
      add(inventory.stockChanged, offerId, n, { offerId, vendorId, available: (n * 7 + k) % 13, onHand: 20 });
      add(reviews.ratingChanged, productId, n, { subjectId: productId, average: (n + k) % 6, count: n });
      add(reviews.ratingChanged, vendorId, n, { subjectId: vendorId, average: (n * k) % 6, count: n });
      const orderId = id('ord', n * KEYS + k);
      const lines = [
        { ...orders.orderConfirmed.sample.vendorOrders[0]!.lines[0]!, lineId: id('lin', n * KEYS + k), productId },
      ];
      const vendorOrders = [{ ...orders.orderConfirmed.sample.vendorOrders[0]!, vendorId, lines }];
      add(orders.orderConfirmed, orderId, 1, { orderId, vendorOrders });
      const vendorOrderId = id('vor', n * KEYS + k);
      if (n % 2 === 0) continue;
      add(orders.vendorOrderChanged, vendorOrderId, 2, { vendorOrderId, orderId, vendorId, status: 'SHIPPED' });
    }
  }
  return events;
}

/** Everything twice, and nothing where it was. */
export function harmed(events: readonly EventEnvelope[], seed: number): EventEnvelope[] {
  const random = new Random(seed);
  const twice = [...events, ...events];
  return twice
    .map((event, at) => ({ event, place: (at % events.length) + random.between(0, WINDOW) }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ event }) => event);
}

/** The services that listen, each with fresh stores, and what they make of what they hear. */
export class Listeners {
  private constructor(
    private readonly stores: Stores,
    private readonly bus: EventBus,
    private readonly folder: string,
    private readonly running: readonly { stop(): Promise<void> }[],
  ) {}

  static async open(): Promise<Listeners> {
    const stores = await startTestStores();
    const bus = await createRedisBus({ url: stores.redis.admin, log });
    const folder = await mkdtemp(join(tmpdir(), 'marketgraph-listeners-'));
    const listeners = new Listeners(stores, bus, folder, []);
    try {
      await listeners.#prepareCatalog();
      const peers = { call: () => Promise.reject(new Error('Nobody is there.')) };
      const running = [];
      for (const name of SERVICES) {
        const subgraph = await registry
          .find((one) => one.name === name)!
          .create(await environmentOf(name, { stores, folder }), { log, peers });
        running.push(subgraph);
        await subgraph.start();
      }
      await listeners.#registerBuyer();
      return new Listeners(stores, bus, folder, running);
    } catch (error) {
      await listeners.close();
      throw error;
    }
  }

  async hear(events: readonly EventEnvelope[]): Promise<void> {
    const domainOf = ({ name }: EventEnvelope) => name.split('.', 1)[0]!;
    for (const [domain, ofDomain] of Map.groupBy(events, domainOf)) await this.bus.publish(domain, ofDomain);
    const domains = [...new Set(events.map(domainOf))];
    await until(
      async () => {
        const groups = (await Promise.all(domains.map((domain) => this.bus.groupsOf(domain)))).flat();
        return groups.length > 0 && groups.every(({ lag, pending }) => lag + pending === 0);
      },
      { timeoutMs: PATIENCE_MS, what: 'everything heard' },
    );
  }

  /** What each of them knows now, without what is each time another: ids it made, and when. */
  async digest(): Promise<Record<string, unknown>> {
    const dead = await Promise.all(SERVICES.map((name) => this.bus.deadLetterCount(name)));
    return {
      dead,
      inventory: await this.#rows('inventory', 'select offer_id, vendor_id, sku, variant_id from offer order by 1'),
      accounts: await this.#rows(
        'accounts',
        'select user_id, topic, title, body, subject_id, once_key from notification order by once_key',
      ),
      payments: await this.#rows('payments', 'select vendor_id from payout_account order by 1'),
      catalog: await this.#documents('catalog', ['vendors', 'offers']),
      reviews: await this.#documents('reviews', ['purchases']),
      search: await this.#search(),
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.running.map((one) => one.stop()));
    await this.bus.close();
    await this.stores.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Somebody who has ordered. The table is there once the service is. */
  async #registerBuyer(): Promise<void> {
    const buyer = orders.orderConfirmed.sample.buyerId;
    await this.#rows(
      'accounts',
      `insert into account (id, email, email_key, created_at) values ('${buyer}', 'b@x.example', 'b@x.example', now())`,
    );
  }

  /** Stock is told of offers that the catalog has. */
  async #prepareCatalog(): Promise<void> {
    await this.#inMongo('catalog', async (db) => {
      const offers = Array.from({ length: KEYS }, (_, k) => ({
        _id: id('off', k),
        vendorId: id('ven', k),
        variantId: id('var', k),
        sku: `SKU-${k}`,
        stockSequence: 0,
      }));
      await db.collection<{ _id: string }>('offers').insertMany(offers);
    });
  }

  async #documents(name: 'catalog' | 'reviews', collections: readonly string[]): Promise<unknown[]> {
    return this.#inMongo(name, (db) =>
      Promise.all(collections.map((collection) => db.collection(collection).find().sort({ _id: 1 }).toArray())),
    );
  }

  async #inMongo<T>(name: 'catalog' | 'reviews', work: (db: ReturnType<MongoClient['db']>) => Promise<T>): Promise<T> {
    const client = new MongoClient(this.stores.mongodb[name]);
    try {
      return await work(client.db());
    } finally {
      await client.close();
    }
  }

  async #rows(database: 'accounts' | 'inventory' | 'payments', sql: string): Promise<unknown[]> {
    const client = new pg.Client({ connectionString: this.stores.postgres[database].ownerUrl });
    await client.connect();
    try {
      return (await client.query(sql)).rows as unknown[];
    } finally {
      await client.end();
    }
  }

  async #search(): Promise<Record<string, unknown>> {
    const redis = new Redis(this.stores.redis.admin);
    try {
      const found: Record<string, unknown> = {};
      for (const key of (await redis.keys('search:*')).toSorted()) {
        // How often a document was asked for is no knowledge.
        const { revision: _, ...facts } = /^search:(product|offer):/.test(key) ? await redis.hgetall(key) : {};
        if (Object.keys(facts).length > 0) found[key] = facts;
        if (/^search:together:/.test(key)) found[key] = await redis.zrange(key, 0, '-1', 'WITHSCORES');
      }
      return found;
    } finally {
      redis.disconnect();
    }
  }
}

async function environmentOf(
  name: (typeof SERVICES)[number],
  { stores, folder }: { stores: Stores; folder: string },
): Promise<Record<string, string>> {
  const sql = name === 'accounts' || name === 'inventory' || name === 'payments' ? stores.postgres[name] : undefined;
  const mongo = name === 'catalog' || name === 'reviews' ? stores.mongodb[name] : undefined;
  const { privateJwk } = await generateServiceKey(name);
  return {
    REDIS_URL: stores.redis[name],
    ...(sql ? { DATABASE_URL: sql.appUrl, MIGRATION_DATABASE_URL: sql.ownerUrl } : {}),
    ...(mongo ? { MONGODB_URL: mongo } : {}),
    TYPESENSE_URL: stores.typesense.url,
    TYPESENSE_API_KEY: stores.typesense.apiKey,
    JWT_PRIVATE_KEYS: JSON.stringify([privateJwk]),
    STRIPE_SECRET_KEY: stores.stripe.secretKey,
    STRIPE_WEBHOOK_SECRET: stores.stripe.webhookSecret,
    ...(stores.stripe.url ? { STRIPE_API_URL: stores.stripe.url } : {}),
    OUTBOX_DIR: folder,
    FILES_DIR: folder,
    PUBLIC_URL: 'http://127.0.0.1',
    URL_SIGNING_SECRET: 'a secret of this very test',
  };
}
