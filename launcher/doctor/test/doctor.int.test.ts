import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer, type Server } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRedisBus } from '@marketgraph/platform/messaging';
import { messagingMigrations, messagingTables } from '@marketgraph/platform/postgres';
import { silentLog as log, SOURCE_FLAGS, testIds, until } from '@marketgraph/platform/testing';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseNames } from '../src/where.ts';
import { examine, type Outcome, type Where } from '../src/doctor.ts';

const COMMAND = join(import.meta.dirname, '..', 'src', 'main.ts');

let stores: Stores;
let where: Where;
let admin: Redis;

beforeAll(async () => {
  stores = await startTestStores();
  const { postgres, redis, mongodb, typesense, stripe } = stores;
  where = {
    postgres: Object.fromEntries(databaseNames.map((name) => [name, postgres[name].appUrl])),
    redisUrl: redis.admin,
    mongodb,
    typesense: { url: typesense.url, apiKey: typesense.apiKey },
    stripe: { secretKey: stripe.secretKey, url: stripe.url },
  };
  const tables = [...messagingTables, ...Object.values(messagingMigrations).flat()];
  for (const name of databaseNames) await inPostgres(postgres[name].ownerUrl, ...tables);
  admin = new Redis(redis.admin);
});
afterAll(async () => {
  admin?.disconnect();
  await stores?.stop();
});

async function inPostgres(url: string, ...statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const sql of statements) await client.query(sql);
  } finally {
    await client.end();
  }
}

const found = ({ checks }: { checks: readonly Outcome[] }, id: string) => checks.find((check) => check.id === id)!;
const troubled = ({ checks }: { checks: readonly Outcome[] }) =>
  checks.filter(({ status }) => status !== 'ok').map(({ id, status, reason }) => ({ id, status, reason }));

/** Looks until the check says something else than that all is well; everything else must stay well. */
async function named(id: string, look: () => ReturnType<typeof examine> = () => examine(where)): Promise<Outcome> {
  const diagnosis = await until(async () => {
    const seen = await look();
    return found(seen, id).status !== 'ok' && seen;
  });
  expect(troubled(diagnosis).map((one) => one.id)).toEqual([id]);
  expect(diagnosis.status).toBe(found(diagnosis, id).status);
  return found(diagnosis, id);
}

async function listening(server: Server | ReturnType<typeof createServer>): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

