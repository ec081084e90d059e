import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { Client } from 'typesense';
import { startTypesenseEmulator, type TypesenseEmulator } from '../src/emulator.ts';

const REAL_URL = process.env['TYPESENSE_CONFORMANCE_URL'];
const API_KEY = process.env['TYPESENSE_CONFORMANCE_KEY'] ?? 'conformance-key';

/** True when the suite runs against the emulator; cases about refusals and its own files are registered only then. */
export const IS_EMULATOR = REAL_URL === undefined;

export type Target = {
  client: Client;
  url: string;
  apiKey: string;
  /** A name no other test uses. */
  name(base: string): string;
};

export function clientFor(url: string, apiKey: string): Client {
  const { hostname, port, protocol } = new URL(url);
  return new Client({
    nodes: [{ host: hostname, port: Number(port), protocol: protocol.replace(':', '') }],
    apiKey,
    connectionTimeoutSeconds: 30,
    numRetries: 0,
    logLevel: 'silent',
  });
}

/** One server for a test file: our own, or the one named in the environment. What the file created is removed again. */
export function useTarget(): Target {
  let emulator: TypesenseEmulator | undefined;
  const run = randomUUID().slice(0, 8);
  const target = { apiKey: API_KEY, name: (base: string) => `${base}-${run}` } as Target;
  beforeAll(async () => {
    if (IS_EMULATOR) emulator = await startTypesenseEmulator({ apiKey: API_KEY });
    target.url = REAL_URL ?? emulator?.url ?? '';
    target.client = clientFor(target.url, API_KEY);
  });
  afterAll(async () => {
    if (emulator !== undefined) {
      await emulator.stop();
      return;
    }
    const { aliases } = await target.client.aliases().retrieve();
    for (const alias of aliases) if (alias.name.endsWith(run)) await target.client.aliases(alias.name).delete();
    for (const collection of await target.client.collections().retrieve()) {
      if (collection.name.endsWith(run)) await target.client.collections(collection.name).delete();
    }
  });
  return target;
}

/** The ids of the hits, in order. */
export function idsOf(response: { hits?: { document: object }[] }): string[] {
  return (response.hits ?? []).map((hit) => (hit.document as { id: string }).id);
}
