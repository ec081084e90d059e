import { join } from 'node:path';
import { pingHttp } from '../server/ping-http.ts';
import type { StartedStore, StoreContext } from '../store-context.ts';
import { StoreUnavailableError } from '../store-errors.ts';

export interface TypesenseAccess {
  readonly url: string;
  readonly apiKey: string;
}

export async function startTypesenseStore(context: StoreContext): Promise<StartedStore<TypesenseAccess>> {
  const { typesenseUrl, typesenseApiKey } = context.external;
  if (typesenseUrl !== undefined) return externalTypesense(typesenseUrl, typesenseApiKey);
  const { apiKey } = context.secrets.typesense;
  const { startTypesenseEmulator } = await import('@marketgraph/emulator-typesense');
  const server = await startTypesenseEmulator({
    dataFile: join(context.folder.sub('typesense'), 'search.sqlite'),
    port: context.ports.typesense ?? 0,
    apiKey,
  });
  return {
    access: { url: server.url, apiKey },
    description: {
      name: 'typesense',
      kind: 'emulator',
      version: 'emulator',
      address: `127.0.0.1:${server.port}`,
      pid: process.pid,
    },
    ping: () => pingHttp(`${server.url}/health`),
    stop: () => server.stop(),
  };
}

function externalTypesense(url: string, apiKey: string | undefined): StartedStore<TypesenseAccess> {
  if (apiKey === undefined) {
    throw new StoreUnavailableError('Typesense', 'TYPESENSE_URL is set without a key: set TYPESENSE_API_KEY as well.');
  }
  return {
    access: { url, apiKey },
    description: {
      name: 'typesense',
      kind: 'external',
      version: 'unknown',
      address: new URL(url).host,
      pid: undefined,
    },
    ping: () => pingHttp(new URL('/health', url).href),
    stop: async () => {},
  };
}
