import { setImmediate as nextTurn } from 'node:timers/promises';
import { createGateway, type Gateway } from '@marketgraph/gateway';
import { readGatewayConfig } from '@marketgraph/gateway/config';
import { type Environment, readTogether } from '@marketgraph/platform/config';
import type { Subgraph } from '@marketgraph/platform/graphql';
import { inProcessTransport, subgraphClient, type SubgraphTransport } from '@marketgraph/platform/serve';
import type { Logger, Metrics } from '@marketgraph/platform/telemetry';
import { registry } from './registry.ts';

export interface Monolith {
  gateway: Gateway;
  /** The public address. */
  url: string;
  port: number;
  stop(): Promise<void>;
}

/** Brings the modules of all subgraphs in, while something else is waited for. */
export async function loadMonolith(): Promise<void> {
  for (const { load } of registry) await load();
}

/** The gateway and all subgraphs in this process. Same code as one process each, another transport. */
export async function startMonolith({
  env,
  log,
  metrics,
}: {
  env: Environment;
  log: Logger;
  metrics?: Metrics;
}): Promise<Monolith> {
  const peers = lateTransport();
  let turn = Promise.resolve();
  const created = await Promise.allSettled(
    registry.map(async ({ name, create }) => {
      // Each builds its schema at once. What those before it have asked their stores is heard in between: nobody waits long for that.
      turn = turn.then(() => nextTurn());
      await turn;
      return create(env, { log: log.child({ service: name }), peers: subgraphClient(peers.transport, name), metrics });
    }),
  );
  const subgraphs = created.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const stopAll = async () => {
    await Promise.all(subgraphs.map((subgraph) => subgraph.stop()));
  };
  try {
    // Read together, so that one start shows every setting that is to be mended.
    const [config] = readTogether(
      () => readGatewayConfig(env),
      ...created.map((result) => () => {
        if (result.status === 'rejected') throw result.reason;
      }),
    );
    const transport = inProcessTransport(subgraphs);
    peers.bind(transport);
    const gateway = await createGateway({
      config,
      transport,
      log: log.child({ service: 'gateway' }),
      ...(metrics ? { metrics } : {}),
    });
    await startSubgraphs(subgraphs);
    const { url, port } = await gateway.listen();
    return {
      gateway,
      url,
      port,
      async stop() {
        await gateway.stop();
        await stopAll();
      },
    };
  } catch (error) {
    await stopAll();
    throw error;
  }
}

async function startSubgraphs(subgraphs: readonly Subgraph[]): Promise<void> {
  await Promise.all(subgraphs.map((subgraph) => subgraph.start()));
}

/** Subgraphs are created before the transport between them exists; nobody calls a peer until all are there. */
function lateTransport(): { transport: SubgraphTransport; bind(to: SubgraphTransport): void } {
  let bound: SubgraphTransport | undefined;
  const there = (): SubgraphTransport => {
    if (!bound) throw new Error('A subgraph called a peer while it was being created.');
    return bound;
  };
  return {
    bind: (to) => {
      bound = to;
    },
    transport: {
      get names() {
        return there().names;
      },
      execute: async (name, request) => there().execute(name, request),
      executeEvent: async (name, request) => there().executeEvent(name, request),
      forward: async (name, request, response) => there().forward(name, request, response),
      readiness: async (name) => there().readiness(name),
      close: async () => undefined,
    },
  };
}
