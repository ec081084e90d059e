import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { aliasRoutes } from './handlers/aliases.ts';
import { collectionRoutes } from './handlers/collections.ts';
import { documentRoutes } from './handlers/documents.ts';
import { exportRoute } from './handlers/export.ts';
import { importRoute } from './handlers/import.ts';
import { operationRoutes } from './handlers/operations.ts';
import { searchRoutes } from './handlers/search.ts';
import { synonymRoutes } from './handlers/synonyms.ts';
import { createApiServer, type RequestLog, type ServerStats } from './http/server.ts';
import { Catalog } from './store/catalog.ts';

export type TypesenseEmulatorOptions = {
  /** SQLite file that keeps everything; left out, nothing outlives the process. */
  dataFile?: string;
  /** 0, the default, takes a free port. */
  port?: number;
  host?: string;
  apiKey: string;
  log?: RequestLog;
};

export type TypesenseEmulatorStats = ServerStats & { collections: number; documents: number };

export type TypesenseEmulator = {
  port: number;
  url: string;
  stats(): TypesenseEmulatorStats;
  /** Answers what is in progress, then closes the port and the file. */
  stop(): Promise<void>;
};

// A client that keeps a request open longer than this is cut off by `stop`.
const STOP_TIMEOUT_MS = 5_000;

export async function startTypesenseEmulator(options: TypesenseEmulatorOptions): Promise<TypesenseEmulator> {
  if (options.apiKey === '') throw new Error('the Typesense emulator needs an API key');
  const catalog = new Catalog(options.dataFile ?? ':memory:');
  const stats: ServerStats = { requests: 0, errors: 0, inFlight: 0 };
  const server = createApiServer({
    catalog,
    // Literal paths stand before `documents/:id`, which would take them for ids.
    routes: [
      ...operationRoutes(stats),
      ...searchRoutes,
      importRoute,
      exportRoute,
      ...documentRoutes,
      ...collectionRoutes,
      ...aliasRoutes,
      ...synonymRoutes,
    ],
    apiKey: options.apiKey,
    stats,
    log: options.log ?? (() => undefined),
  });
  const host = options.host ?? '127.0.0.1';
  try {
    server.listen(options.port ?? 0, host);
    await once(server, 'listening');
  } catch (cause) {
    catalog.close();
    throw cause;
  }
  const { port } = server.address() as AddressInfo;
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    const closed = once(server, 'close');
    server.close();
    server.closeIdleConnections();
    const cutOff = setTimeout(() => server.closeAllConnections(), STOP_TIMEOUT_MS);
    await closed;
    clearTimeout(cutOff);
    await Promise.all(catalog.collections().map((collection) => collection.turns.take(() => undefined)));
    catalog.close();
  };
  return {
    port,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    stats() {
      const collections = catalog.collections();
      const documents = collections.reduce((sum, collection) => sum + collection.count, 0);
      return { ...stats, collections: collections.length, documents };
    },
    stop: () => (stopped ??= stop()),
  };
}
