import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type StripeEmulator, type StripeEmulatorOptions, startStripeEmulator } from '@marketgraph/emulator-stripe';
import type { Subgraph, SubgraphResponse, Viewer } from '@marketgraph/platform/graphql';
import { type Database, openDatabase } from '@marketgraph/platform/postgres';
import type { Ids } from '@marketgraph/platform/core';
import type { Logger } from '@marketgraph/platform/telemetry';
import { aUser, silentLog, type TestClock, testIds, until } from '@marketgraph/platform/testing';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import Stripe from 'stripe';
import type { PaymentsConfig } from '../src/config.ts';
import { createPayments } from '../src/subgraph.ts';

export const WEBHOOK_SECRET = 'whsec_test_secret';
/** The one that is being replaced. */
export const OLD_WEBHOOK_SECRET = 'whsec_the_one_before';
const SECRET_KEY = 'sk_test_payments';

export const ids = testIds();
export const orders: Viewer = { kind: 'service', service: 'orders' };
export const operator = aUser({ roles: ['OPERATOR'] });

/** Payments as it runs, between real stores and a provider it cannot tell from the real one. */
export interface Marketplace {
  stores: Stores;
  emulator: StripeEmulator;
  subgraph: Subgraph;
  config: PaymentsConfig;
  /** A connection of the application's own role. */
  orm: Database;
  webhookUrl: string;
  /** Runs an operation that must not fail and resolves to its data. */
  run<Data>(viewer: Viewer, query: string, variables?: Record<string, unknown>): Promise<Data>;
  execute(viewer: Viewer, query: string, variables?: Record<string, unknown>): Promise<SubgraphResponse>;
  sql<Row extends object>(text: string, params?: unknown[]): Promise<Row[]>;
  /** The provider's own desk, where people do what we have not asked for. */
  desk: Stripe;
  /** What the buyer's browser does: confirms with a card and the client secret, without the shop's key. */
  confirm(clientSecret: string, card: string): Promise<Stripe.PaymentIntent>;
  stop(): Promise<void>;
}

export interface MarketplaceOptions {
  clock?: TestClock;
  ids?: Ids;
  log?: Logger;
  config?: Partial<PaymentsConfig>;
  /** How long the provider is waited for. */
  timeoutMs?: number;
  /** How the provider is set, e.g. its fees. */
  provider?: StripeEmulatorOptions['settings'];
  /** Without it the provider's events reach nobody. */
  webhooks?: boolean;
}

