import { mkdirSync } from 'node:fs';
import { openDataFolder } from './data-folder.ts';
import { startMongoStore, type MongoAccess } from './mongodb/mongodb-store.ts';
import { startPostgresStore, type PostgresAccess } from './postgres/postgres-store.ts';
import { startRedisStore, type RedisAccess } from './redis/redis-store.ts';
import { loadSecrets } from './secrets.ts';
import type { Outage } from './server/server-process.ts';
import {
  STORE_NAMES,
  type ExternalStores,
  type StartedStore,
  type StoreContext,
  type StoreDescription,
  type StoreName,
} from './store-context.ts';
import { silentLog, type StoreLog } from './store-log.ts';
import { startStripeStore, type StripeAccess } from './stripe/stripe-store.ts';
import { startTypesenseStore, type TypesenseAccess } from './typesense/typesense-store.ts';

export { emptyDataFolder } from './data-folder.ts';
export { freePort } from './server/free-port.ts';
export { startPostgres, type RunningPostgres } from './postgres/postgres.ts';
export { provisionDatabase, type DatabaseSpec, type DatabaseUrls } from './postgres/provision.ts';
export { startRedis, type RunningRedis } from './redis/redis.ts';
export * from './store-errors.ts';
export type { ExternalStores, MongoAccess, Outage, PostgresAccess, RedisAccess, StoreDescription, StoreLog, StoreName };
export type { StripeAccess, TypesenseAccess };

export interface StoresOptions {
  readonly dataDir: string;
  /** Downloaded programs. Not data: survives an emptied data folder. */
  readonly cacheDir: string;
  /** False trades safety against power loss for speed. For tests only. */
  readonly durable?: boolean;
  readonly log?: StoreLog;
  readonly onProgress?: (step: StoreStep) => void;
  /** Where a store should listen. What is not given listens on a free port. */
  readonly ports?: Partial<Record<StoreName, number>>;
  /** Emulators as processes of their own. */
  readonly processes?: boolean;
  /** False: emulators also where the machine has a mongod or a typesense-server. */
  readonly useInstalled?: boolean;
  readonly external?: ExternalStores;
  /** Nothing: all of them. */
  readonly only?: readonly StoreName[];
}

export interface StoreStep {
  readonly store: StoreName;
  readonly state: 'starting' | 'ready';
  readonly elapsedMs: number;
}

export interface StoreHealth {
  readonly name: StoreName;
  readonly kind: StoreDescription['kind'];
  readonly isUp: boolean;
  readonly error?: string;
}

export interface Stores {
  readonly postgres: PostgresAccess;
  readonly redis: RedisAccess;
  readonly mongodb: MongoAccess;
  readonly typesense: TypesenseAccess;
  readonly stripe: StripeAccess;
  describe(): StoreDescription[];
  health(): Promise<StoreHealth[]>;
  /** For tests of what happens while a server that was started here is away, and after. */
  outageOf(name: 'postgres' | 'redis'): Outage;
  /** Stops what was started here, nothing else. Harmless when called twice. */
  stop(): Promise<void>;
}

interface Started {
  postgres?: StartedStore<PostgresAccess>;
  redis?: StartedStore<RedisAccess>;
  mongodb?: StartedStore<MongoAccess>;
  typesense?: StartedStore<TypesenseAccess>;
  stripe?: StartedStore<StripeAccess>;
}

const STARTERS: { [Name in StoreName]: (context: StoreContext) => Promise<NonNullable<Started[Name]>> } = {
  postgres: startPostgresStore,
  redis: startRedisStore,
  mongodb: startMongoStore,
  typesense: startTypesenseStore,
  stripe: startStripeStore,
};

/** Starts every store on this machine, at the same time, with its files in `dataDir`. All or nothing. */
export async function startStores(options: StoresOptions): Promise<Stores> {
  const folder = openDataFolder(options.dataDir);
  const started: Started = {};
  const stopAll = async (): Promise<void> => {
    const ends = await Promise.allSettled(inOrder(started).map((store) => store.stop()));
    folder.release();
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed) throw failed.reason;
  };
  try {
    mkdirSync(options.cacheDir, { recursive: true });
    const context: StoreContext = {
      folder,
      cacheDir: options.cacheDir,
      secrets: loadSecrets(folder.path),
      durable: options.durable ?? true,
      processes: options.processes ?? false,
      useInstalled: options.useInstalled ?? true,
      ports: options.ports ?? {},
      external: options.external ?? {},
      log: options.log ?? silentLog,
    };
    await startEach(options.only ?? STORE_NAMES, context, started, options.onProgress ?? (() => {}));
  } catch (error) {
    await stopAll().catch(() => {});
    throw error;
  }
  return toStores(started, stopAll);
}

// Every start is awaited, also after one has failed: what is still coming up must be stopped as well.
async function startEach(
  names: readonly StoreName[],
  context: StoreContext,
  started: Started,
  onProgress: (step: StoreStep) => void,
): Promise<void> {
  const begin = performance.now();
  const starts = names.map(async (store) => {
    onProgress({ store, state: 'starting', elapsedMs: 0 });
    Object.assign(started, { [store]: await STARTERS[store](context) });
    onProgress({ store, state: 'ready', elapsedMs: Math.round(performance.now() - begin) });
  });
  const outcomes = await Promise.allSettled(starts);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
}

function toStores(started: Started, stopAll: () => Promise<void>): Stores {
  let stopping: Promise<void> | undefined;
  return {
    get postgres() {
      return accessOf('postgres', started.postgres);
    },
    get redis() {
      return accessOf('redis', started.redis);
    },
    get mongodb() {
      return accessOf('mongodb', started.mongodb);
    },
    get typesense() {
      return accessOf('typesense', started.typesense);
    },
    get stripe() {
      return accessOf('stripe', started.stripe);
    },
    describe: () => inOrder(started).map((store) => store.description),
    health: async () => await Promise.all(inOrder(started).map(toHealth)),
    outageOf(name) {
      const outage = started[name]?.outage;
      if (!outage) throw new Error(`The store "${name}" was not started here`);
      return outage;
    },
    stop() {
      stopping ??= stopAll();
      return stopping;
    },
  };
}

function inOrder(started: Started): StartedStore<unknown>[] {
  return STORE_NAMES.flatMap((name) => started[name] ?? []);
}

function accessOf<Access>(name: StoreName, store: StartedStore<Access> | undefined): Access {
  if (!store) throw new Error(`The store "${name}" was not started: name it in "only"`);
  return store.access;
}

async function toHealth(store: StartedStore<unknown>): Promise<StoreHealth> {
  const { name, kind } = store.description;
  try {
    await store.ping();
    return { name, kind, isUp: true };
  } catch (error) {
    return { name, kind, isUp: false, error: error instanceof Error ? error.message : String(error) };
  }
}
