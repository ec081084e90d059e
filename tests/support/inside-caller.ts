import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Viewer } from '@marketgraph/platform/graphql';
import { httpTransport, internalTokenSigner, type SubgraphTransport } from '@marketgraph/platform/serve';
import type { TestMarketplace } from './marketplace.ts';

export interface InsideCaller {
  /** Resolves to `data`; rejects when nobody answers or the answer has errors. */
  call<Data>(subgraph: string, viewer: Viewer, query: string, variables: Record<string, unknown>): Promise<Data>;
  close(): Promise<void>;
}

interface Keys {
  services: Record<string, Parameters<typeof internalTokenSigner>[0]>;
}

/** Where each subgraph's copies are. */
export function urlsOf({ processes }: TestMarketplace): Record<string, string[]> {
  const subgraphs = Map.groupBy(processes!.services.values(), ({ service }) => service);
  subgraphs.delete('gateway');
  return Object.fromEntries([...subgraphs].map(([name, copies]) => [name, copies.map(({ url }) => url)]));
}

/** Calls subgraphs as the gateway and services do: for people with the gateway's key, for a service with its own. */
export function insideCaller(market: TestMarketplace): InsideCaller {
  const { services } = JSON.parse(readFileSync(join(market.dataDir, 'keys.json'), 'utf8')) as Keys;
  const transports = new Map<string, Promise<SubgraphTransport>>();
  const transportOf = (signer: string): Promise<SubgraphTransport> => {
    let transport = transports.get(signer);
    if (!transport) {
      transport = internalTokenSigner(services[signer]!).then((signing) =>
        httpTransport({ urls: urlsOf(market), signer: signing }),
      );
      transports.set(signer, transport);
    }
    return transport;
  };
  return {
    async call<Data>(subgraph: string, viewer: Viewer, query: string, variables: Record<string, unknown>) {
      const transport = await transportOf(viewer.kind === 'service' ? viewer.service : 'gateway');
      const { data, errors } = await transport.execute(subgraph, { query, variables, viewer, requestId: randomUUID() });
      if (errors?.length || !data) throw new Error(`${subgraph}: ${errors?.map(({ message }) => message).join('; ')}`);
      return data as Data;
    },
    async close() {
      for (const transport of transports.values()) await (await transport).close();
    },
  };
}
