import { REDIS_USERS, type RedisUserName } from '../secrets.ts';
import type { StartedStore, StoreContext } from '../store-context.ts';
import { pingRedis, startRedis } from './redis.ts';

/** The gateway asks on every request whether the session has been revoked; accounts writes those keys. */
const READS: Partial<Record<RedisUserName, readonly string[]>> = { gateway: ['accounts:revoked:*'] };

/** A URL per user of the house, and the administrator's. */
export type RedisAccess = Record<RedisUserName | 'admin', string>;

export async function startRedisStore(context: StoreContext): Promise<StartedStore<RedisAccess>> {
  const { redisUrl } = context.external;
  if (redisUrl !== undefined) return externalRedis(redisUrl);
  const { adminPassword, users } = context.secrets.redis;
  const server = await startRedis({
    dataDir: context.folder.sub('redis'),
    cacheDir: context.cacheDir,
    durable: context.durable,
    acl: {
      adminPassword,
      users: REDIS_USERS.map((name) => ({ name, password: users[name], reads: READS[name] ?? [] })),
    },
    log: context.log,
    ...(context.ports.redis === undefined ? {} : { port: context.ports.redis }),
  });
  return {
    access: accessFor(server.url, (user) => server.urlFor(user)),
    description: {
      name: 'redis',
      kind: 'real',
      version: server.version,
      address: `127.0.0.1:${server.port}`,
      get pid() {
        return server.pid;
      },
    },
    outage: server.outage,
    ping: () => pingRedis(server.url),
    stop: () => server.stop(),
  };
}

function externalRedis(url: string): StartedStore<RedisAccess> {
  return {
    access: accessFor(url, () => url),
    description: { name: 'redis', kind: 'external', version: 'unknown', address: new URL(url).host, pid: undefined },
    ping: () => pingRedis(url),
    stop: async () => {},
  };
}

function accessFor(admin: string, urlFor: (user: RedisUserName) => string): RedisAccess {
  const users = Object.fromEntries(REDIS_USERS.map((user) => [user, urlFor(user)])) as Record<RedisUserName, string>;
  return { admin, ...users };
}
