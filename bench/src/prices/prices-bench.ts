import * as operations from '@marketgraph/schema/generated/operations';
import { aRun, newKey, registerBuyer, signIn, type StoryGraph } from '@marketgraph/tests/story/cast';
import { accepted } from '@marketgraph/tests/story/report';
import { Pool } from 'undici';
import { openShop, type Shop } from '../checkout/shop.ts';
import { startCheckoutStage } from '../checkout/checkout-stage.ts';
import type { Build } from '../measure/child.ts';
import type { Report } from '../measure/report.ts';
import { percentile, rounded } from '../measure/statistics.ts';

export interface PricesBenchOptions {
  build: Build;
  /** Where it plays; of its own by default. */
  startStage?: typeof startCheckoutStage;
  offers: number;
  perSecond: number;
  warmUpS: number;
  seconds: number;
  say(text: string): void;
}

export const pricesBenchDefaults: Omit<PricesBenchOptions, 'say'> = {
  build: 'compiled',
  offers: 50,
  perSecond: 500,
  warmUpS: 5,
  seconds: 8,
};

export const pricesBenchLong = { ...pricesBenchDefaults, seconds: 20 };

const GOAL_P95_MS = 20;
const QUERY = `query Price($id: ID!, $organizationId: ID!) {
  offer(id: $id) { priceFor(quantity: 500, organizationId: $organizationId) { unitPrice { amount } source } } }`;
const CREATE = `mutation($input: OrganizationCreateInput!) { organizationCreate(input: $input) {
  organization { id } userErrors { code } } }`;

/**
 * `priceFor` of a contract, through the gateway in one process, at a rate that
 * does not wait for answers: each is timed from when it was due to be asked.
 */
export async function benchPrices(options: PricesBenchOptions): Promise<Report> {
  const { build, startStage = startCheckoutStage, offers, perSecond, warmUpS, seconds, say } = options;
  const stage = await startStage({ shape: 'monolith', build });
  try {
    const shop = await openShop(stage, { offers, buyers: 1 });
    const pool = new Pool(stage.graph.url, { connections: 64, pipelining: 1 });
    try {
      const buyer = await aBuyerWithAContract(stage.graph, shop);
      const bodies = shop.offerIds.map((id) =>
        JSON.stringify({ query: QUERY, variables: { id, organizationId: buyer.organizationId } }),
      );
      const ask = (number: number) => askPrice(pool, buyer.token, bodies[number % bodies.length]!);
      await atRate(ask, { perSecond, seconds: warmUpS });
      const all = await atRate(ask, { perSecond, seconds });
      const latencies = all.filter((latencyMs) => latencyMs !== null);
      const refused = all.length - latencies.length;
      const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => rounded(percentile(latencies, share), 1));
      say(`  ${latencies.length} prices, p50 ${p50} ms, p95 ${p95} ms, p99 ${p99} ms, ${refused} refused\n`);
      return {
        name: 'prices',
        figures: [
          {
            ...{ name: `a contract’s price at ${perSecond}/s, p95`, unit: 'ms', want: 'at most' as const },
            ...{ value: p95!, limit: GOAL_P95_MS },
          },
          {
            ...{ name: 'refused because there was too much to do', unit: '', want: 'at most' as const },
            ...{ value: refused, limit: 0 },
          },
        ],
        tables: [],
        details: { query: QUERY, offers, perSecond, warmUpS, seconds, answers: latencies.length, p50, p95, p99 },
      };
    } finally {
      await pool.close();
    }
  } finally {
    await stage.stop();
  }
}

async function aBuyerWithAContract(
  graph: StoryGraph,
  { vendor, offerIds }: Shop,
): Promise<{ token: string; organizationId: string }> {
  const run = aRun();
  const { accessToken: first } = await registerBuyer(graph, 'Purchaser', run);
  const response = await fetch(`${graph.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${first}` },
    body: JSON.stringify({ query: CREATE, variables: { input: { name: 'Bench Ltd', type: 'BUYER' } } }),
  });
  const { data } = (await response.json()) as { data: { organizationCreate: { organization: { id: string } } } };
  const organizationId = data.organizationCreate.organization.id;
  const { priceListUpsert } = await vendor.person.ask(operations.PriceListUpsertDocument, {
    input: {
      name: 'Contract',
      vendorId: vendor.id,
      buyerOrganizationId: organizationId,
      entries: offerIds.flatMap((offerId) => [
        { offerId, minQuantity: 10, maxQuantity: 499, unitPrice: { amount: 900, currencyCode: 'EUR' } },
        { offerId, minQuantity: 500, unitPrice: { amount: 800, currencyCode: 'EUR' } },
      ]),
    },
    idempotencyKey: newKey(),
  });
  accepted('priceListUpsert', priceListUpsert.priceList, priceListUpsert.userErrors);
  // What one may do for an organization is in the token that follows.
  const { accessToken } = await signIn(graph, 'Purchaser', {
    email: `purchaser-${run}@story.example`,
    password: 'a long enough secret',
  });
  return { token: accessToken!, organizationId };
}

/** Milliseconds from when each was due, null for what was refused under load. A wrong answer ends the benchmark. */
async function atRate(
  ask: (number: number) => Promise<boolean>,
  { perSecond, seconds }: { perSecond: number; seconds: number },
): Promise<(number | null)[]> {
  const begin = performance.now();
  const asked: Promise<number | null>[] = [];
  for (let number = 0; number < perSecond * seconds; number += 1) {
    const dueMs = begin + (number * 1_000) / perSecond;
    if (dueMs > performance.now()) {
      await new Promise((resolve) => {
        setTimeout(resolve, dueMs - performance.now());
      });
    }
    asked.push(ask(number).then((isAnswered) => (isAnswered ? performance.now() - dueMs : null)));
  }
  return await Promise.all(asked);
}

async function askPrice(pool: Pool, token: string, body: string): Promise<boolean> {
  const response = await pool.request({
    method: 'POST',
    path: '/graphql',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body,
  });
  const text = await response.body.text();
  if (text.includes('RATE_LIMITED')) return false;
  if (!text.includes('"amount":800') || !text.includes('CONTRACT')) throw new Error(`Not the contract: ${text}`);
  return true;
}
