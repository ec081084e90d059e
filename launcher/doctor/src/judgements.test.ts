import { describe, expect, it } from 'vitest';
import { runChecks } from './check.ts';
import { judgeSessions } from './checks/blockers.ts';
import { judgeLags } from './checks/groups.ts';
import { judgeMongo } from './checks/mongodb.ts';
import { judgeOutbox } from './checks/outbox.ts';
import { judgePostgres } from './checks/postgres.ts';
import { judgeRedis } from './checks/redis.ts';
import { runtimeCheck } from './checks/runtime.ts';
import { judgeSkew, skewMs } from './clock.ts';
import { whereInEnvironment } from './where.ts';

const database = {
  version: '18.1',
  now: '0',
  isStandby: false,
  connections: '10',
  maxConnections: '100',
  bytes: '1048576',
};
const blocked = { pid: 1, user: 'orders_app', blockers: [2], blockerUsers: 'orders_owner' };
const behind = { stream: 'events:orders', group: 'search', consumers: 1, behind: 7 };
const redis = (facts: Record<string, string>) =>
  judgeRedis(new Map(Object.entries({ redis_version: '7.2.4', used_memory: '50', ...facts })), 12, 0);

describe('what the doctor calls well, worth a look, and broken', () => {
  it.each([
    ['ok', {}, 'PostgreSQL 18.1, 10 of 100 connections, 1 MiB'],
    ['warn', { connections: '80' }, '80 of 100 connections'],
    ['fail', { connections: '95' }, '95 of 100 connections'],
    ['fail', { isStandby: true }, 'standby'],
    ['warn', { version: '14.9' }, 'older than 15'],
  ])('a database: %s, %j', (status, facts, reason) => {
    expect(judgePostgres({ ...database, ...facts }, 0)).toMatchObject({
      status,
      reason: expect.stringContaining(reason),
    });
  });

  it.each([
    ['ok', [], [], 'nobody waits'],
    ['ok', [{ ...blocked, waitsS: 1.9 }], [], 'nobody waits'],
    ['warn', [{ ...blocked, waitsS: 2 }], [], 'session 1 (orders_app) waits 2 s for session 2 (orders_owner)'],
    ['fail', [{ ...blocked, waitsS: 30 }], [], 'waits 30 s'],
    [
      'warn',
      [],
      [{ pid: 3, user: 'orders_app', idleS: 61 }],
      'session 3 (orders_app) left a transaction open 61 s ago',
    ],
  ])('locks: %s, %j, %j', (status, waiting, idle, reason) => {
    expect(judgeSessions(waiting, idle)).toMatchObject({ status, reason: expect.stringContaining(reason) });
  });

  it.each([
    ['ok', {}, 'Redis 7.2.4'],
    ['warn', { maxmemory: '62' }, '81 % of maxmemory'],
    ['fail', { maxmemory: '51' }, '98 % of maxmemory'],
    ['warn', { maxmemory: '100', maxmemory_policy: 'allkeys-lru' }, 'allkeys-lru, 0 so far'],
    ['fail', { evicted_keys: '3' }, '3 so far'],
    ['fail', { rdb_last_bgsave_status: 'err' }, 'rdb_last_bgsave_status is err'],
    ['warn', { redis_version: '6.2.0' }, 'older than 7'],
  ])('Redis: %s, %j', (status, facts, reason) => {
    expect(redis(facts)).toMatchObject({ status, reason: expect.stringContaining(reason) });
  });

  it.each([
    ['ok', 0, 0, 'everything is published'],
    ['ok', 5, 9.9, '5 on their way'],
    ['warn', 5, 10, '5 events are not published, the oldest for 10 s'],
    ['fail', 5, 60, 'for 60 s'],
  ])('an outbox: %s, %d waiting for %d s', (status, waiting, ageS, reason) => {
    expect(judgeOutbox('orders', waiting, ageS)).toMatchObject({ status, reason: expect.stringContaining(reason) });
  });

  it.each([
    ['ok', [{ ...behind, behind: 0, ageMs: 0 }], '1 groups, all have read everything'],
    ['ok', [{ ...behind, ageMs: 9_999 }], '7 events on their way'],
    ['warn', [{ ...behind, ageMs: 10_000 }], 'search is 7 events behind events:orders, the oldest waits 10 s'],
    ['fail', [{ ...behind, ageMs: 60_000, consumers: 0 }], 'and nobody reads for it'],
  ])('consumer groups: %s, %j', (status, lags, reason) => {
    expect(judgeLags(lags)).toMatchObject({ status, reason: expect.stringContaining(reason) });
  });

  it.each([
    ['ok', { version: '8.0.16', isPrimary: true, skew: 0 }, 'MongoDB 8.0.16'],
    ['fail', { version: '8.0.16', isPrimary: false, skew: 0 }, 'no primary'],
    ['warn', { version: '5.0.1', isPrimary: true, skew: 0 }, 'older than 6'],
    ['fail', { version: '8.0.16', isPrimary: true, skew: -6_000 }, '6.0 s behind'],
  ])('MongoDB: %s, %j', (status, facts, reason) => {
    expect(judgeMongo(facts)).toMatchObject({ status, reason: expect.stringContaining(reason) });
  });

  it.each([
    ['24.1.0', 'ok'],
    ['22.17.0', 'ok'],
    ['22.16.9', 'warn'],
    ['20.19.0', 'warn'],
  ])('Node.js %s: %s', async (version, status) => {
    expect(await runChecks([runtimeCheck(version)])).toMatchObject([{ id: 'node', status }]);
  });
});

