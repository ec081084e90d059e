import { randomUUID } from 'node:crypto';
import { anonymous, type Subgraph, type Viewer } from '@marketgraph/platform/graphql';
import { createRedisBus, type EventBus } from '@marketgraph/platform/messaging';
import { type Database, openDatabase } from '@marketgraph/platform/postgres';
import type { SubgraphClient } from '@marketgraph/platform/serve';
import { aUser, silentLog as log, testIds } from '@marketgraph/platform/testing';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { createInventory } from '../src/subgraph.ts';

export const ids = testIds();
export const orders: Viewer = { kind: 'service', service: 'orders' };

export interface Harness {
  stores: Stores;
  subgraph: Subgraph;
  /** The application's own connection, to look behind the API. */
  db: Database;
  bus: EventBus;
  ask<Data>(viewer: Viewer, query: string, variables?: Record<string, unknown>): Promise<Data>;
  stop(): Promise<void>;
}

/** A catalog that answers for every offer: `off_…` belongs to whoever registered it here. */
export const offersOfCatalog = new Map<string, { vendorId: string; sku: string; variantId: string }>();

/** Deals the catalog knows and no event has told of. */
export const dealsOfCatalog = new Map<string, number>();

const catalog: SubgraphClient = {
  async call<Data>(_: string, __: unknown, variables?: Record<string, unknown>): Promise<Data> {
    const representations = variables?.['representations'] as { __typename: string; id: string }[];
    return {
      _entities: representations.map(({ __typename, id }) => {
        if (__typename === 'LightningDeal')
          return dealsOfCatalog.has(id) ? { id, units: dealsOfCatalog.get(id) } : null;
        const offer = offersOfCatalog.get(id);
        return offer ? { id, sku: offer.sku, vendor: { id: offer.vendorId }, variant: { id: offer.variantId } } : null;
      }),
    } as Data;
  },
};

export async function startHarness(settings: { sweepIntervalMs?: number } = {}): Promise<Harness> {
  const stores = await startTestStores({ only: ['postgres', 'redis'] });
  const { appUrl } = stores.postgres.inventory;
  const subgraph = await startCopy(stores, settings);
  const bus = await createRedisBus({ url: stores.redis.inventory, log });
  const db = await openDatabase({ url: appUrl, entities: [], log, applicationName: 'test' });
  return {
    stores,
    subgraph,
    db,
    bus,
    ask: askOf(subgraph),
    async stop() {
      await db.close();
      await bus.close();
      await subgraph.stop();
      await stores.stop();
    },
  };
}

export function askOf(subgraph: Subgraph): Harness['ask'] {
  return async <Data>(viewer: Viewer, query: string, variables: Record<string, unknown> = {}): Promise<Data> => {
    const result = await subgraph.execute({ query, variables, viewer, requestId: randomUUID() });
    if (result.errors)
      throw Object.assign(new Error(result.errors[0]!.message), { code: result.errors[0]!.extensions['code'] });
    return JSON.parse(JSON.stringify(result.data)) as Data;
  };
}

/** One more process of the service on the same stores, as far as they can tell. */
export async function startCopy(stores: Stores, settings: { sweepIntervalMs?: number } = {}): Promise<Subgraph> {
  const { appUrl, ownerUrl } = stores.postgres.inventory;
  const subgraph = await createInventory({
    config: {
      databaseUrl: appUrl,
      migrationDatabaseUrl: ownerUrl,
      redisUrl: stores.redis.inventory,
      reservationTtlS: 900,
      sweepIntervalMs: settings.sweepIntervalMs ?? 100,
    },
    log,
    peers: catalog,
  });
  await subgraph.start();
  return subgraph;
}

export interface Seller {
  viewer: Viewer;
  vendorId: string;
  warehouses: [string, string];
}

export async function aSeller(harness: Harness): Promise<Seller> {
  const vendorId = ids.next('ven');
  const viewer = aUser({ roles: ['BUYER', 'VENDOR_ADMIN'], memberships: [{ of: vendorId, role: 'VENDOR_ADMIN' }] });
  const open = async (code: string) => {
    const { warehouseUpsert } = await harness.ask<{ warehouseUpsert: { warehouse: { id: string } } }>(
      viewer,
      'mutation($input: WarehouseInput!) { warehouseUpsert(input: $input) { warehouse { id } userErrors { code } } }',
      { input: { code, name: code, region: 'EU', vendorId } },
    );
    return warehouseUpsert.warehouse.id;
  };
  return { viewer, vendorId, warehouses: [await open('A'), await open('B')] };
}

