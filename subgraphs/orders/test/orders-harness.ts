import { type SubgraphResponse, type Subgraph, type UserViewer, type Viewer } from '@marketgraph/platform/graphql';
import { createRedisBus, type EventBus, type EventEnvelope } from '@marketgraph/platform/messaging';
import { type Database, openDatabase } from '@marketgraph/platform/postgres';
import { aUser, silentLog as log, type TestClock, testClock, testIds, until } from '@marketgraph/platform/testing';
import { freshDatabase, startTestStores, type Stores } from '@marketgraph/stores/testing';
import { type FakeOffer, FakePeers } from '../src/clients/fake-peers.ts';
import { createOrders, type OrdersConfig } from '../src/subgraph.ts';

const ids = testIds();

/** One orders service on real stores, with the other services in the hand of the test. */
export interface OrdersHarness {
  readonly stores: Stores;
  readonly clock: TestClock;
  readonly peers: FakePeers;
  readonly bus: EventBus;
  /** The service's database, for looking. */
  readonly db: Database;
  readonly config: OrdersConfig;
  orders: Subgraph;
  /** Another process of the same service over the same stores. */
  another(overrides?: Partial<OrdersConfig>): Promise<Subgraph>;
  /** What a process that died leaves: this one is abandoned, a new one starts. */
  restart(): Promise<void>;
  run<Data = Record<string, never>>(viewer: Viewer, query: string, variables?: Record<string, unknown>): Promise<Data>;
  answer(viewer: Viewer, query: string, variables?: Record<string, unknown>): Promise<SubgraphResponse>;
  rows<Row>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
  events(name: string): Promise<EventEnvelope[]>;
  publish(domain: string, envelope: Omit<EventEnvelope, 'id' | 'version' | 'occurredAt' | 'sequence'>): Promise<void>;
  stop(): Promise<void>;
}

export async function startOrders(
  overrides: Partial<OrdersConfig> & { stores?: Stores; background?: boolean } = {},
): Promise<OrdersHarness> {
  const { stores: given, background = true, ...settings } = overrides;
  const stores = given ?? (await startTestStores({ only: ['postgres', 'redis'] }));
  const clock = testClock(new Date('2026-03-01T10:00:00.000Z'));
  const peers = new FakePeers(clock);
  const database = await freshDatabase(stores, 'orders');
  const config: OrdersConfig = {
    databaseUrl: database.appUrl,
    migrationDatabaseUrl: database.ownerUrl,
    redisUrl: stores.redis.orders,
    reservationTtlS: 900,
    answerWithinMs: 2_000,
    sweepIntervalMs: 20,
    cartBackupIntervalMs: 20,
    ...settings,
  };
  const started: Subgraph[] = [];
  const create = async (changed: Partial<OrdersConfig> = {}) => {
    const subgraph = await createOrders({ config: { ...config, ...changed }, log, peers, clock, ids });
    started.push(subgraph);
    if (background) await subgraph.start();
    return subgraph;
  };
  const orders = await create();
  const bus = await createRedisBus({ url: config.redisUrl, log });
  const db = await openDatabase({ url: config.migrationDatabaseUrl, entities: [], log, applicationName: 'test' });

  const harness: OrdersHarness = {
    stores,
    clock,
    peers,
    bus,
    db,
    config,
    orders,
    another: create,
    async restart() {
      harness.orders = await create();
    },
    async answer(viewer, query, variables) {
      const response = await harness.orders.execute({ query, variables, viewer, requestId: 'test' });
      return JSON.parse(JSON.stringify(response)) as SubgraphResponse;
    },
    async run<Data>(viewer: Viewer, query: string, variables?: Record<string, unknown>) {
      const { data, errors } = await harness.answer(viewer, query, variables);
      if (errors) throw new Error(errors.map((error) => error.message).join('; '));
      return data as Data;
    },
    rows: <Row>(sql: string, parameters: readonly unknown[] = []) =>
      db.em.fork().execute<Row[]>(sql, [...parameters] as never[]),
    async events(name) {
      const all = await bus.read('orders', { after: '0-0', count: 500 });
      return all.map((delivery) => delivery.envelope).filter((envelope) => envelope.name === name);
    },
    async publish(domain, envelope) {
      const rest = { id: ids.next('evt'), version: 1, occurredAt: clock.now().toISOString(), sequence: 1 };
      await bus.publish(domain, [{ ...rest, ...envelope }]);
    },
    async stop() {
      await Promise.all(started.map((subgraph) => subgraph.stop()));
      await bus.close();
      await db.close();
      if (given) await database.drop();
      else await stores.stop();
    },
  };
  return harness;
}

export function aVendorMember(vendorId: string): UserViewer {
  return aUser({ roles: ['VENDOR_ADMIN'], memberships: [{ of: vendorId, role: 'VENDOR_ADMIN' }] });
}

export function anOffer(overrides: Partial<FakeOffer> & { amount?: number; vendorId?: string } = {}): FakeOffer {
  const { amount = 4_900, vendorId = ids.next('ven'), ...rest } = overrides;
  const title = rest.sku ? `Product ${rest.sku}` : 'Brass reading lamp';
  return {
    id: ids.next('off'),
    sku: 'LAMP-1',
    status: 'ACTIVE',
    price: { amount, currencyCode: 'EUR' },
    returnWindowDays: 30,
    minOrderQuantity: 1,
    orderMultiple: 1,
    vendor: { id: vendorId },
    variant: { id: ids.next('var'), title, product: { id: ids.next('prd'), title } },
    ...rest,
  };
}

export const BERLIN = {
  name: 'Ada Kauf',
  line1: 'Hauptstr. 1',
  city: 'Berlin',
  postalCode: '10115',
  countryCode: 'DE',
};

