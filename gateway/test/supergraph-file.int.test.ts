import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateServiceKey } from '@marketgraph/platform/serve';
import { SOURCE_FLAGS, until } from '@marketgraph/platform/testing';
import { freePort } from '@marketgraph/stores';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readSupergraph, subgraphNames } from '../src/supergraph-file.ts';

let stores: Stores;
let folder: string;
let child: ChildProcess | undefined;

beforeAll(async () => {
  stores = await startTestStores({ only: ['redis'] });
  folder = await mkdtemp(join(tmpdir(), 'marketgraph-supergraph-'));
});
afterAll(async () => {
  child?.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
  await stores?.stop();
});

it('a process goes on with the supergraph of its file when that changes, at once at SIGHUP, and not when it is broken', async () => {
  const [file, logFile] = [join(folder, 'supergraph.graphql'), join(folder, 'gateway.log')];
  const good = await readSupergraph();
  const other = good.replace(/^  me: User\b/m, '  myself: User');
  expect(other).not.toBe(good);
  await writeFile(file, good);
  const nobody = `http://127.0.0.1:${await freePort()}`;
  const port = await freePort();
  const { privateJwk } = await generateServiceKey('gateway');
  const start = (pollMs: number) =>
    spawn(process.execPath, [...SOURCE_FLAGS, join(import.meta.dirname, '../src/main.ts')], {
      env: {
        PATH: process.env['PATH'],
        ...Object.fromEntries(subgraphNames(good).map((name) => [`${name.toUpperCase()}_URL`, nobody])),
        REDIS_URL: stores.redis.gateway,
        PORT: String(port),
        CURSOR_SECRET: 'a secret of the tests',
        INTERNAL_SIGNING_KEY: JSON.stringify(privateJwk),
        GATEWAY_SUPERGRAPH: file,
        GATEWAY_SUPERGRAPH_POLL_MS: String(pollMs),
        LOG_FILE: logFile,
        EXIT_WITH_PARENT: '1',
      },
      stdio: 'ignore',
    });
  const url = `http://127.0.0.1:${port}`;
  const status = async () => {
    const headers = { 'content-type': 'application/json' };
    return (await fetch(`${url}/graphql`, { method: 'POST', headers, body: '{"query":"{ me { id } }"}' })).status;
  };
  const isUp = () => until(async () => (await fetch(`${url}/health`)).ok, { timeoutMs: 30_000, what: 'the gateway' });

  child = start(200);
  await isUp();
  expect(await status()).toBe(200);
  await writeFile(file, other.slice(0, 5_000));
  await until(async () => (await readFile(logFile, 'utf8')).includes('supergraph refused'));
  expect(await status()).toBe(200);
  await writeFile(file, other);
  await until(async () => (await status()) === 400, { what: 'the changed file' });
  child.kill('SIGTERM');
  await until(() => child!.exitCode !== null, { what: 'the exit' });

  child = start(3_600_000);
  await isUp();
  expect(await status()).toBe(400);
  await writeFile(file, good);
  child.kill('SIGHUP');
  await until(async () => (await status()) === 200, { what: 'the file at SIGHUP' });
  child.kill('SIGTERM');
  await until(() => child!.exitCode !== null, { what: 'the exit' });
  expect(child.exitCode).toBe(0);
});