/** An offer the catalog knows, with these units in the seller's warehouses. */
export async function anOffer(
  harness: Harness,
  seller: Seller,
  units: readonly number[] = [],
  offerId: string = ids.next('off'),
): Promise<string> {
  offersOfCatalog.set(offerId, { vendorId: seller.vendorId, sku: offerId.slice(-6), variantId: ids.next('var') });
  for (const [index, onHand] of units.entries()) {
    const payload = await set(harness, seller, {
      offerId,
      warehouseId: seller.warehouses[index]!,
      onHand,
      expectedVersion: 0,
    });
    if (payload.userErrors.length > 0) throw new Error(JSON.stringify(payload));
  }
  return offerId;
}

export interface LevelPayload {
  stockLevel: { id: string; onHand: number; reserved: number; available: number; version: number } | null;
  userErrors: { code: string; message: string; field: string[] | null }[];
}

const LEVEL = 'stockLevel { id onHand reserved available version } userErrors { code message field }';

export async function set(
  harness: Harness,
  { viewer }: Pick<Seller, 'viewer'>,
  input: { offerId: string; warehouseId: string; onHand: number; expectedVersion: number },
  key: string = randomUUID(),
): Promise<LevelPayload> {
  const query = `mutation($input: InventorySetInput!, $key: IdempotencyKey!) { inventorySet(input: $input, idempotencyKey: $key) { ${LEVEL} } }`;
  return (await harness.ask<{ inventorySet: LevelPayload }>(viewer, query, { input, key })).inventorySet;
}

export async function adjust(
  harness: Harness,
  { viewer }: Pick<Seller, 'viewer'>,
  input: { offerId: string; warehouseId: string; delta: number; reason: string },
  key: string = randomUUID(),
): Promise<LevelPayload> {
  const query = `mutation($input: InventoryAdjustInput!, $key: IdempotencyKey!) { inventoryAdjust(input: $input, idempotencyKey: $key) { ${LEVEL} } }`;
  return (await harness.ask<{ inventoryAdjust: LevelPayload }>(viewer, query, { input, key })).inventoryAdjust;
}

export interface ReservationAnswer {
  reservation: { id: string; status: string; expiresAt: string } | null;
  userErrors: { __typename: string; code: string; offer?: { id: string }; requested?: number; available?: number }[];
}

const RESERVATION = `reservation { id status expiresAt }
  userErrors { __typename code ... on InsufficientStockError { offer { id } requested available } }`;

export async function reserve(
  harness: Harness,
  lines: { offerId: string; quantity: number }[],
  {
    ttlSeconds,
    key = randomUUID(),
    viewer = orders,
    cartId = ids.next('crt'),
    shipTo,
  }: {
    ttlSeconds?: number;
    key?: string;
    viewer?: Viewer;
    cartId?: string;
    shipTo?: { countryCode: string; region?: string };
  } = {},
): Promise<ReservationAnswer> {
  const query = `mutation($input: StockReserveInput!) { stockReserve(input: $input) { ${RESERVATION} } }`;
  const input = { cartId, idempotencyKey: key, lines, ttlSeconds, shipTo };
  return (await harness.ask<{ stockReserve: ReservationAnswer }>(viewer, query, { input })).stockReserve;
}

export async function end(
  harness: Harness,
  command: 'Confirm' | 'Release' | 'Revert',
  id: string,
): Promise<ReservationAnswer> {
  const query = `mutation($id: ID!) { answer: stockReservation${command}(id: $id) { ${RESERVATION} } }`;
  return (await harness.ask<{ answer: ReservationAnswer }>(orders, query, { id })).answer;
}

export async function availableOf(harness: Harness, offerId: string): Promise<number> {
  const { availability } = await harness.ask<{ availability: { available: number }[] }>(
    anonymous,
    'query($ids: [ID!]!) { availability(offerIds: $ids) { available status } }',
    { ids: [offerId] },
  );
  return availability[0]!.available;
}
