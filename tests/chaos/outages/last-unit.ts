import { randomUUID } from 'node:crypto';
import type { Subgraph, Viewer } from '@marketgraph/platform/graphql';
import type { SubgraphClient } from '@marketgraph/platform/serve';
import { aUser, silentLog as log, testIds } from '@marketgraph/platform/testing';
import { registry } from '@marketgraph/monolith/registry';
import { startTestStores } from '@marketgraph/stores/testing';
import { Random } from '../../simulator/world/random.ts';
import { proxyOf } from '../../support/tcp-proxy.ts';

/** R03: the wire to PostgreSQL takes this long each way, so that transactions overlap in every way there is. */
const SLOW_WIRE = { minMs: 5, maxMs: 50 };
/** Rounds that run side by side; each has an offer of its own. */
const AT_ONCE = 5;
const MAX_BUYERS = 50;

const ids = testIds();
const orders: Viewer = { kind: 'service', service: 'orders' };
const WAREHOUSE = `mutation($input: WarehouseInput!) { warehouseUpsert(input: $input) { warehouse { id } } }`;
const STOCK = `mutation($input: InventorySetInput!, $key: IdempotencyKey!) {
  inventorySet(input: $input, idempotencyKey: $key) { stockLevel { onHand } } }`;
const RESERVE = `mutation($input: StockReserveInput!) {
  stockReserve(input: $input) { reservation { id status } userErrors { code } } }`;
const LEFT = `query($ids: [ID!]!) { availability(offerIds: $ids) { available } }`;

interface Reserved {
  stockReserve: { reservation: { status: string } | null; userErrors: { code: string }[] };
}

/** So many offers of one unit, each wanted by 2 to 50 buyers at the same moment; resolves to those that had another end than one winner. */
export async function fightForTheLastUnit({
  rounds,
  seed,
  maxBuyers = MAX_BUYERS,
}: {
  rounds: number;
  seed: number;
  maxBuyers?: number;
}): Promise<string[]> {
  const random = new Random(seed);
  const stores = await startTestStores({ only: ['postgres', 'redis'] });
  const { appUrl, ownerUrl } = stores.postgres.inventory;
  const proxy = await proxyOf(appUrl, { seed });
  const vendorId = ids.next('ven');
  let inventory: Subgraph | undefined;
  try {
    const { create } = registry.find(({ name }) => name === 'inventory')!;
    const env = {
      DATABASE_URL: proxy.through(appUrl),
      MIGRATION_DATABASE_URL: ownerUrl,
      REDIS_URL: stores.redis.inventory,
    };
    inventory = await create(env, { log, peers: aCatalogOf(vendorId) });
    await inventory.start();
    const ask = asker(inventory);
    const offers = await listOffers(ask, { vendorId, count: rounds });
    proxy.delay(SLOW_WIRE);

    const broken: string[] = [];
    const play = async () => {
      for (let offerId = offers.pop(); offerId; offerId = offers.pop()) {
        const buyers = random.whole(2, maxBuyers);
        const answers = await Promise.all(
          Array.from({ length: buyers }, () => {
            const input = { cartId: ids.next('crt'), idempotencyKey: randomUUID(), lines: [{ offerId, quantity: 1 }] };
            return ask<Reserved>(orders, RESERVE, { input });
          }),
        );
        const winners = answers.filter(({ stockReserve }) => stockReserve.reservation?.status === 'ACTIVE').length;
        const codes = answers.flatMap(({ stockReserve }) => stockReserve.userErrors.map(({ code }) => code));
        const soldOut = codes.filter((code) => code === 'INSUFFICIENT_STOCK').length;
        const { availability } = await ask<{ availability: { available: number }[] }>(orders, LEFT, { ids: [offerId] });
        const left = availability[0]?.available;
        if (winners !== 1 || soldOut !== buyers - 1 || left !== 0) {
          broken.push(`${buyers} buyers: ${winners} won, ${soldOut} were told it is sold out, ${left} left`);
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, play));
    return broken;
  } finally {
    await inventory?.stop();
    await proxy.stop();
    await stores.stop();
  }
}

type Ask = <Data>(viewer: Viewer, query: string, variables: Record<string, unknown>) => Promise<Data>;

function asker(subgraph: Subgraph): Ask {
  return async <Data>(viewer: Viewer, query: string, variables: Record<string, unknown>) => {
    const { data, errors } = await subgraph.execute({ query, variables, viewer, requestId: randomUUID() });
    if (errors) throw new Error(JSON.stringify(errors));
    return data as Data;
  };
}

async function listOffers(ask: Ask, { vendorId, count }: { vendorId: string; count: number }): Promise<string[]> {
  const vendor = aUser({ roles: ['BUYER', 'VENDOR_ADMIN'], memberships: [{ of: vendorId, role: 'VENDOR_ADMIN' }] });
  const { warehouseUpsert } = await ask<{ warehouseUpsert: { warehouse: { id: string } } }>(vendor, WAREHOUSE, {
    input: { code: 'A', name: 'A', region: 'EU', vendorId },
  });
  const offers = Array.from({ length: count }, () => ids.next('off'));
  for (const offerId of offers) {
    const input = { offerId, warehouseId: warehouseUpsert.warehouse.id, onHand: 1, expectedVersion: 0 };
    await ask(vendor, STOCK, { input, key: randomUUID() });
  }
  return offers;
}

/** Every offer is this vendor's. */
function aCatalogOf(vendorId: string): SubgraphClient {
  return {
    async call<Data>(_: string, __: unknown, variables?: Record<string, unknown>): Promise<Data> {
      const offers = variables?.['representations'] as { id: string }[];
      const facts = { vendor: { id: vendorId }, variant: { id: ids.next('var') } };
      return { _entities: offers.map(({ id }) => ({ id, sku: id.slice(-6), ...facts })) } as Data;
    },
  };
}
