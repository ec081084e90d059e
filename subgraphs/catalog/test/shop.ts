import { createServer } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRedisBus, type EventBus, type EventEnvelope } from '@marketgraph/platform/messaging';
import type { StreamRoot, Subgraph, SubgraphResponse, Viewer } from '@marketgraph/platform/graphql';
import type { SubgraphClient } from '@marketgraph/platform/serve';
import { aUser, silentLog, testIds, until } from '@marketgraph/platform/testing';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { type CommandStartedEvent, type Db, MongoClient } from 'mongodb';
import { vi } from 'vitest';
import { createCatalog } from '../src/subgraph.ts';

export interface Seller {
  vendorId: string;
  viewer: Viewer;
}

/** One catalog on real stores, driven as the gateway would, with the other services played by the test. */
export interface Shop {
  subgraph: Subgraph;
  db: Db;
  bus: EventBus;
  operator: Viewer;
  run<Data = Record<string, never>>(query: string, variables?: object, viewer?: Viewer): Promise<Data>;
  execute(query: string, variables?: object, viewer?: Viewer): Promise<SubgraphResponse>;
  executeEvent(query: string, variables: object, viewer: Viewer, event: StreamRoot): Promise<SubgraphResponse>;
  /** The commands the document store gets while `work` runs. */
  storeCalls(work: () => Promise<unknown>): Promise<string[]>;
  /** The finds among them, and what they read of each document; undefined: all of it. */
  storeReads(work: () => Promise<unknown>): Promise<{ collection: string; fields: string[] | undefined }[]>;
  /** What accounts answers when it is asked itself. */
  accounts: Map<string, { status: string; kycStatus: string; version: number }>;
  /** Those accounts knows. */
  organizations: Set<string>;
  aSeller(status?: { status?: string; kycStatus?: string }): Promise<Seller>;
  /** What the clock says, ahead of the real one by so many milliseconds. */
  shiftClock(ms: number): void;
  tell(domain: string, event: { name: string; key: string; sequence: number; payload: unknown }): Promise<void>;
  /** Events the catalog has published, oldest first. */
  published(name?: string): Promise<EventEnvelope[]>;
  put(url: string, body: Buffer | string, contentType: string): Promise<Response>;
  /** Ends this process of the catalog and begins another on the same stores. */
  restart(options?: { withWork?: boolean }): Promise<void>;
  /** One more process of the catalog on the same stores, without its loops; ends with the shop. */
  another(): Promise<Subgraph>;
  outageOf: Stores['outageOf'];
  redisUrl: string;
  mongodbUrl: string;
  stop(): Promise<void>;
}

export const anonymous: Viewer = { kind: 'anonymous' };
export const ids = testIds();

export async function openShop(): Promise<Shop> {
  const opened: (() => Promise<unknown>)[] = [];
  const closeAll = async () => {
    for (const close of opened.toReversed()) await close();
  };
  try {
    return await open(opened, closeAll);
  } catch (error) {
    await closeAll();
    throw error;
  }
}