describe('X6 the doctor', () => {
  it('finds stores that are well, well, and says what they are', async () => {
    const diagnosis = await examine(where);
    expect(troubled(diagnosis)).toEqual([]);
    expect(diagnosis.status).toBe('ok');
    expect(diagnosis.checks.map(({ id }) => id)).toEqual([
      'node',
      ...databaseNames.map((name) => `postgres:${name}`),
      'mongodb:catalog',
      'mongodb:reviews',
      'redis',
      'typesense',
      'stripe',
      ...databaseNames.map((name) => `blockers:${name}`),
      ...databaseNames.map((name) => `outbox:${name}`),
      'outbox:catalog',
      'outbox:reviews',
      'groups',
      'dead-letters',
    ]);
    expect(found(diagnosis, 'redis').facts).toMatchObject({
      version: expect.stringMatching(/^\d+\.\d+/),
      usedMemoryBytes: expect.any(Number),
      keys: await admin.dbsize(),
    });
  });

  it('names a session that is blocked, for how long, by whom, and how it is ended', async () => {
    const url = stores.postgres.orders.ownerUrl;
    const [holder, waiter] = [url, stores.postgres.orders.appUrl].map(
      (connectionString) => new pg.Client({ connectionString }),
    );
    await Promise.all([holder!.connect(), waiter!.connect()]);
    try {
      const pids = await Promise.all(
        [holder!, waiter!].map(async (client) => {
          const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
          return rows[0]!.pid;
        }),
      );
      await holder!.query('select pg_advisory_lock(42)');
      const waiting = waiter!.query('select pg_advisory_lock(42)');
      const { status, reason, advice } = await named('blockers:orders');
      expect(status).toBe('warn');
      expect(reason).toMatch(new RegExp(`^session ${pids[1]} \\(\\w+\\) waits [\\d.]+ s for session ${pids[0]} \\(`));
      expect(advice).toContain(`pid in (${pids[0]})`);
      await holder!.query('select pg_advisory_unlock(42)');
      await waiting;
    } finally {
      await Promise.all([holder!.end(), waiter!.end()]);
    }
    expect(troubled(await examine(where))).toEqual([]);
  });

  it('names the group that has given up on an event, and the command that hands it over again', async () => {
    const bus = await createRedisBus({ url: stores.redis.orders, log });
    try {
      const event = {
        id: testIds().next('evt'),
        name: 'orders.stuck',
        version: 1,
        occurredAt: '',
        key: 'k',
        sequence: 1,
      };
      await bus.publish('orders', [{ ...event, payload: {} }]);
      const member = await bus.join({ group: 'patient', domains: ['orders'] });
      const [delivery] = await member.receive({ count: 1, waitMs: 2_000 });
      await member.bury(delivery!, 'no such warehouse');
      const { status, reason, advice } = await named('dead-letters');
      expect([status, reason]).toEqual(['fail', 'patient has given up on 1 events']);
      expect(advice).toContain('pnpm redrive patient');
      await member.close();
    } finally {
      await admin.del('dead:patient', 'events:orders');
      await bus.close();
    }
  });

  it('names a group that is behind, by how much and for how long, and that nobody reads for it', async () => {
    const twoMinutesAgo = Date.now() - 120_000;
    for (const part of [0, 1, 2]) await admin.xadd('events:catalog', `${twoMinutesAgo}-${part}`, 'e', '{}');
    await admin.xgroup('CREATE', 'events:catalog', 'sleepy', '0');
    try {
      const { status, reason, facts } = await named('groups');
      expect(status).toBe('fail');
      expect(reason).toMatch(/^sleepy is 3 events behind events:catalog, the oldest waits 1[12]\d s, and nobody reads/);
      expect(facts).toMatchObject({ behind: 3 });
    } finally {
      await admin.del('events:catalog');
    }
  });

  it('names an outbox whose events do not leave it', async () => {
    const { ownerUrl } = stores.postgres.payments;
    await inPostgres(
      ownerUrl,
      `insert into outbox (event_id, name, version, key, sequence, occurred_at, payload)
       values ('evt_late', 'payments.captured', 1, 'k', 1, now() - interval '2 minutes', '{}')`,
    );
    try {
      const { status, reason } = await named('outbox:payments');
      expect([status, reason]).toEqual([
        'fail',
        expect.stringMatching(/^1 events are not published, the oldest for 12\d s/),
      ]);
    } finally {
      await inPostgres(ownerUrl, 'delete from outbox');
    }
  });

  it('names a Redis that would throw keys away, and one that has little room left', async () => {
    try {
      await admin.config('SET', 'maxmemory', '512mb', 'maxmemory-policy', 'allkeys-lru');
      expect(await named('redis')).toMatchObject({ status: 'warn', reason: expect.stringContaining('allkeys-lru') });
      const used = Number(/used_memory:(\d+)/.exec(await admin.info('memory'))![1]);
      await admin.config('SET', 'maxmemory-policy', 'noeviction', 'maxmemory', Math.round(used * 1.15));
      expect(await named('redis')).toMatchObject({ reason: expect.stringMatching(/^\d+ % of maxmemory is used/) });
    } finally {
      await admin.config('SET', 'maxmemory', '0', 'maxmemory-policy', 'noeviction');
    }
  });

  it('names a store that cannot be reached, and one that takes connections and says nothing, and looks at the others', async () => {
    const silent = createServer((socket) => void held.add(socket));
    const held = new Set<Socket>();
    const port = await listening(silent);
    try {
      const gone = new URL(where.redisUrl!);
      gone.port = '1';
      const diagnosis = await examine(
        { ...where, redisUrl: gone.href, typesense: { url: `http://127.0.0.1:${port}`, apiKey: 'k' } },
        { timeoutMs: 2_000 },
      );
      expect(diagnosis.status).toBe('fail');
      expect(troubled(diagnosis)).toEqual([
        { id: 'redis', status: 'fail', reason: expect.stringContaining('ECONNREFUSED') },
        { id: 'typesense', status: 'fail', reason: 'did not answer within 2 s' },
        { id: 'groups', status: 'fail', reason: expect.stringContaining('ECONNREFUSED') },
        { id: 'dead-letters', status: 'fail', reason: expect.stringContaining('ECONNREFUSED') },
      ]);
      expect(JSON.stringify(diagnosis)).not.toContain(decodeURIComponent(gone.password));
    } finally {
      for (const socket of held) socket.destroy();
      silent.close();
    }
  });

  it('names the stores whose clocks differ from this one', async () => {
    const diagnosis = await examine(where, { now: () => Date.now() + 30_000 });
    const behind = troubled(diagnosis).filter(({ reason }) =>
      /^its clock is \d+\.\d s behind this machine's$/.test(reason),
    );
    expect(behind.map(({ id, status }) => [id, status])).toEqual([
      ...databaseNames.map((name) => [`postgres:${name}`, 'fail']),
      ['mongodb:catalog', 'fail'],
      ['mongodb:reviews', 'fail'],
      ['redis', 'fail'],
    ]);
    expect(troubled(diagnosis)).toHaveLength(behind.length);
  });

  it('names keys that are not taken', async () => {
    const wrong = { ...where, typesense: { url: where.typesense!.url, apiKey: 'wrong' } };
    expect(await named('typesense', () => examine(wrong))).toMatchObject({ reason: 'it does not take the key' });
    const rolled = { ...where, stripe: { url: where.stripe!.url, secretKey: 'sk_test_rolled' } };
    expect(await named('stripe', () => examine(rolled))).toMatchObject({ reason: 'it does not take the key' });
  });

  it('names the subgraphs that are missing from the graph, and an index that is behind', async () => {
    const graph = createHttpServer((request, response) => {
      const isReady = request.url === '/ready';
      response.statusCode = isReady ? 503 : 200;
      const index = { liveVersion: 'products_7', lagMs: 61_000, lastEventAt: null };
      response.end(JSON.stringify(isReady ? { ready: false, missing: ['orders'] } : { data: { searchIndex: index } }));
    });
    try {
      const graphUrl = `http://127.0.0.1:${await listening(graph)}`;
      const diagnosis = await examine({ postgres: {}, mongodb: {}, graphUrl });
      expect(troubled(diagnosis)).toEqual([
        { id: 'graph', status: 'fail', reason: 'without orders' },
        { id: 'index-lag', status: 'fail', reason: 'products_7 is 61 s behind' },
      ]);
    } finally {
      graph.close();
    }
  });
});

