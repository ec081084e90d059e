import { randomUUID } from 'node:crypto';
import { registry } from '@marketgraph/monolith/registry';
import type { Viewer } from '@marketgraph/platform/graphql';
import { createLogger } from '@marketgraph/platform/telemetry';
import type { SubgraphClient } from '@marketgraph/platform/serve';
import { serveParent } from '../measure/serve-parent.ts';

/** Inventory in a process of its own, with a catalog that knows every offer; it reserves one unit at a time as orders asks for it. */
const OFFERS = Number(process.env['BENCH_OFFERS']);
const VENDOR = 'ven_bench';
const UNITS = 100_000_000;

const catalog: SubgraphClient = {
  async call<Data>(_: string, __: unknown, variables?: Record<string, unknown>): Promise<Data> {
    const representations = variables?.['representations'] as { id: string }[];
    return {
      _entities: representations.map(({ id }) => ({
        id,
        sku: id,
        vendor: { id: VENDOR },
        variant: { id: `var_${id}` },
      })),
    } as Data;
  },
};

const inventory = await registry
  .find(({ name }) => name === 'inventory')!
  .create(process.env, { log: createLogger({ service: 'inventory', level: 'error' }), peers: catalog });
await inventory.start();

const orders: Viewer = { kind: 'service', service: 'orders' };
const vendor: Viewer = {
  ...{ kind: 'user', userId: 'usr_bench', sessionId: 'ses_bench', roles: ['VENDOR_ADMIN'] },
  memberships: [{ of: VENDOR, role: 'VENDOR_ADMIN' }],
};

async function ask<Data>(viewer: Viewer, query: string, variables: Record<string, unknown>): Promise<Data> {
  const { data, errors } = await inventory.execute({ query, variables, viewer, requestId: randomUUID() });
  const [answer] = Object.values((data ?? {}) as Record<string, { userErrors: unknown[] }>);
  if (errors || !answer || answer.userErrors.length > 0) throw new Error(JSON.stringify({ data, errors }));
  return answer as Data;
}

const offerIds = Array.from({ length: OFFERS }, (_, index) => `off_bench${index}`);
const { warehouse } = await ask<{ warehouse: { id: string } }>(
  vendor,
  'mutation ($input: WarehouseInput!) { warehouseUpsert(input: $input) { warehouse { id } userErrors { message } } }',
  { input: { code: 'BENCH', name: 'Bench', region: 'EU', vendorId: VENDOR } },
);
for (const offerId of offerIds) {
  await ask(
    vendor,
    `mutation ($input: InventorySetInput!, $key: IdempotencyKey!) {
      inventorySet(input: $input, idempotencyKey: $key) { userErrors { message } }
    }`,
    { input: { offerId, warehouseId: warehouse.id, onHand: UNITS, expectedVersion: 0 }, key: randomUUID() },
  );
}

/** The operation of orders' own client. */
const RESERVE = `mutation OrdersReserve($input: StockReserveInput!) {
  answer: stockReserve(input: $input) {
    reservation { id status expiresAt }
    userErrors { __typename code message field ... on InsufficientStockError { offer { id } requested available } }
  }
}`;

async function reserve({ offers, callers, seconds }: { offers: number; callers: number; seconds: number }) {
  const begin = performance.now();
  let reservations = 0;
  const call = async (caller: number) => {
    while (performance.now() - begin < seconds * 1_000) {
      await ask(orders, RESERVE, {
        input: {
          ...{ cartId: `crt_${randomUUID()}`, idempotencyKey: randomUUID(), ttlSeconds: 900 },
          shipTo: { countryCode: 'DE', region: null },
          lines: [{ offerId: offerIds[caller % offers], quantity: 1 }],
        },
      });
      reservations += 1;
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, caller) => call(caller)));
  return { reservations, seconds: (performance.now() - begin) / 1_000 };
}

serveParent({
  facts: {},
  answer: reserve as (question: never) => Promise<{ reservations: number; seconds: number }>,
  stop: () => inventory.stop(),
});
