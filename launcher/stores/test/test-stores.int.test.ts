import { existsSync } from 'node:fs';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { query } from './query.ts';
import { freshDatabase, startTestStores } from '../src/testing.ts';

test('gives a test file PostgreSQL and Redis of its own', async () => {
  const stores = await startTestStores({ only: ['postgres', 'redis'] });
  onTestFinished(() => stores.stop());

  await query(stores.postgres.orders.ownerUrl, 'create table orders (id int primary key)');
  await query(stores.postgres.orders.appUrl, 'insert into orders values (1)');
  expect(await query(stores.postgres.orders.appUrl, 'select id from orders')).toEqual([{ id: 1 }]);

  const redis = new Redis(stores.redis.orders);
  onTestFinished(() => redis.disconnect());
  await redis.set('orders:{cart:1}', 'x');
  expect(await redis.get('orders:{cart:1}')).toBe('x');
});

test('gives each test a database nobody wrote into', async () => {
  const stores = await startTestStores({ only: ['postgres'] });
  onTestFinished(() => stores.stop());
  const [one, two] = [await freshDatabase(stores, 'orders'), await freshDatabase(stores, 'orders')];

  await query(one.ownerUrl, 'create table things (id int)');
  expect(await query(two.ownerUrl, `select to_regclass('things') as things`)).toEqual([{ things: null }]);

  await one.drop();
  await expect(query(one.ownerUrl, 'select 1')).rejects.toThrow('password authentication failed');
});

test('says which store was not asked for', async () => {
  const stores = await startTestStores({ only: ['redis'] });
  onTestFinished(() => stores.stop());
  expect(() => stores.postgres).toThrow('"postgres" was not started');
});

test('leaves no process behind', async () => {
  const stores = await startTestStores({ only: ['postgres', 'redis'] });
  const pids = stores.describe().map(({ pid }) => pid);
  expect(pids).toHaveLength(2);
  await stores.stop();
  expect(pids.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
});
