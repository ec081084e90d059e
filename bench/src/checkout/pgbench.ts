import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { familyCpuMs } from '../measure/process-usage.ts';
import { inDatabase, withDatabase } from './databases.ts';
import { driveLoop } from './pg-loop.ts';

/** What one statement, or one small transaction, costs the same server in the same run. */
export interface Yardstick {
  /** pgbench, or our loop where there is none. */
  tool: string;
  run(script: Script, options: { clients: number; seconds: number }): Promise<YardstickRound>;
  drop(): Promise<void>;
}

export interface YardstickRound {
  perSecond: number;
  /** Of the server's processes. */
  postgresMsEach: number;
}

/** A transaction in pgbench's language; `@` is a number up to `upTo`, another each time. */
export interface Script {
  upTo: number;
  statements: readonly string[];
}

const DATABASE = 'bench';
const TELLERS = 40;

/** What `pgbench --builtin=simple-update` does on so many accounts. */
export const simpleUpdate = (accounts: number): Script => ({
  upTo: accounts,
  statements: [
    'BEGIN',
    'UPDATE pgbench_accounts SET abalance = abalance + 1 WHERE aid = @',
    'SELECT abalance FROM pgbench_accounts WHERE aid = @',
    `INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (@ % ${TELLERS} + 1, 1, @, 1, CURRENT_TIMESTAMP)`,
    'END',
  ],
});

/** The least that can decide whether there is enough: what a reservation is held against. */
export const conditionalUpdate = (offers: number): Script => ({
  upTo: offers,
  statements: [
    'UPDATE bench_level SET reserved = reserved + 1, version = version + 1 WHERE id = @ AND on_hand >= reserved + 1',
  ],
});

/** A database beside those of the marketplace, with so many of pgbench's accounts: none for the bare update. */
export async function yardstick(
  { superuserUrl, postgresPid }: { superuserUrl: string; postgresPid: number },
  { accounts }: { accounts: number },
): Promise<Yardstick> {
  const url = inDatabase(superuserUrl, DATABASE);
  await withDatabase(superuserUrl, (client) => client.query(`create database ${DATABASE}`));
  await withDatabase(url, async (client) => {
    await client.query(
      `create table pgbench_accounts (aid int primary key, bid int, abalance int, filler char(84)) with (fillfactor = 100)`,
    );
    await client.query(
      `create table pgbench_history (tid int, bid int, aid int, delta int, mtime timestamp, filler char(22))`,
    );
    await client.query(`insert into pgbench_accounts select n, 1, 0, '' from generate_series(1, ${accounts}) n`);
    await client.query(
      'create table bench_level (id int primary key, on_hand int not null, reserved int not null, version int not null)',
    );
    await client.query('insert into bench_level select n, 100000000, 0, 1 from generate_series(1, 1000) n');
    await client.query('vacuum analyze');
  });
  const command = await findPgbench();
  return {
    tool: command ?? 'a loop over prepared statements (no pgbench on this machine)',
    async run(script, options) {
      // pgbench knows no parts of a second.
      const [clients, seconds] = [options.clients, Math.max(1, Math.round(options.seconds))];
      const before = familyCpuMs(postgresPid);
      const perSecond = command
        ? await drivePgbench(command, url, script, { clients, seconds })
        : await driveLoop(url, script, { clients, seconds });
      const cpuMs = familyCpuMs(postgresPid) - before;
      return { perSecond, postgresMsEach: cpuMs / (perSecond * seconds) };
    },
    drop: () =>
      withDatabase(superuserUrl, async (client) => void (await client.query(`drop database ${DATABASE} with (force)`))),
  };
}

async function drivePgbench(
  command: string,
  url: string,
  { upTo, statements }: Script,
  { clients, seconds }: { clients: number; seconds: number },
): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'marketgraph-pgbench-'));
  try {
    const file = join(folder, 'script.sql');
    await writeFile(
      file,
      `\\set n random(1, ${upTo})\n${statements.map((text) => `${text.replaceAll('@', ':n')};\n`).join('')}`,
    );
    const { hostname, port, username, password, pathname } = new URL(url);
    const { stdout } = await promisify(execFile)(
      command,
      [
        ...[
          '--no-vacuum',
          '--protocol=prepared',
          `--file=${file}`,
          `--client=${clients}`,
          '--jobs=1',
          `--time=${seconds}`,
        ],
        ...['--host', hostname, '--port', port, '--username', decodeURIComponent(username), pathname.slice(1)],
      ],
      { env: { PATH: process.env['PATH'], PGPASSWORD: decodeURIComponent(password) } },
    );
    const tps = Number(/^tps = ([\d.]+)/m.exec(stdout)?.[1]);
    if (!(tps > 0)) throw new Error(`pgbench said: ${stdout}`);
    return tps;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** On the path, or where Debian keeps the programs of a server; the npm package of PostgreSQL has none. */
async function findPgbench(): Promise<string | undefined> {
  const debian = '/usr/lib/postgresql';
  const versions = (await readdir(debian).catch(() => [])).toSorted((a, b) => Number(b) - Number(a));
  for (const command of ['pgbench', ...versions.map((version) => join(debian, version, 'bin', 'pgbench'))]) {
    const found = await promisify(execFile)(command, ['--version']).catch(() => undefined);
    if (found) return command;
  }
  return undefined;
}
