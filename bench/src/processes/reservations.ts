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
/** Of an offer that is asked about at the counter in front each time. */
const FEW_UNITS = 1_900;
/** So that they are not sold out while it is measured. */
const FEW_PER_CALLER = 4;

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

const offersOf = (name: string, count: number) => Array.from({ length: count }, (_, index) => `off_${name}${index}`);
const ample = offersOf('bench', OFFERS);
const scarce = offersOf('few', OFFERS * FEW_PER_CALLER);
const { warehouse } = await ask<{ warehouse: { id: string } }>(
  vendor,
  'mutation ($input: WarehouseInput!) { warehouseUpsert(input: $input) { warehouse { id } userErrors { message } } }',
  { input: { code: 'BENCH', name: 'Bench', region: 'EU', vendorId: VENDOR } },
);
const stock = [...ample.map((offerId) => [offerId, UNITS] as const), ...scarce.map((id) => [id, FEW_UNITS] as const)];
for (const [offerId, onHand] of stock) {
  await ask(
    vendor,
    `mutation ($input: InventorySetInput!, $key: IdempotencyKey!) {
      inventorySet(input: $input, idempotencyKey: $key) { userErrors { message } }
    }`,
    { input: { offerId, warehouseId: warehouse.id, onHand, expectedVersion: 0 }, key: randomUUID() },
  );
}

/** The operation of orders' own client. */
const RESERVE = `mutation OrdersReserve($input: StockReserveInput!) {
  answer: stockReserve(input: $input) {
    reservation { id status expiresAt }
    userErrors { __typename code message field ... on InsufficientStockError { offer { id } requested available } }
  }
}`;

interface Question {
  offers: number;
  callers: number;
  seconds: number;
  of: 'ample' | 'scarce';
}

async function reserve({ offers, callers, seconds, of }: Question) {
  const offerOf = (caller: number, turn: number) =>
    of === 'ample' ? ample[caller % offers] : scarce[(caller % offers) + OFFERS * (turn % FEW_PER_CALLER)];
  const begin = performance.now();
  let reservations = 0;
  const call = async (caller: number) => {
    for (let turn = 0; performance.now() - begin < seconds * 1_000; turn += 1) {
      await ask(orders, RESERVE, {
        input: {
          ...{ cartId: `crt_${randomUUID()}`, idempotencyKey: randomUUID(), ttlSeconds: 900 },
          shipTo: { countryCode: 'DE', region: null },
          lines: [{ offerId: offerOf(caller, turn), quantity: 1 }],
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
