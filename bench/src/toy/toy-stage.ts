import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Stores, startTestStores } from '@marketgraph/stores/testing';
import { type Build, type Child, startChild } from '../measure/child.ts';
import { toySupergraph } from './supergraph.ts';

/** The toy shop in a process of its own, Redis, and gateways in front of them as they are wanted. */
export interface ToyStage {
  redisUrl: string;
  supergraphFile: string;
  ownGateway(options: { name: string; env?: Record<string, string>; nodeOptions?: readonly string[] }): Promise<Child>;
  /** One of the processes of `src/processes`. */
  start(file: string, options?: { name?: string; env?: Record<string, string> }): Promise<Child>;
  /** Something else that ends with the stage. */
  onStop(stop: () => Promise<void>): void;
  stop(): Promise<void>;
}

/**
 * All clients of the benchmark call from one address and with one operation. The
 * limits stay in the way, every request is counted against them; they are only
 * too high to be reached. A gateway on a machine that is late turns queries away; here every answer is waited for.
 */
const OUT_OF_REACH = {
  MAX_LAG_MS: '0',
  RATE_POINTS_PER_MINUTE_ADDRESS: '1000000000',
  RATE_REQUESTS_PER_MINUTE_ADDRESS: '1000000000',
  CLIENTS_PER_ADDRESS: '1000000',
  SUBSCRIPTIONS_PER_ADDRESS: '1000000',
};

export async function startToyStage(options: { build: Build; nodeOptions?: readonly string[] }): Promise<ToyStage> {
  const { build } = options;
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    const failures: unknown[] = [];
    for (const end of stops.splice(0).toReversed()) {
      await end().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw new AggregateError(failures, 'The benchmark left something behind');
  };
  try {
    const folder = await mkdtemp(join(tmpdir(), 'marketgraph-bench-'));
    stops.push(() => rm(folder, { recursive: true, force: true }));
    const stores: Stores = await startTestStores({ only: ['redis'] });
    stops.push(() => stores.stop());
    const start: ToyStage['start'] = async (file, { name = file, env } = {}) => {
      const child = await startChild({ name, file, build, env });
      stops.push(() => child.stop());
      return child;
    };
    const shop = await start('toy-subgraphs');
    const urls = shop.facts['urls'] as Record<string, string>;
    const supergraphFile = join(folder, 'supergraph.graphql');
    await writeFile(supergraphFile, toySupergraph(urls));
    const redisUrl = stores.redis.gateway;
    return {
      redisUrl,
      supergraphFile,
      start,
      async ownGateway({ name, env, nodeOptions = [] }) {
        const child = await startChild({
          name,
          file: 'own-gateway',
          build,
          nodeOptions: [...(options.nodeOptions ?? []), ...nodeOptions],
          env: {
            HOST: '127.0.0.1',
            PORT: '0',
            REDIS_URL: redisUrl,
            CURSOR_SECRET: randomBytes(32).toString('base64url'),
            SUBGRAPH_URLS: JSON.stringify(urls),
            SUPERGRAPH_FILE: supergraphFile,
            ...OUT_OF_REACH,
            ...env,
          },
        });
        stops.push(() => child.stop());
        return child;
      },
      onStop: (end) => void stops.push(end),
      stop,
    };
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}
