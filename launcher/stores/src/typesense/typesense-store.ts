import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { emulatorVersion, startEmulatorProcess } from '../emulator/emulator-process.ts';
import { installedServer } from '../emulator/installed-server.ts';
import { onGivenPort } from '../server/on-port.ts';
import { pingHttp } from '../server/ping-http.ts';
import type { StartedStore, StoreContext } from '../store-context.ts';
import { StoreUnavailableError } from '../store-errors.ts';
import { startTypesenseServer } from './typesense-server.ts';

export interface TypesenseAccess {
  readonly url: string;
  readonly apiKey: string;
}

const PACKAGE = '@marketgraph/emulator-typesense';

interface RunningSearch {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

/** The server given from outside, the machine's own typesense-server, or the emulator. */
export async function startTypesenseStore(context: StoreContext): Promise<StartedStore<TypesenseAccess>> {
  const { typesenseUrl, typesenseApiKey } = context.external;
  if (typesenseUrl !== undefined) return externalTypesense(typesenseUrl, typesenseApiKey);
  const dataDir = context.folder.sub('typesense');
  const dataFile = join(dataDir, 'search.sqlite');
  const { apiKey } = context.secrets.typesense;
  const command = installedServer('typesense-server', {
    context,
    store: 'Typesense',
    hasEmulatorData: existsSync(dataFile),
    hasServerData: existsSync(join(dataDir, 'server')),
    variable: 'TYPESENSE_URL',
  });
  if (command !== undefined) {
    const server = await startTypesenseServer({
      command,
      dataDir: context.folder.sub(join('typesense', 'server')),
      port: context.ports.typesense,
      apiKey,
      log: context.log,
    });
    return toStore(server, apiKey, { kind: 'real', version: server.version });
  }
  const server = context.processes
    ? await emulatorProcess(context, dataDir, dataFile)
    : await emulatorHere(context, dataFile);
  return toStore(server, apiKey, { kind: 'emulator', version: emulatorVersion(PACKAGE) });
}

async function emulatorHere(context: StoreContext, dataFile: string): Promise<RunningSearch> {
  const { startTypesenseEmulator } = await import('@marketgraph/emulator-typesense');
  const { apiKey } = context.secrets.typesense;
  const server = await onGivenPort('Typesense emulator', context.ports.typesense, (port) =>
    startTypesenseEmulator({ dataFile, port, apiKey }),
  );
  return { port: server.port, pid: process.pid, stop: () => server.stop() };
}

async function emulatorProcess(context: StoreContext, dataDir: string, dataFile: string): Promise<RunningSearch> {
  return await startEmulatorProcess({
    name: 'Typesense emulator',
    packageName: PACKAGE,
    dataDir,
    port: context.ports.typesense,
    env: (port) => ({
      TYPESENSE_EMULATOR_PORT: String(port),
      TYPESENSE_EMULATOR_DATA: dataFile,
      TYPESENSE_EMULATOR_API_KEY: context.secrets.typesense.apiKey,
    }),
    log: context.log,
  });
}

function toStore(
  server: RunningSearch,
  apiKey: string,
  { kind, version }: { kind: 'real' | 'emulator'; version: string },
): StartedStore<TypesenseAccess> {
  const address = `127.0.0.1:${server.port}`;
  return {
    access: { url: `http://${address}`, apiKey },
    description: { name: 'typesense', kind, version, address, pid: server.pid },
    ping: () => pingHttp(`http://${address}/health`),
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
