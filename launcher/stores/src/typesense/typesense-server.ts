import { join } from 'node:path';
import { keptPort } from '../server/kept-port.ts';
import { stopLeftover } from '../server/leftover.ts';
import { pingHttp } from '../server/ping-http.ts';
import { startServerProcess, STOP_GRACE_MS } from '../server/server-process.ts';
import type { StoreLog } from '../store-log.ts';

const NAME = 'Typesense';
const READY_TIMEOUT_MS = 60_000;
const CALL_TIMEOUT_MS = 3000;
const STOP_SIGNAL = 'SIGTERM';

export interface RunningTypesense {
  readonly port: number;
  readonly pid: number;
  readonly url: string;
  readonly version: string;
  stop(): Promise<void>;
}

/** The machine's own typesense-server, configured by its environment so that its key is in no list of processes. */
export async function startTypesenseServer(options: {
  command: string;
  dataDir: string;
  port: number | undefined;
  apiKey: string;
  log: StoreLog;
}): Promise<RunningTypesense> {
  const { command, dataDir, apiKey, log } = options;
  const recordFile = join(dataDir, '..', 'process.json');
  await stopLeftover(NAME, recordFile, { stopSignal: STOP_SIGNAL, graceMs: STOP_GRACE_MS, log });
  // Its consensus log names its peer by address, and it is its own only peer.
  const port = await keptPort(NAME, join(dataDir, '..', 'port'), options.port);
  const peeringPort = await keptPort(NAME, join(dataDir, '..', 'peering-port'), undefined);
  const server = await startServerProcess({
    name: NAME,
    command,
    args: [],
    env: {
      PATH: process.env['PATH'],
      TYPESENSE_DATA_DIR: dataDir,
      TYPESENSE_API_KEY: apiKey,
      TYPESENSE_API_ADDRESS: '127.0.0.1',
      TYPESENSE_API_PORT: String(port),
      TYPESENSE_PEERING_ADDRESS: '127.0.0.1',
      TYPESENSE_PEERING_PORT: String(peeringPort),
    },
    logFile: join(dataDir, '..', 'typesense.log'),
    recordFile,
    stopSignal: STOP_SIGNAL,
    log,
  });
  const url = `http://127.0.0.1:${port}`;
  try {
    await server.ready(() => isHealthy(url), READY_TIMEOUT_MS);
    return { port, pid: server.pid, url, version: await versionOf(url, apiKey), stop: () => server.stop() };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    await pingHttp(`${url}/health`);
    return true;
  } catch {
    return false;
  }
}

async function versionOf(url: string, apiKey: string): Promise<string> {
  const answer = await fetch(`${url}/debug`, {
    headers: { 'x-typesense-api-key': apiKey },
    signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
  });
  const body = (await answer.json()) as { version?: string };
  return body.version ?? 'unknown';
}
