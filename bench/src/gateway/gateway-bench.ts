import type { Build } from '../measure/child.ts';
import { alternatingRounds, answersDigest, medianRound, type Round, type Target } from '../measure/http-load.ts';
import { GATEWAY_PEERS, installPeers } from '../measure/peers.ts';
import type { Figure, Report } from '../measure/report.ts';
import { rounded } from '../measure/statistics.ts';
import { startToyStage, type ToyStage } from '../toy/toy-stage.ts';
import { BARE_HTTP, startBareHttp } from './bare-http-target.ts';
import { HIVE, HIVE_ROUTER_RUNTIME, OWN, startHive, startOwn, startStock, STOCK } from './gateways.ts';

export interface GatewayBenchOptions {
  build: Build;
  /** Where it plays; of its own by default. */
  startStage?: typeof startToyStage;
  /** Hive Gateway, installed when it is not there. */
  withPeers: boolean;
  connections: number;
  rounds: number;
  warmUpMs: number;
  roundMs: number;
  maxRequests?: number;
  say(text: string): void;
}

export const gatewayBenchDefaults: Omit<GatewayBenchOptions, 'say'> = {
  build: 'compiled',
  withPeers: true,
  connections: 32,
  rounds: 3,
  // What is not compiled yet costs up to twice: after 2.5 s ours had 0.96 ms a request, after 7 s 0.72.
  warmUpMs: 7_000,
  roundMs: 2_500,
};

export const gatewayBenchLong = { ...gatewayBenchDefaults, rounds: 5, warmUpMs: 15_000, roundMs: 4_000 };

/** Catalog, then reviews and inventory side by side, then accounts: four fetches, 30 reviews. */
const QUERY = 'query Top { topProducts(first: 10) { name price reviews { rating author { name } } inStock } }';
const BODY = JSON.stringify({ query: QUERY, operationName: 'Top' });

/** One federated query over four subgraphs through gateways side by side: same subgraphs, same answers. */
export async function benchGateways(options: GatewayBenchOptions): Promise<Report> {
  const { build, say, startStage = startToyStage } = options;
  const stage = await startStage({ build });
  try {
    const { targets, missing } = await startGateways(stage, options);
    const digests = new Map<string, string>();
    for (const { name, url } of targets) digests.set(name, await answersDigest(url, [BODY]));
    const [digest] = digests.values();
    for (const [name, other] of digests) {
      if (other !== digest) throw new Error(`${name} answers something else than ${targets[0]!.name}`);
    }
    say(`All ${targets.length} gateways give the same answer (md5 ${digest}).\n`);
    targets.push(await startBareHttp(stage, targets[0]!.url, [BODY]));
    const load = await stage.start('http-load');
    const { connections, rounds, warmUpMs, roundMs, maxRequests } = options;
    const results = await alternatingRounds(load, targets, {
      ...{ bodies: [BODY], connections, rounds, warmUpMs, maxRequests },
      durationMs: roundMs,
      onRound: ({ name }, { cpuMsPerRequest, requestsPerSecond }) =>
        say(`  ${name.padEnd(30)} ${cpuMsPerRequest.toFixed(2)} ms CPU, ${Math.round(requestsPerSecond)} req/s\n`),
    });
    const notes = [...missing].map(([name, why]) => `${name} is left out: ${why}`);
    return { ...reportOf(results, { digest: digest!, query: QUERY, connections, warmUpMs, roundMs }), notes };
  } finally {
    await stage.stop();
  }
}

async function startGateways(stage: ToyStage, { withPeers, say }: GatewayBenchOptions) {
  const targets: Target[] = await Promise.all([startOwn(stage, 'own'), startOwn(stage, 'stock'), startStock(stage)]);
  const missing = new Map<string, string>();
  if (!withPeers) return { targets, missing };
  const failure = await installPeers(GATEWAY_PEERS, say);
  if (failure) {
    missing.set(`${HIVE}, both modes,`, failure);
    say('Hive Gateway cannot be installed and is left out.\n');
    return { targets, missing };
  }
  for (const [name, mode] of [
    [HIVE, 'default'],
    [HIVE_ROUTER_RUNTIME, 'router runtime'],
  ] as const) {
    try {
      targets.push(await startHive(stage, mode));
    } catch (error) {
      missing.set(name, error instanceof Error ? error.message : String(error));
      say(`${name} is left out.\n`);
    }
  }
  return { targets, missing };
}

function reportOf(results: ReadonlyMap<string, readonly Round[]>, setup: object): Report {
  const medians = new Map([...results].map(([name, rounds]) => [name, medianRound(rounds)]));
  const own = medians.get(OWN)!;
  const figures: Figure[] = [
    {
      ...{ name: 'gateway CPU per request', value: rounded(own.cpuMsPerRequest, 3), unit: 'ms', limit: 0.3 },
      want: 'at most',
      bound: { of: BARE_HTTP, value: rounded(medians.get(BARE_HTTP)!.cpuMsPerRequest, 3) },
    },
    timesLess('less CPU than stock @apollo/gateway', medians.get(STOCK), own, 5),
  ];
  const fastestHive = [medians.get(HIVE), medians.get(HIVE_ROUTER_RUNTIME)]
    .filter((one) => one !== undefined)
    .toSorted((a, b) => a.cpuMsPerRequest - b.cpuMsPerRequest)[0];
  if (fastestHive) figures.push(timesLess("less CPU than Hive Gateway's fastest mode", fastestHive, own, 1.6));
  return {
    name: 'gateway',
    figures,
    tables: [
      {
        title: 'A federated query over four subgraphs, medians of alternating rounds',
        rows: [...medians].map(([name, median]) => ({
          gateway: name,
          'CPU ms/request': median.cpuMsPerRequest.toFixed(3),
          '× ours': (median.cpuMsPerRequest / own.cpuMsPerRequest).toFixed(2),
          'req/s': Math.round(median.requestsPerSecond),
          'p50 ms': median.p50Ms.toFixed(1),
          'p99 ms': median.p99Ms.toFixed(1),
          'RSS MB': Math.round(median.rssMegabytes),
        })),
      },
    ],
    details: { ...setup, medians: Object.fromEntries(medians), rounds: Object.fromEntries(results) },
  };
}

function timesLess(
  name: string,
  other: { cpuMsPerRequest: number } | undefined,
  own: { cpuMsPerRequest: number },
  limit: number,
): Figure {
  const value = rounded((other?.cpuMsPerRequest ?? Number.NaN) / own.cpuMsPerRequest, 2);
  return { name, value, unit: '×', limit, want: 'at least' };
}
