import type { Subgraph } from '@marketgraph/platform/graphql';
import {
  generateServiceKey,
  httpTransport,
  internalTokenSigner,
  internalTokenVerifier,
  type RunningServer,
  serveSubgraph,
  type SubgraphTransport,
} from '@marketgraph/platform/serve';
import { silentLog as log } from '@marketgraph/platform/testing';

export interface ToyProcesses {
  /** Closed by whoever uses it. */
  transport: SubgraphTransport;
  /** The server of this subgraph is gone from its port, and comes back to it. */
  take(subgraph: string): Promise<void>;
  bring(subgraph: string): Promise<void>;
  stop(): Promise<void>;
}

/** Subgraphs behind HTTP servers of their own, with internal tokens, as the processes shape has them. */
export async function asProcesses(subgraphs: readonly Subgraph[]): Promise<ToyProcesses> {
  const { privateJwk, publicJwk } = await generateServiceKey('gateway');
  const servers = new Map<string, RunningServer>();
  const serve = async (name: string, port: number): Promise<void> => {
    const subgraph = subgraphs.find((one) => one.name === name)!;
    const verify = await internalTokenVerifier(name, { keys: [publicJwk] });
    servers.set(name, await serveSubgraph(subgraph, { host: '127.0.0.1', port, verify, log }));
  };
  for (const { name } of subgraphs) await serve(name, 0);
  const urls = Object.fromEntries([...servers].map(([name, { url }]) => [name, url]));
  const transport = httpTransport({ urls, signer: await internalTokenSigner(privateJwk) });

  return {
    transport,
    take: (name) => servers.get(name)!.stop(),
    bring: (name) => serve(name, servers.get(name)!.port),
    async stop() {
      await Promise.all([...servers.values()].map((server) => server.stop()));
    },
  };
}