interface UserErrorShape {
  __typename: string;
  code: string;
  message: string;
  field: string[] | null;
  offer?: { id: string };
  requested?: number;
  available?: number;
}

const ERRORS = `userErrors { __typename code message field
  ... on InsufficientStockError { offer { id } requested available } }`;
const CART = `cart { id token version expiresAt total { amount currencyCode } lines { id quantity offer { id } } }`;

export const operations = {
  add: `mutation($input: CartLinesAddInput!, $key: IdempotencyKey) {
    cartLinesAdd(input: $input, idempotencyKey: $key) { ${CART} ${ERRORS} } }`,
  update: `mutation($input: CartLinesUpdateInput!) { cartLinesUpdate(input: $input) { ${CART} ${ERRORS} } }`,
  remove: `mutation($input: CartLinesRemoveInput!) { cartLinesRemove(input: $input) { ${CART} ${ERRORS} } }`,
  address: `mutation($input: CartAddressInput!) { cartAddressSet(input: $input) { ${CART} ${ERRORS} } }`,
  delivery: `mutation($input: CartDeliveryInput!) { cartDeliverySelect(input: $input) { ${CART} ${ERRORS} } }`,
  start: `mutation($cartId: ID!, $key: IdempotencyKey!, $total: MoneyInput) {
    checkoutStart(cartId: $cartId, idempotencyKey: $key, expectedTotal: $total) {
      cart { id total { amount } lines { id } } order { id status number total { amount currencyCode } }
      reservationId reservationExpiresAt paymentId paymentClientSecret ${ERRORS} } }`,
  complete: `mutation($input: CheckoutCompleteInput!, $key: IdempotencyKey!) {
    checkoutComplete(input: $input, idempotencyKey: $key) {
      order { id number status paymentStatus } ${ERRORS} } }`,
};

export interface CartAnswer {
  cart: {
    id: string;
    token: string | null;
    version: number;
    expiresAt: string;
    total: { amount: number; currencyCode: string };
    lines: { id: string; quantity: number; offer: { id: string } }[];
  } | null;
  userErrors: UserErrorShape[];
}

export interface StartAnswer {
  cart: { id: string; total: { amount: number }; lines: { id: string }[] } | null;
  order: { id: string; status: string; number: string | null; total: { amount: number; currencyCode: string } } | null;
  reservationId: string | null;
  reservationExpiresAt: string | null;
  paymentId: string | null;
  paymentClientSecret: string | null;
  userErrors: UserErrorShape[];
}

export interface CompleteAnswer {
  order: { id: string; number: string | null; status: string; paymentStatus: string } | null;
  userErrors: UserErrorShape[];
}

/** The steps of a purchase, one call each. */
export function shopping(h: OrdersHarness, buyer: UserViewer = aUser()) {
  const key = () => ids.next('key');
  return {
    buyer,
    async add(lines: { offerId: string; quantity: number }[], cartId: string | null = null): Promise<CartAnswer> {
      const input = { cartId, lines };
      return (await h.run<{ cartLinesAdd: CartAnswer }>(buyer, operations.add, { input })).cartLinesAdd;
    },
    async remove(cartId: string, lineIds: readonly string[]): Promise<CartAnswer> {
      const input = { cartId, lineIds };
      return (await h.run<{ cartLinesRemove: CartAnswer }>(buyer, operations.remove, { input })).cartLinesRemove;
    },
    /** A cart with these units and an address in Berlin. */
    async cart(lines: { offerId: string; quantity: number }[]): Promise<string> {
      const added = await this.add(lines);
      if (!added.cart) throw new Error(JSON.stringify(added.userErrors));
      const input = { cartId: added.cart.id, shipping: BERLIN };
      await h.run(buyer, operations.address, { input });
      return added.cart.id;
    },
    async start(cartId: string, more: { key?: string; total?: unknown } = {}): Promise<StartAnswer> {
      const variables = { cartId, key: more.key ?? key(), total: more.total };
      return (await h.run<{ checkoutStart: StartAnswer }>(buyer, operations.start, variables)).checkoutStart;
    },
    async complete(
      cartId: string,
      started: StartAnswer,
      more: { key?: string; input?: Record<string, unknown> } = {},
    ): Promise<CompleteAnswer> {
      const input = { cartId, paymentId: started.paymentId, expectedTotal: started.order?.total, ...more.input };
      const variables = { input, key: more.key ?? key() };
      return (await h.run<{ checkoutComplete: CompleteAnswer }>(buyer, operations.complete, variables))
        .checkoutComplete;
    },
    /** Bought and paid: the id of a confirmed order. */
    async buy(lines: { offerId: string; quantity: number }[]): Promise<string> {
      const cartId = await this.cart(lines);
      const started = await this.start(cartId);
      if (!started.paymentId) throw new Error(JSON.stringify(started.userErrors));
      h.peers.payments.authorize(started.paymentId);
      const completed = await this.complete(cartId, started);
      if (completed.order?.status !== 'CONFIRMED') throw new Error(JSON.stringify(completed));
      return completed.order.id;
    },
  };
}

/** Puts an offer into the catalog and units of it into inventory. */
export function onSale(h: OrdersHarness, offer: FakeOffer, units = 100): FakeOffer {
  h.peers.offers.set(offer.id, offer);
  h.peers.inventory.stock(offer.id, units);
  return offer;
}

export async function checkoutStatus(h: OrdersHarness, orderId: string): Promise<string | undefined> {
  const [row] = await h.rows<{ status: string }>('select status from checkout where order_id = ?', [orderId]);
  return row?.status;
}

export async function untilCheckout(h: OrdersHarness, orderId: string, status: string): Promise<void> {
  await until(async () => (await checkoutStatus(h, orderId)) === status, { what: `checkout ${status}` });
}
