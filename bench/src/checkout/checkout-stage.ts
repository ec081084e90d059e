import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { operatorAccess } from '@marketgraph/launcher';
import { MONOLITH_FLAGS } from '@marketgraph/launcher/node-flags';
import { connectRedis } from '@marketgraph/platform/redis';
import { silentLog, until } from '@marketgraph/platform/testing';
import type { StoryGraph } from '@marketgraph/tests/story/cast';
import { type Build, startChild } from '../measure/child.ts';
import type { CpuParts } from '../measure/cpu-parts.ts';
import { familyCpuMs, ownCpuMs, residentBytes } from '../measure/process-usage.ts';
import { inDatabase, keepConnected, type KeptConnection, openMongo } from './databases.ts';

export type Shape = 'monolith' | 'processes';

export type StoreAccess = ReturnType<typeof operatorAccess>;

export interface Meter {
  cpu: CpuParts;
  /** Transactions of the four databases, reading ones included. */
  transactions: number;
}

/** A started marketplace, and where to look while it works. */
export interface CheckoutStage {
  graph: StoryGraph;
  superuserUrl: string;
  postgresPid: number;
  /** Where the stores are. */
  access: StoreAccess;
  /** Where its data is, keys included. */
  dataDir: string;
  read(): Promise<Meter>;
  /** Resident memory of the Node processes of the marketplace, in megabytes; the stores and their stand-ins are not in it. */
  nodeMegabytes(): number;
  /** Resolves when all events of what happened so far have been handled by everybody who listens. */
  quiet(options?: { timeoutMs: number }): Promise<void>;
  stop(): Promise<void>;
}

const QUIET_LIMIT_MS = 60_000;
const DOMAINS = ['accounts', 'catalog', 'inventory', 'orders', 'payments', 'reviews'];
export const MARKETPLACE_DATABASES = ['accounts', 'inventory', 'orders', 'payments'];

interface Facts {
  url: string;
  operator: StoryGraph['operator'];
  stripe: StoryGraph['stripe'];
  superuserUrl: string;
  redisUrl: string;
  access: StoreAccess;
  services: { name: string; pid: number }[];
  stores: { name: string; pid: number }[];
}

export async function startCheckoutStage(options: {
  shape: Shape;
  build: Build;
  nodeOptions?: readonly string[];
  /** Of the services, beside what lets one address ask without end. */
  settings?: Readonly<Record<string, string>>;
}): Promise<CheckoutStage> {
  const { shape, build, nodeOptions = [], settings = {} } = options;
  const dataDir = await mkdtemp(join(tmpdir(), 'marketgraph-bench-'));
  const removeData = () => rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  try {
    const child = await startChild({
      ...{ name: `marketplace (${shape})`, file: 'marketplace', build },
      // As the start command runs it; the figures are those of its user.
      nodeOptions: [...MONOLITH_FLAGS, ...nodeOptions],
      // As a user has it: nothing says that this is production.
      env: {
        ...{ BENCH_SHAPE: shape, BENCH_DATA_DIR: dataDir, BENCH_SETTINGS: JSON.stringify(settings) },
        NODE_ENV: '',
      },
    });
    const facts = child.facts as unknown as Facts;
    const pidOf = (store: string) => facts.stores.find(({ name }) => name === store)!.pid;
    const emulators = ['stripe', 'mongodb', 'typesense'].map(pidOf);
    const nodes = [child.pid, ...facts.services.map(({ pid }) => pid)];
    const redis = await connectRedis(facts.redisUrl, { log: silentLog, name: 'bench' });
    const { superuserUrl } = facts;
    const server = await keepConnected(superuserUrl);
    const databases: KeptConnection[] = [];
    for (const name of MARKETPLACE_DATABASES) databases.push(await keepConnected(inDatabase(superuserUrl, name)));

    const documents = await openMongo(facts.access.mongodb);

    // An event goes from an outbox to a stream, and what comes of it the same way again: looked at in this order, twice.
    const isQuiet = async (): Promise<boolean> => (await nothingWaits()) && (await nothingWaits());
    const nothingWaits = async (): Promise<boolean> => {
      for (const database of databases) {
        if ((await database.number('select count(*) as n from outbox where published_at is null')) > 0) return false;
      }
      if (await documents.waits()) return false;
      for (const domain of DOMAINS) {
        const groups = await redis.xinfo('GROUPS', `events:${domain}`).catch(() => []);
        for (const facts of groups as (string | number | null)[][]) {
          const of = (name: string) => facts[facts.indexOf(name) + 1];
          if (of('lag') !== 0 || of('pending') !== 0) return false;
        }
      }
      return true;
    };
    return {
      graph: { url: facts.url, operator: facts.operator, stripe: facts.stripe },
      superuserUrl,
      access: facts.access,
      dataDir,
      nodeMegabytes: () => nodes.reduce((sum, pid) => sum + residentBytes(pid), 0) / 1024 ** 2,
      postgresPid: pidOf('postgres'),
      async read() {
        const cpu = {
          node: nodes.reduce((sum, pid) => sum + ownCpuMs(pid), 0),
          postgres: familyCpuMs(pidOf('postgres')),
          redis: familyCpuMs(pidOf('redis')),
          emulators: emulators.reduce((sum, pid) => sum + familyCpuMs(pid), 0),
        };
        const names = MARKETPLACE_DATABASES.map((name) => `'${name}'`).join(', ');
        const transactions = await server.number(
          `select sum(xact_commit) as n from pg_stat_database where datname in (${names})`,
        );
        return { cpu, transactions };
      },
      quiet: async ({ timeoutMs } = { timeoutMs: QUIET_LIMIT_MS }) =>
        void (await until(isQuiet, { timeoutMs, intervalMs: 100, what: 'all events to be handled' })),
      async stop() {
        await redis.quit();
        for (const connection of [server, ...databases, documents]) await connection.end();
        await child.stop();
        await removeData();
      },
    };
  } catch (error) {
    await removeData();
    throw error;
  }
}
