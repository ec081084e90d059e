import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startStores, type Stores, type StoresOptions } from '../src/stores.ts';
import { TEST_CACHE_DIR } from '../src/testing.ts';
import { aFolder } from './a-folder.ts';

const EMULATORS = join(import.meta.dirname, '..', '..', '..', 'emulators');

/**
 * A `typesense-server` on the PATH that understands the real one's environment, with the emulator behind it: the
 * real program cannot be had everywhere these tests run. What is shown is how we find, configure, keep and stop it.
 */
function installTypesenseServer(): void {
  const folder = mkdtempSync(join(tmpdir(), 'marketgraph-bin-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const tsx = createRequire(import.meta.url).resolve('tsx');
  const script = `#!/bin/sh
export TYPESENSE_EMULATOR_PORT="$TYPESENSE_API_PORT" TYPESENSE_EMULATOR_API_KEY="$TYPESENSE_API_KEY"
export TYPESENSE_EMULATOR_DATA="$TYPESENSE_DATA_DIR/search.sqlite"
exec "${process.execPath}" --conditions=source --import "${tsx}" "${EMULATORS}/typesense/src/main.ts" "$@"
`;
  writeFileSync(join(folder, 'typesense-server'), script, { mode: 0o755 });
  vi.stubEnv('PATH', `${folder}:${process.env['PATH'] ?? ''}`);
  onTestFinished(() => void vi.unstubAllEnvs());
}

async function running(dataDir: string, options: Partial<StoresOptions> = {}): Promise<Stores> {
  const stores = await startStores({ dataDir, cacheDir: TEST_CACHE_DIR, only: ['typesense'], ...options });
  onTestFinished(() => stores.stop());
  return stores;
}

test('the typesense-server of the machine is used, on an address that stays', async () => {
  installTypesenseServer();
  const dataDir = aFolder();
  const first = await running(dataDir);
  const [described] = first.describe();
  expect(described).toMatchObject({ name: 'typesense', kind: 'real' });
  expect(await first.health()).toEqual([{ name: 'typesense', kind: 'real', isUp: true }]);
  const commandLine = readFileSync(`/proc/${described?.pid}/cmdline`, 'utf8');
  expect(commandLine).not.toContain(first.typesense.apiKey);
  await first.stop();

  const second = await running(dataDir);
  expect(second.typesense).toEqual(first.typesense);
});

test('its data is not replaced by an empty emulator when it is gone', async () => {
  const dataDir = aFolder();
  installTypesenseServer();
  await (await running(dataDir)).stop();
  vi.unstubAllEnvs();
  await expect(running(dataDir)).rejects.toThrow('install it again, set TYPESENSE_URL, or start with --fresh');
});

test('what the emulator holds stays in use when a server is installed later', async () => {
  const dataDir = aFolder();
  await (await running(dataDir, { useInstalled: false })).stop();
  installTypesenseServer();
  const stores = await running(dataDir);
  expect(stores.describe()).toMatchObject([{ kind: 'emulator' }]);
});
