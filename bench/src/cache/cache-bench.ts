import { BARE_HTTP, startBareHttp } from '../gateway/bare-http-target.ts';
import type { Build } from '../measure/child.ts';
import { alternatingRounds, answersDigest, medianRound, type Target } from '../measure/http-load.ts';
import type { Report } from '../measure/report.ts';
import { rounded } from '../measure/statistics.ts';
import { startToyStage } from '../toy/toy-stage.ts';

export interface CacheBenchOptions {
  build: Build;
  /** Where it plays; of its own by default. */
  startStage?: typeof startToyStage;
  /** Pages asked for in turn. */
  products: number;
  connections: number;
  rounds: number;
  warmUpMs: number;
  roundMs: number;
  maxRequests?: number;
  say(text: string): void;
}

export const cacheBenchDefaults: Omit<CacheBenchOptions, 'say'> = {
  build: 'compiled',
  products: 200,
  connections: 32,
  rounds: 3,
  warmUpMs: 6_000,
  roundMs: 2_500,
};

export const cacheBenchLong = { ...cacheBenchDefaults, rounds: 5, warmUpMs: 10_000, roundMs: 4_000 };

type Median = ReturnType<typeof medianRound>;

const WARM = 'warm cache';
const OFF = 'cache off';

/** Shaped as the marketplace's `ProductPage`; all of it is public. Catalog, then reviews, inventory and accounts. */
const PAGE = `query ProductPage($id: ID!) {
  product(id: $id) {
    id name description brand price inStock
    category { id name parent { id name } }
    attributes { key value }
    media { url altText }
    rating { average count histogram }
    reviews { id rating text author { id name } }
    offers {
      id sku
      price { amount currencyCode }
      availability { available status }
      vendor { id businessName rating { average count } }
    }
  }
}`;

/** The product page from a warm entity cache beside the same gateway without one. */
export async function benchCache(options: CacheBenchOptions): Promise<Report> {
  const {
    build,
    products,
    connections,
    rounds,
    warmUpMs,
    roundMs,
    maxRequests,
    say,
    startStage = startToyStage,
  } = options;
  const bodies = Array.from({ length: products }, (_, index) =>
    JSON.stringify({ query: PAGE, operationName: 'ProductPage', variables: { id: `p${index + 1}` } }),
  );
  const stage = await startStage({ build });
  try {
    const startOwn = async (name: string, env?: Record<string, string>): Promise<Target> => {
      const { pid, facts } = await stage.ownGateway({ name, env });
      return { name, pid, url: String(facts['url']) };
    };
    const targets = await Promise.all([startOwn(WARM), startOwn(OFF, { ENTITY_CACHE_BYTES: '0' })]);
    const [cold, off] = [await answersDigest(targets[0].url, bodies), await answersDigest(targets[1].url, bodies)];
    const kept = await answersDigest(targets[0].url, bodies);
    if (cold !== off || kept !== off)
      throw new Error('The gateway with a cache answers something else than the one without');
    say(`Both give the same answers, kept ones too (md5 ${off}).\n`);
    const bareHttp = await startBareHttp(stage, targets[0].url, bodies);
    const load = await stage.start('http-load');
    const results = await alternatingRounds(load, [...targets, bareHttp], {
      ...{ bodies, connections, rounds, warmUpMs, maxRequests },
      durationMs: roundMs,
      onRound: ({ name }, { cpuMsPerRequest, requestsPerSecond }) =>
        say(`  ${name.padEnd(12)} ${cpuMsPerRequest.toFixed(3)} ms CPU, ${Math.round(requestsPerSecond)} req/s\n`),
    });
    const hits = results.get(WARM)!.reduce((sum, { cacheHeaders }) => sum + (cacheHeaders['hit'] ?? 0), 0);
    const asked = results.get(WARM)!.reduce((sum, { requests }) => sum + requests, 0);
    const [warm, without, bare] = [WARM, OFF, BARE_HTTP].map((name) => medianRound(results.get(name)!)) as [
      Median,
      Median,
      Median,
    ];
    return {
      name: 'cache',
      figures: [
        {
          ...{ name: 'rate of the product page, warm cache', unit: '×', limit: 3, want: 'at least' as const },
          value: rounded(warm.requestsPerSecond / without.requestsPerSecond, 2),
          bound: { of: BARE_HTTP, value: rounded(bare.requestsPerSecond / without.requestsPerSecond, 2) },
        },
        {
          ...{
            name: 'less gateway CPU for the product page, warm cache',
            unit: '×',
            limit: 3,
            want: 'at least' as const,
          },
          value: rounded(without.cpuMsPerRequest / warm.cpuMsPerRequest, 2),
          bound: { of: BARE_HTTP, value: rounded(without.cpuMsPerRequest / bare.cpuMsPerRequest, 2) },
        },
        {
          ...{ name: 'answered without a subgraph (x-cache: hit)', unit: '%', limit: 99, want: 'at least' as const },
          value: rounded((100 * hits) / asked, 1),
        },
      ],
      tables: [
        {
          title: `The pages of ${products} products in turn, medians of alternating rounds`,
          rows: [
            { gateway: WARM, ...warm },
            { gateway: OFF, ...without },
            { gateway: BARE_HTTP, ...bare },
          ].map((row) => ({
            gateway: row.gateway,
            'CPU ms/request': row.cpuMsPerRequest.toFixed(3),
            'req/s': Math.round(row.requestsPerSecond),
            'p50 ms': row.p50Ms.toFixed(1),
            'p99 ms': row.p99Ms.toFixed(1),
            'RSS MB': Math.round(row.rssMegabytes),
          })),
        },
      ],
      details: {
        query: PAGE,
        products,
        connections,
        warmUpMs,
        roundMs,
        digest: off,
        rounds: Object.fromEntries(results),
      },
    };
  } finally {
    await stage.stop();
  }
}