async function open(opened: (() => Promise<unknown>)[], stop: () => Promise<void>): Promise<Shop> {
  const stores = await startTestStores({ only: ['mongodb', 'redis'] });
  opened.push(() => stores.stop());
  const filesDir = await mkdtemp(join(tmpdir(), 'catalog-files-'));
  opened.push(() => rm(filesDir, { recursive: true, force: true }));

  let subgraph: Subgraph | undefined;
  const server = createServer((request, response) => {
    const route = subgraph?.routes.find(
      ({ method, prefix }) => method === request.method && request.url?.startsWith(prefix),
    );
    if (!route) return void response.writeHead(404).end();
    route.handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  opened.push(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
  const publicUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const accounts: Shop['accounts'] = new Map();
  const organizations = new Set<string>();
  const peers: SubgraphClient = {
    call: async (_subgraph, _operation, variables) => {
      const { representations } = variables as { representations: { id: string }[] };
      const entities = representations.map(({ id }) => {
        if (organizations.has(id)) return { id };
        const vendor = accounts.get(id);
        return vendor ? { id, ...vendor } : null;
      });
      return { _entities: entities } as never;
    },
  };
  let aheadMs = 0;
  let commands: CommandStartedEvent[] = [];
  const build = () =>
    createCatalog({
      config: {
        mongodbUrl: withOption(stores.mongodb.catalog, 'monitorCommands', 'true'),
        redisUrl: stores.redis.catalog,
        filesDir,
        publicUrl,
        urlSigningSecret: 'secret of the test',
        defaultCurrency: 'EUR',
        defaultLanguage: 'en',
        publishedIds: 1_000,
      },
      log: silentLog,
      peers,
      clock: { now: () => new Date(Date.now() + aheadMs) },
    });
  const start = async ({ withWork = true } = {}) => {
    const connect = vi.spyOn(MongoClient.prototype, 'connect');
    subgraph = await build();
    const client = connect.mock.contexts.at(-1) as MongoClient;
    connect.mockRestore();
    client.on('commandStarted', (command) => commands.push(command));
    if (withWork) await subgraph.start();
  };
  await start();
  opened.push(async () => subgraph?.stop());
  const client = await new MongoClient(stores.mongodb.catalog).connect();
  opened.push(() => client.close());
  const bus = await createRedisBus({ url: stores.redis.admin, log: silentLog });
  opened.push(() => bus.close());

  const operator = aUser({ roles: ['OPERATOR'] });
  const execute: Shop['execute'] = (query, variables = {}, viewer = anonymous) =>
    subgraph!.execute({ query, variables: { ...variables }, viewer, requestId: 'test' });
  const shop: Shop = {
    get subgraph() {
      return subgraph!;
    },
    db: client.db(),
    bus,
    operator,
    accounts,
    organizations,
    outageOf: (name) => stores.outageOf(name),
    redisUrl: stores.redis.admin,
    mongodbUrl: stores.mongodb.catalog,
    execute,
    async run(query, variables, viewer) {
      const { data, errors } = await execute(query, variables, viewer);
      if (errors)
        throw new Error(errors.map(({ message, extensions }) => `${extensions['code']}: ${message}`).join('; '));
      return JSON.parse(JSON.stringify(data)) as never;
    },
    executeEvent: (query, variables, viewer, event) =>
      subgraph!.executeEvent({ query, variables: { ...variables }, viewer, requestId: 'test', event }),
    async storeCalls(work) {
      commands = [];
      await work();
      const names = commands.map(({ commandName }) => commandName);
      return names.filter((name) => !['ping', 'endSessions', 'hello'].includes(name));
    },
    async storeReads(work) {
      commands = [];
      await work();
      const finds = commands.flatMap(({ commandName, command }) => (commandName === 'find' ? [command] : []));
      return finds.map(({ find, projection }) => ({
        collection: String(find),
        fields: projection && Object.keys(projection as object),
      }));
    },
    async aSeller({ status = 'ACTIVE', kycStatus = 'VERIFIED' } = {}) {
      const vendorId = ids.next('ven');
      const vendor = { status, kycStatus };
      await client
        .db()
        .collection<{ _id: string }>('vendors')
        .insertOne({
          _id: vendorId,
          ...vendor,
          rating: { average: 0, count: 0 },
          sequence: 1,
          ratingSequence: 0,
        } as never);
      const memberships = [{ of: vendorId, role: 'VENDOR_ADMIN' }];
      return { vendorId, viewer: aUser({ roles: ['BUYER', 'VENDOR_ADMIN'], memberships }) };
    },
    shiftClock: (ms) => void (aheadMs += ms),
    async tell(domain, event) {
      const envelope = { id: ids.next('evt'), version: 1, occurredAt: new Date().toISOString(), ...event };
      await bus.publish(domain, [envelope]);
    },
    async published(name) {
      const all: EventEnvelope[] = [];
      for (let after = '0-0'; ;) {
        const page = await bus.read('catalog', { after, count: 500 });
        if (page.length === 0) break;
        all.push(...page.map(({ envelope }) => envelope));
        after = page.at(-1)!.position;
      }
      return all.filter((envelope) => name === undefined || envelope.name === name);
    },
    put: (url, body, contentType) =>
      fetch(url, { method: 'PUT', body: body as BodyInit, headers: { 'content-type': contentType } }),
    async restart(options) {
      await subgraph?.stop();
      await start(options);
    },
    async another() {
      const other = await build();
      opened.push(() => other.stop());
      return other;
    },
    stop,
  };
  return shop;
}

function withOption(url: string, name: string, value: string): string {
  const changed = new URL(url);
  changed.searchParams.set(name, value);
  return changed.href;
}

interface Payload {
  userErrors: { code: string; message: string; field: string[] | null }[];
}
export interface ProductResult extends Payload {
  product: { id: string; slug: string; status: string; version: number; variants: { id: string }[] } | null;
}
export interface OfferResult extends Payload {
  offer: { id: string; version: number; status: string; price: { amount: number } } | null;
}

const USER_ERRORS = 'userErrors { code message field }';
const PRODUCT = `product { id slug status version variants { id } } ${USER_ERRORS}`;

/** Ends with the first item that is there; for payloads that must be whole. */
export function present<T>(value: T | null | undefined, errors?: unknown): T {
  if (value === null || value === undefined) throw new Error(`Nothing there: ${JSON.stringify(errors)}`);
  return value;
}

/** The mutations of the story, as a vendor's tool would call them. */
export function actions(shop: Shop) {
  const mutate = async <T>(field: string, query: string, variables: object, viewer: Viewer): Promise<T> =>
    (await shop.run<Record<string, T>>(query, variables, viewer))[field]!;
  return {
    category: async (input: object, viewer: Viewer = shop.operator) =>
      mutate<Payload & { category: { id: string; slug: string } | null }>(
        'categoryUpsert',
        `mutation ($input: CategoryInput!) { categoryUpsert(input: $input) { category { id slug } ${USER_ERRORS} } }`,
        { input },
        viewer,
      ),
    create: (viewer: Viewer, input: object, idempotencyKey?: string) =>
      mutate<ProductResult>(
        'productCreate',
        `mutation ($input: ProductInput!, $key: IdempotencyKey) { productCreate(input: $input, idempotencyKey: $key) { ${PRODUCT} } }`,
        { input, key: idempotencyKey },
        viewer,
      ),
    update: (viewer: Viewer, id: string, input: object, expectedVersion: number) =>
      mutate<ProductResult>(
        'productUpdate',
        `mutation ($id: ID!, $input: ProductUpdateInput!, $version: Int!) { productUpdate(id: $id, input: $input, expectedVersion: $version) { ${PRODUCT} } }`,
        { id, input, version: expectedVersion },
        viewer,
      ),
    submit: (viewer: Viewer, id: string) =>
      mutate<ProductResult>(
        'productSubmitForReview',
        `mutation ($id: ID!) { productSubmitForReview(id: $id) { ${PRODUCT} } }`,
        { id },
        viewer,
      ),
    moderate: (input: object, viewer: Viewer = shop.operator) =>
      mutate<ProductResult>(
        'productModerate',
        `mutation ($input: ProductModerateInput!) { productModerate(input: $input) { ${PRODUCT} } }`,
        { input },
        viewer,
      ),
    archive: (viewer: Viewer, id: string, version: number) =>
      mutate<ProductResult>(
        'productArchive',
        `mutation ($id: ID!, $version: Int!) { productArchive(id: $id, expectedVersion: $version) { ${PRODUCT} } }`,
        { id, version },
        viewer,
      ),
    offer: (viewer: Viewer, input: object) =>
      mutate<OfferResult>(
        'offerUpsert',
        `mutation ($input: OfferInput!) { offerUpsert(input: $input) { offer { id version status price { amount } } ${USER_ERRORS} } }`,
        { input },
        viewer,
      ),
    price: (viewer: Viewer, id: string, amount: number, version: number, currencyCode = 'EUR') =>
      mutate<OfferResult>(
        'offerPriceSet',
        `mutation ($id: ID!, $price: MoneyInput!, $version: Int!) { offerPriceSet(id: $id, price: $price, expectedVersion: $version) { offer { id version price { amount } } ${USER_ERRORS} } }`,
        { id, price: { amount, currencyCode }, version },
        viewer,
      ),
    announce: (viewer: Viewer, input: object) =>
      mutate<Payload & { uploadId: string | null; uploadUrl: string | null }>(
        'mediaUploadCreate',
        `mutation ($input: MediaUploadInput!) { mediaUploadCreate(input: $input) { uploadId uploadUrl expiresAt ${USER_ERRORS} } }`,
        { input },
        viewer,
      ),
    startImport: (viewer: Viewer, input: object) =>
      mutate<Payload & { import: { id: string; status: string } | null }>(
        'catalogImportStart',
        `mutation ($input: CatalogImportInput!) { catalogImportStart(input: $input) { import { id status } ${USER_ERRORS} } }`,
        { input },
        viewer,
      ),
  };
}
export type Actions = ReturnType<typeof actions>;

/** A published product of a seller, with one variant. */
export async function publishedProduct(
  act: Actions,
  seller: Seller,
  input: { categoryId: string; title?: string } & Record<string, unknown>,
): Promise<{ id: string; variantId: string; version: number; slug: string }> {
  const created = await act.create(seller.viewer, {
    vendorId: seller.vendorId,
    title: 'Brass reading lamp',
    variants: [{ title: 'One size' }],
    ...input,
  });
  const { id } = present(created.product, created.userErrors);
  await act.submit(seller.viewer, id);
  const { product, userErrors } = await act.moderate({ id, decision: 'APPROVE' });
  const { variants, version, slug } = present(product, userErrors);
  return { id, variantId: variants[0]!.id, version, slug };
}

/** Brings a file in as a user's tool does: announce it, put the bytes. */
export async function upload(shop: Shop, viewer: Viewer, body: Buffer | string, contentType: string): Promise<string> {
  const bytes = Buffer.from(body);
  const announced = await actions(shop).announce(viewer, { filename: 'file', contentType, byteSize: bytes.length });
  const response = await shop.put(present(announced.uploadUrl, announced.userErrors), bytes, contentType);
  if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
  return announced.uploadId!;
}

export { until };
