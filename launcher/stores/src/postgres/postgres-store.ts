import { POSTGRES_OWNERS, type PostgresOwner } from '../secrets.ts';
import type { ExternalStores, StartedStore, StoreContext } from '../store-context.ts';
import { pingPostgres } from './client.ts';
import { startPostgres } from './postgres.ts';
import { provisionDatabase, type DatabaseUrls } from './provision.ts';

export interface PostgresAccess extends Record<PostgresOwner, DatabaseUrls> {
  /** Undefined when every database is somebody else's. */
  readonly superuserUrl: string | undefined;
}

/** The databases of the house: those given from outside, and one server of our own for the rest. */
export async function startPostgresStore(context: StoreContext): Promise<StartedStore<PostgresAccess>> {
  const given = externalDatabases(context.external);
  const missing = POSTGRES_OWNERS.filter((owner) => given[owner] === undefined);
  if (missing.length === 0) return externalPostgres(given as Record<PostgresOwner, DatabaseUrls>);

  const server = await startPostgres({
    dataDir: context.folder.sub('postgres'),
    durable: context.durable,
    log: context.log,
    ...(context.ports.postgres === undefined ? {} : { port: context.ports.postgres }),
  });
  try {
    const made = await Promise.all(
      missing.map(async (owner) => [owner, await provisionOwner(server.superuserUrl, owner, context)] as const),
    );
    const access = { ...given, ...Object.fromEntries(made), superuserUrl: server.superuserUrl } as PostgresAccess;
    return {
      access,
      description: {
        name: 'postgres',
        kind: 'real',
        version: server.version,
        address: `127.0.0.1:${server.port}`,
        get pid() {
          return server.pid;
        },
      },
      outage: server.outage,
      ping: () => pingPostgres(server.superuserUrl),
      stop: () => server.stop(),
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function provisionOwner(
  superuserUrl: string,
  owner: PostgresOwner,
  context: StoreContext,
): Promise<DatabaseUrls> {
  return await provisionDatabase(superuserUrl, {
    database: owner,
    ownerRole: `${owner}_owner`,
    appRole: `${owner}_app`,
    ...context.secrets.postgres[owner],
  });
}

function externalDatabases(external: ExternalStores): Partial<Record<PostgresOwner, DatabaseUrls>> {
  const urls = POSTGRES_OWNERS.map((owner) => [owner, external[`${owner}DatabaseUrl`]] as const);
  return Object.fromEntries(
    // One role then does both jobs; whoever runs the server decides what it may.
    urls.flatMap(([owner, url]) => (url === undefined ? [] : [[owner, { appUrl: url, ownerUrl: url }]])),
  );
}

function externalPostgres(given: Record<PostgresOwner, DatabaseUrls>): StartedStore<PostgresAccess> {
  return {
    access: { ...given, superuserUrl: undefined },
    description: {
      name: 'postgres',
      kind: 'external',
      version: 'unknown',
      address: [...new Set(POSTGRES_OWNERS.map((owner) => new URL(given[owner].appUrl).host))].join(', '),
      pid: undefined,
    },
    ping: async () => void (await Promise.all(POSTGRES_OWNERS.map((owner) => pingPostgres(given[owner].appUrl)))),
    stop: async () => {},
  };
}
