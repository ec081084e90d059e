import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { withClient } from '../src/postgres/client.ts';
import { startPostgres, type PostgresOptions, type RunningPostgres } from '../src/postgres/postgres.ts';
import { provisionDatabase, type DatabaseSpec } from '../src/postgres/provision.ts';
import { DataFolderVersionError, PortInUseError } from '../src/store-errors.ts';
import { silentLog } from '../src/store-log.ts';
import { aFolder } from './a-folder.ts';
import { query } from './query.ts';

async function running(options: Partial<PostgresOptions> & { dataDir: string }): Promise<RunningPostgres> {
  const server = await startPostgres({ durable: false, log: silentLog, ...options });
  onTestFinished(() => server.stop());
  return server;
}

// For the promises that do not end the server they are about.
let server: RunningPostgres;
let sharedDir: string;

beforeAll(async () => {
  sharedDir = mkdtempSync(join(tmpdir(), 'marketgraph-stores-'));
  server = await startPostgres({ dataDir: sharedDir, durable: false, log: silentLog });
});

afterAll(async () => {
  await server?.stop();
  rmSync(sharedDir, { recursive: true, force: true });
});

const spec = (database: string): DatabaseSpec => ({
  database,
  ownerRole: `${database}_owner`,
  ownerPassword: 'owner-secret',
  appRole: `${database}_app`,
  appPassword: 'app-secret',
});