export async function startMarketplace(options: MarketplaceOptions = {}): Promise<Marketplace> {
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const end of stops.splice(0).toReversed()) await end();
  };
  try {
    const stores = await startTestStores({ only: ['postgres', 'redis'] });
    stops.push(() => stores.stop());
    const emulator = await startStripeEmulator({
      secretKeys: [SECRET_KEY],
      settings: { searchLagMs: 0, ...options.provider },
      webhookRetry: { baseMs: 50, maxMs: 200, maxAttempts: 20 },
    });
    stops.push(() => emulator.stop());
    const { appUrl, ownerUrl } = stores.postgres.payments;
    const config: PaymentsConfig = {
      databaseUrl: appUrl,
      migrationDatabaseUrl: ownerUrl,
      redisUrl: stores.redis.payments,
      stripe: {
        apiUrl: emulator.url,
        secretKey: SECRET_KEY,
        webhookSecrets: [WEBHOOK_SECRET, OLD_WEBHOOK_SECRET],
        timeoutMs: options.timeoutMs ?? 2_000,
      },
      commissionTaxRate: 1_900,
      vendorPageUrl: 'https://shop.example/vendor',
      reconcileIntervalMs: 50,
      ...options.config,
    };
    const { clock, log = silentLog } = options;
    const ids = options.ids ? { ids: options.ids } : {};
    const subgraph = await createPayments({ config, log, ...ids, ...(clock ? { clock } : {}) });
    stops.push(() => subgraph.stop());
    const server = await serveRoutes(subgraph);
    stops.push(server.stop);
    const webhookUrl = `${server.url}/webhooks/stripe`;
    if (options.webhooks ?? true) emulator.setWebhook({ url: webhookUrl, secret: WEBHOOK_SECRET });
    await subgraph.start();
    const orm = await openDatabase({ url: appUrl, entities: [], log: silentLog, applicationName: 'test' });
    stops.push(() => orm.close());
    return { stores, emulator, subgraph, config, orm, webhookUrl, ...callsOf(subgraph, orm, emulator), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function callsOf(subgraph: Subgraph, orm: Database, emulator: StripeEmulator) {
  const browser = new Stripe('pk_test_payments', {
    host: emulator.host,
    port: emulator.port,
    protocol: 'http',
    maxNetworkRetries: 0,
  });
  const desk = new Stripe(SECRET_KEY, {
    host: emulator.host,
    port: emulator.port,
    protocol: 'http',
    maxNetworkRetries: 0,
  });
  const execute: Marketplace['execute'] = (viewer, query, variables = {}) =>
    subgraph.execute({ query, variables, viewer, requestId: 'test' });
  return {
    execute,
    desk,
    async run<Data>(viewer: Viewer, query: string, variables: Record<string, unknown> = {}): Promise<Data> {
      const { data, errors } = await execute(viewer, query, variables);
      if (errors) throw new AggregateError(errors, errors.map((error) => error.message).join('; '));
      return structuredClone(JSON.parse(JSON.stringify(data))) as Data;
    },
    sql: <Row extends object>(text: string, params: unknown[] = []) => orm.em.fork().execute<Row[]>(text, params),
    confirm: (clientSecret: string, card: string) =>
      browser.paymentIntents.confirm(clientSecret.split('_secret_')[0]!, {
        payment_method: card,
        return_url: 'https://shop.example/done',
        // The server SDK's types leave out what only a publishable key needs.
        ...{ client_secret: clientSecret },
      }),
  };
}

async function serveRoutes(subgraph: Subgraph): Promise<{ url: string; stop(): Promise<void> }> {
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const route = subgraph.routes.find(
      ({ method, prefix }) => request.method === method && request.url?.startsWith(prefix),
    );
    if (route) return route.handle(request, response);
    response.writeHead(404).end();
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.headersSent || response.writeHead(500).end());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export interface PaymentAnswer {
  payment: { id: string; status: string; amount: MoneyAnswer; capturedAmount: MoneyAnswer } | null;
  clientSecret?: string | null;
  userErrors: { code: string; message: string; field: string[] | null }[];
}
export interface MoneyAnswer {
  amount: number;
  currencyCode: string;
}

const PAYMENT = 'payment { id status amount { amount currencyCode } capturedAmount { amount currencyCode } }';
const ERRORS = 'userErrors { code message field }';

export interface Checkout {
  orderId: string;
  cartId: string;
  buyerId: string;
  amount: MoneyAnswer;
  description: string;
}

export function aCheckout(overrides: Partial<Checkout> = {}): Checkout {
  return {
    orderId: ids.next('ord'),
    cartId: ids.next('crt'),
    buyerId: ids.next('usr'),
    amount: { amount: 10_000, currencyCode: 'EUR' },
    description: 'Order at the marketplace',
    ...overrides,
  };
}

export async function create(shop: Marketplace, input: Checkout, key = ids.next('key')): Promise<PaymentAnswer> {
  const query = `mutation($input: PaymentCreateInput!, $key: IdempotencyKey!) {
    paymentCreate(input: $input, idempotencyKey: $key) { ${PAYMENT} clientSecret ${ERRORS} } }`;
  return (await shop.run<{ paymentCreate: PaymentAnswer }>(orders, query, { input, key })).paymentCreate;
}

export interface Part {
  vendorOrderId: string;
  vendorId: string;
  gross: MoneyAnswer;
  productTotal?: MoneyAnswer;
  categoryIds?: string[];
}

export function aPart(amount: number, overrides: Partial<Part> = {}): Part {
  const gross = { amount, currencyCode: 'EUR' };
  return { vendorOrderId: ids.next('vor'), vendorId: ids.next('ven'), gross, ...overrides };
}

export async function settle(
  shop: Marketplace,
  input: { paymentId: string; vendorOrders: Part[] },
  key = ids.next('key'),
): Promise<PaymentAnswer> {
  const query = `mutation($input: PaymentSettleInput!, $key: IdempotencyKey!) {
    paymentSettle(input: $input, idempotencyKey: $key) { ${PAYMENT} ${ERRORS} } }`;
  return (await shop.run<{ paymentSettle: PaymentAnswer }>(orders, query, { input, key })).paymentSettle;
}

export async function voidPayment(shop: Marketplace, id: string, key = ids.next('key')): Promise<PaymentAnswer> {
  const query = `mutation($id: ID!, $key: IdempotencyKey!) {
    paymentVoid(id: $id, idempotencyKey: $key) { ${PAYMENT} ${ERRORS} } }`;
  return (await shop.run<{ paymentVoid: PaymentAnswer }>(orders, query, { id, key })).paymentVoid;
}

export async function sync(
  shop: Marketplace,
  id: string,
): Promise<PaymentAnswer & { failureCode: string | null; failureMessage: string | null }> {
  const query = `mutation($id: ID!) { paymentSync(id: $id) { ${PAYMENT} failureCode failureMessage ${ERRORS} } }`;
  return (
    await shop.run<{ paymentSync: PaymentAnswer & { failureCode: string; failureMessage: string } }>(orders, query, {
      id,
    })
  ).paymentSync;
}

export async function statusOf(shop: Marketplace, paymentId: string): Promise<string> {
  const [row] = await shop.sql<{ status: string }>('select status from payment where id = ?', [paymentId]);
  return row?.status ?? 'none';
}

export function untilStatus(shop: Marketplace, paymentId: string, status: string): Promise<boolean> {
  return until(async () => (await statusOf(shop, paymentId)) === status, { what: `${paymentId} is ${status}` });
}

/** A payment whose money is held: created, confirmed by the buyer, and known to be so. */
export async function anAuthorizedPayment(
  shop: Marketplace,
  checkout = aCheckout(),
  card = 'pm_card_visa',
): Promise<{ id: string; checkout: Checkout; clientSecret: string; intent: string }> {
  const { payment, clientSecret } = await create(shop, checkout);
  const intent = await shop.confirm(clientSecret!, card);
  await sync(shop, payment!.id);
  return { id: payment!.id, checkout, clientSecret: clientSecret!, intent: intent.id };
}

/** The whole state of a payment as the stores hold it, without times and generated ids. */
export async function digestOf(shop: Marketplace, paymentId: string): Promise<unknown> {
  const [payment] = await shop.sql(
    'select status, authorized_amount, captured_amount, method_last4, failure_code, closed_at is not null as closed from payment where id = ?',
    [paymentId],
  );
  const transactions = await shop.sql(
    'select type, status, amount, failure_code from payment_transaction where payment_id = ? order by type, status',
    [paymentId],
  );
  const entries = await shop.sql(
    `select account.kind, entry.direction, entry.amount from ledger_entry entry
       join ledger_account account on account.id = entry.account_id join ledger_journal journal on journal.id = entry.journal_id
      where journal.payment_id = ? order by 1, 2, 3`,
    [paymentId],
  );
  const settlements = await shop.sql(
    'select vendor_order_id, gross, commission, net, status from settlement where payment_id = ? order by 1',
    [paymentId],
  );
  return { payment, transactions, entries, settlements };
}