describe('the difference of two clocks', () => {
  it('is only what is certain: a slow answer is no skew', () => {
    const slow = { asked: 10_000, answered: 14_000 };
    expect([9_000, 10_000, 12_000, 14_000, 17_000].map((theirs) => skewMs(slow, theirs))).toEqual([
      -1_000, 0, 0, 0, 3_000,
    ]);
    expect([999, -999, 1_000, -4_999, 5_000].map((skew) => judgeSkew(skew)?.status)).toEqual([
      undefined,
      undefined,
      'warn',
      'warn',
      'fail',
    ]);
  });
});

describe('a check', () => {
  it('that does not end, that fails, or that is given up never holds up another, and tells no password', async () => {
    let isTold = false;
    const outcomes = await runChecks(
      [
        {
          id: 'silent',
          run: ({ signal }) =>
            new Promise(() => {
              signal.addEventListener('abort', () => (isTold = true));
            }),
        },
        { id: 'broken', run: () => Promise.reject(new Error('no route to redis://app:s3cret@host:1')) },
        { id: 'well', run: async () => ({ status: 'ok', reason: 'fine' }) },
      ],
      { timeoutMs: 20 },
    );
    expect(outcomes).toMatchObject([
      { id: 'silent', status: 'fail', reason: 'did not answer within 0.02 s' },
      { id: 'broken', status: 'fail', reason: 'no route to redis://host:1' },
      { id: 'well', status: 'ok', reason: 'fine' },
    ]);
    expect(isTold).toBe(true);
  });
});

describe('where to look', () => {
  it('is what the environment names, and nothing else', () => {
    expect(whereInEnvironment({ PATH: '/bin', TYPESENSE_API_KEY: 'k' })).toBeUndefined();
    expect(
      whereInEnvironment({
        ORDERS_DATABASE_URL: 'postgresql://o@db/orders',
        MONGODB_URL: 'mongodb://m@mongo:27017/?replicaSet=rs0',
        REVIEWS_MONGODB_URL: 'mongodb://r@other:27017/reviews',
        TYPESENSE_URL: 'http://search:8108',
        TYPESENSE_API_KEY: 'k',
      }),
    ).toEqual({
      postgres: { orders: 'postgresql://o@db/orders' },
      redisUrl: undefined,
      mongodb: {
        catalog: 'mongodb://m@mongo:27017/catalog?replicaSet=rs0',
        reviews: 'mongodb://r@other:27017/reviews',
      },
      typesense: { url: 'http://search:8108', apiKey: 'k' },
      stripe: undefined,
      graphUrl: undefined,
    });
  });
});