describe('the command', () => {
  async function doctor(args: string[], env: Record<string, string>) {
    const child = execFile(process.execPath, [...SOURCE_FLAGS, COMMAND, ...args], {
      env: { PATH: process.env['PATH'], NO_COLOR: '1', ...env } as NodeJS.ProcessEnv,
    });
    let [stdout, stderr] = ['', ''];
    child.stdout!.on('data', (chunk) => (stdout += chunk));
    child.stderr!.on('data', (chunk) => (stderr += chunk));
    const [code] = (await once(child, 'close')) as [number];
    return { code, stdout, stderr };
  }

  it('ends with 0, 1 or 2, for people and as JSON, with the stores of the environment', async () => {
    const env = { REDIS_URL: stores.redis.admin, ORDERS_DATABASE_URL: stores.postgres.orders.appUrl };
    const well = await doctor([], env);
    expect(well).toMatchObject({ code: 0, stderr: '' });
    expect(well.stdout).toMatch(/^✓ node .*\n✓ postgres:orders .*\n✓ redis .*\n✓ blockers:orders .*\n✓ outbox:orders /);
    await admin.config('SET', 'maxmemory', '512mb', 'maxmemory-policy', 'allkeys-lru');
    try {
      const warned = await doctor(['--json'], env);
      expect(warned.code).toBe(1);
      const { status, checks } = JSON.parse(warned.stdout) as { status: string; checks: Outcome[] };
      expect([status, checks.find(({ id }) => id === 'redis')!.status]).toEqual(['warn', 'warn']);
    } finally {
      await admin.config('SET', 'maxmemory', '0', 'maxmemory-policy', 'noeviction');
    }
    const gone = await doctor([], { ...env, REDIS_URL: 'redis://:hunter2@127.0.0.1:1' });
    expect(gone.code).toBe(2);
    expect(gone.stdout).toMatch(/✗ redis .*ECONNREFUSED.*\n\s+See whether it runs/);
    expect(gone.stdout + gone.stderr).not.toContain('hunter2');
  });

  it('finds the marketplace that was started on a data folder, and says so when there is none', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'marketgraph-doctor-'));
    try {
      const none = await doctor([], { DATA_DIR: folder });
      expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('No marketplace has been started')]);
      const { postgres, redis, mongodb, typesense, stripe } = stores;
      const access = { postgres, redisUrl: redis.admin, mongodb, typesense, stripe };
      await writeFile(join(folder, 'operator-access.json'), JSON.stringify(access));
      const started = await doctor(['--json'], { DATA_DIR: folder });
      const { checks } = JSON.parse(started.stdout) as { checks: Outcome[] };
      const everything = (await examine(where)).checks.map(({ id }) => id);
      expect([started.code, checks.map(({ id }) => id)]).toEqual([0, everything]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