describe('PostgreSQL', () => {
  test('keeps its data from start to start, on whatever port', async () => {
    const dataDir = aFolder();
    const first = await running({ dataDir, durable: true });
    await query(first.superuserUrl, 'create table kept as select 42 as answer');
    await first.stop();

    const second = await running({ dataDir, durable: true });
    expect(await query(second.superuserUrl, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  test('does not lose an acknowledged row when it is killed with clients at work', async () => {
    const dataDir = aFolder();
    const first = await running({ dataDir, durable: true });
    await query(first.superuserUrl, 'create table paid (id int primary key)');
    await withClient(first.superuserUrl, async (client) => {
      await client.query('insert into paid select generate_series(1, 1000)');
      process.kill(first.pid, 'SIGKILL');
      // While the process of this client may still be there.
      const second = await running({ dataDir, durable: true });
      expect(await query(second.superuserUrl, 'select count(*)::int as n from paid')).toEqual([{ n: 1000 }]);
    });
  });

  test('takes over from a server that a killed run left behind', async () => {
    const dataDir = aFolder();
    const left = await running({ dataDir });
    const next = await running({ dataDir });
    expect(next.pid).not.toBe(left.pid);
    expect(existsSync(`/proc/${left.pid}`)).toBe(false);
    expect(await query(next.superuserUrl, 'select 1 as up')).toEqual([{ up: 1 }]);
  });

  test('takes over also when the killed run had no time to leave word', async () => {
    const dataDir = aFolder();
    const left = await running({ dataDir });
    writeFileSync(join(dataDir, 'process.json'), '');
    await running({ dataDir });
    expect(existsSync(`/proc/${left.pid}`)).toBe(false);
  });

  test('writes to the disk before it says so, unless a test asked otherwise', async () => {
    const settings = `select string_agg(setting, ' ' order by name) as on_disk from pg_settings
      where name in ('fsync', 'synchronous_commit', 'full_page_writes')`;
    const careful = await running({ dataDir: aFolder(), durable: true });
    expect(await query(careful.superuserUrl, settings)).toEqual([{ on_disk: 'on on on' }]);
  });

  test('listens to this machine alone, over TCP, and wants a password', async () => {
    const anonymous = new URL(server.superuserUrl);
    anonymous.password = 'guess';
    await expect(query(anonymous.href, 'select 1')).rejects.toThrow('password authentication failed');

    const outside = Object.values(networkInterfaces())
      .flat()
      .filter((face) => face?.family === 'IPv4' && !face.internal)
      .map((face) => face?.address ?? '');
    for (const address of outside) {
      const remote = new URL(server.superuserUrl);
      remote.hostname = address;
      await expect(query(remote.href, 'select 1')).rejects.toThrow('ECONNREFUSED');
    }
    expect(await query(server.superuserUrl, 'show unix_socket_directories')).toEqual([{ unix_socket_directories: '' }]);
  });

  test('keeps its password and its files to itself', () => {
    expect(statSync(join(sharedDir, 'superuser-password')).mode & 0o077).toBe(0);
    expect(statSync(join(sharedDir, 'cluster')).mode & 0o077).toBe(0);
  });

  test('sorts the same on every machine', async () => {
    const [row] = (await query(
      server.superuserUrl,
      `select datlocprovider, datlocale, pg_encoding_to_char(encoding) as encoding from pg_database where datname = 'template1'`,
    )) as Record<string, string>[];
    expect(row).toEqual({ datlocprovider: 'b', datlocale: 'C.UTF-8', encoding: 'UTF8' });
  });

  test('says whose port it could not have, and leaves nothing running', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    onTestFinished(() => void blocker.close());
    const address = blocker.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const dataDir = aFolder();
    await expect(startPostgres({ dataDir, port, log: silentLog })).rejects.toThrow(PortInUseError);
    expect(existsSync(join(dataDir, 'process.json'))).toBe(false);
  });

  test('does not touch the data of another version', async () => {
    const dataDir = aFolder();
    await (await running({ dataDir })).stop();
    writeFileSync(join(dataDir, 'cluster', 'PG_VERSION'), '17\n');
    await expect(startPostgres({ dataDir, log: silentLog })).rejects.toThrow(DataFolderVersionError);
    expect(readFileSync(join(dataDir, 'cluster', 'PG_VERSION'), 'utf8')).toBe('17\n');
  });

  test('runs without being root', async () => {
    const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
    const capabilities = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
    expect(capabilities).toMatch(/^0+$/);
    expect(['plain', 'unshare', 'user']).toContain(server.runAs);
  });

  test('repairs what the install script of its package would have done', async () => {
    const program = execFileSync('readlink', [`/proc/${server.pid}/exe`], { encoding: 'utf8' }).trim();
    const links = JSON.parse(readFileSync(join(program, '..', '..', 'pg-symlinks.json'), 'utf8')) as {
      target: string;
    }[];
    const root = join(program, '..', '..', '..');
    expect(links.length).toBeGreaterThan(5);
    expect(links.filter(({ target }) => !existsSync(join(root, target)))).toEqual([]);
  });
});

describe('a database of a service', () => {
  test('X3 is its own: no other credential can connect to it', async () => {
    const reviews = await provisionDatabase(server.superuserUrl, spec('reviews'));
    const catalog = await provisionDatabase(server.superuserUrl, spec('catalog'));
    await query(reviews.ownerUrl, 'create table secret as select 1 as x');

    for (const credential of [catalog.appUrl, catalog.ownerUrl]) {
      for (const database of ['reviews', 'postgres', 'template1']) {
        const intruder = new URL(credential);
        intruder.pathname = `/${database}`;
        await expect(query(intruder.href, 'select 1')).rejects.toThrow(`permission denied for database "${database}"`);
      }
    }
  });

  test('lets the service change rows and never tables', async () => {
    const { appUrl, ownerUrl } = await provisionDatabase(server.superuserUrl, spec('orders'));
    await query(ownerUrl, 'create table lines (id int generated always as identity primary key, quantity int)');
    await query(ownerUrl, 'create table numbered (id serial primary key)');

    await query(appUrl, 'insert into lines (quantity) values (1), (2); insert into numbered default values');
    await query(appUrl, 'update lines set quantity = 5 where id = 1; delete from lines where id = 2');
    expect(await query(appUrl, 'select * from lines')).toEqual([{ id: 1, quantity: 5 }]);

    for (const forbidden of [
      'drop table lines',
      'alter table lines add column x int',
      'truncate lines',
      'create table mine (id int)',
      'create schema mine',
      'create temporary table mine (id int)',
      'create role friend',
      'create database mine',
      `set role orders_owner`,
      `copy lines to program 'cat'`,
    ]) {
      await expect(query(appUrl, forbidden)).rejects.toThrow(/permission denied|must be owner/);
    }
  });

  test('keeps at the next start what a migration took away on purpose', async () => {
    const { appUrl, ownerUrl } = await provisionDatabase(server.superuserUrl, spec('payments'));
    await query(ownerUrl, 'create table ledger (id int); revoke update, delete on ledger from payments_app');

    await provisionDatabase(server.superuserUrl, spec('payments'));
    await query(appUrl, 'insert into ledger values (1)');
    await expect(query(appUrl, 'update ledger set id = 2')).rejects.toThrow('permission denied');
    await expect(query(appUrl, 'delete from ledger')).rejects.toThrow('permission denied');
  });

  test('can be provisioned by two launchers at once, and again with another password', async () => {
    const twice = [1, 2, 3, 4].map(() => provisionDatabase(server.superuserUrl, spec('search')));
    const others = ['accounts', 'inventory'].map((name) => provisionDatabase(server.superuserUrl, spec(name)));
    const [first] = await Promise.all([...twice, ...others]);

    const second = await provisionDatabase(server.superuserUrl, { ...spec('search'), appPassword: 'another' });
    await expect(query(first?.appUrl ?? '', 'select 1')).rejects.toThrow('password authentication failed');
    expect(await query(second.appUrl, 'select 1 as up')).toEqual([{ up: 1 }]);
  });

  test('may have any password', async () => {
    const urls = await provisionDatabase(server.superuserUrl, {
      ...spec('odd'),
      ownerPassword: `it's %41 @ home/?#`,
      appPassword: String.raw`\'; drop role postgres; --`,
    });
    expect(await query(urls.ownerUrl, 'select current_user as me')).toEqual([{ me: 'odd_owner' }]);
    expect(await query(urls.appUrl, 'select current_user as me')).toEqual([{ me: 'odd_app' }]);
  });

  test.each(['', 'Orders', '1st', 'a-b', 'x"; drop role postgres; --', 'x'.repeat(64)])(
    'cannot be called %j, and nothing is made of it',
    async (database) => {
      const before = await query(server.superuserUrl, 'select rolname from pg_roles order by 1');
      await expect(provisionDatabase(server.superuserUrl, spec(database))).rejects.toThrow('cannot be the name');
      expect(await query(server.superuserUrl, 'select rolname from pg_roles order by 1')).toEqual(before);
    },
  );
});
