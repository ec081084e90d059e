import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { generateServiceKey } from '@marketgraph/platform/serve';
import { SOURCE_FLAGS, until } from '@marketgraph/platform/testing';
import { freePort } from '@marketgraph/stores';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readSupergraph, subgraphNames } from '../src/supergraph-file.ts';

let stores: Stores;
let child: ChildProcess | undefined;

beforeAll(async () => {
  stores = await startTestStores({ only: ['redis'] });
});
afterAll(async () => {
  child?.kill('SIGKILL');
  await stores?.stop();
});

it('R26 starts before any subgraph: alive, not ready, every field says what is missing, and ends on SIGTERM', async () => {
  const port = await freePort();
  const nobody = `http://127.0.0.1:${await freePort()}`;
  const names = subgraphNames(await readSupergraph()).filter((name) => name !== 'graph');
  const { privateJwk } = await generateServiceKey('gateway');
  child = spawn(process.execPath, [...SOURCE_FLAGS, join(import.meta.dirname, '../src/main.ts')], {
    env: {
      PATH: process.env['PATH'],
      ...Object.fromEntries(names.map((name) => [`${name.toUpperCase()}_URL`, nobody])),
      REDIS_URL: stores.redis.gateway,
      PORT: String(port),
      CURSOR_SECRET: 'a secret of the tests',
      INTERNAL_SIGNING_KEY: JSON.stringify(privateJwk),
      EXIT_WITH_PARENT: '1',
    },
    stdio: 'ignore',
  });
  const url = `http://127.0.0.1:${port}`;
  await until(async () => (await fetch(`${url}/health`)).ok, { timeoutMs: 30_000, what: 'the gateway' });
  const ready = await fetch(`${url}/ready`);
  expect([ready.status, await ready.json()]).toEqual([503, { ready: false, missing: names.toSorted() }]);
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ me { id } node(id: "ord_01J00000000000000000000001") { id } }' }),
  });
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({
    data: { me: null, node: null },
    errors: [{ extensions: { code: 'SUBGRAPH_UNAVAILABLE' } }, { extensions: { code: 'SUBGRAPH_UNAVAILABLE' } }],
  });
  child.kill('SIGTERM');
  await until(() => child!.exitCode !== null, { what: 'the exit' });
  expect(child.exitCode).toBe(0);
});
