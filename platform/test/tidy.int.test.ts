import { Migration } from '@mikro-orm/migrations';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createRedisBus, type EventBus, startRelay } from '../src/messaging/messaging.ts';
import {
  type Database,
  messagingTables,
  migrateDatabase,
  openDatabase,
  postgresOutbox,
} from '../src/postgres/postgres.ts';
import { silentLog as log, until } from '../src/testing/testing.ts';

class First extends Migration {
  override up(): void {
    for (const statement of messagingTables) this.addSql(statement);
  }
}

describe('what guards against repetition', () => {
  let stores: Stores;
  let orm: Database;
  let bus: EventBus;

  beforeAll(async () => {
    stores = await startTestStores({ only: ['postgres', 'redis'] });
    const { appUrl, ownerUrl } = stores.postgres.orders;
    await migrateDatabase({ ownerUrl, appUrl, migrations: { '001': First }, appendOnly: [], log });
    orm = await openDatabase({ url: appUrl, entities: [], log, applicationName: 'test' });
    bus = await createRedisBus({ url: stores.redis.orders, log });
  });
  afterAll(async () => {
    await bus?.close();
    await orm?.close();
    await stores?.stop();
  });

  /** Rows whose number is their age in days; every tenth event of the past waits yet. */
  const fill = async (days: number) => {
    for (const table of ['outbox', 'inbox', 'idempotency']) await orm.em.execute(`delete from ${table}`);
    await orm.em.execute(
      `insert into outbox (event_id, name, version, key, sequence, occurred_at, payload, published_at)
       select 'evt_' || day, 'orders.tested', 1, 'key', day, now() - make_interval(days => day), '{}',
              case when day % 10 > 0 then now() - make_interval(days => day) end
         from generate_series(1, ?) as day`,
      [days],
    );
    await orm.em.execute(
      `insert into inbox (consumer, event_id, handled_at)
       select 'test', 'evt_' || day, now() - make_interval(days => day) from generate_series(1, ?) as day`,
      [days],
    );
    await orm.em.execute(
      `insert into idempotency (principal, operation, key, input_hash, created_at)
       select 'usr', 'pay', hour::text, '', now() - make_interval(hours => hour) from generate_series(1, ?) as hour`,
      [days],
    );
  };
  const left = async () => {
    const [row] = await orm.em.execute<Record<'published' | 'waiting' | 'handled' | 'keys', number>[]>(
      `select (select count(*)::int from outbox where published_at is not null) as published,
              (select count(*)::int from outbox where published_at is null) as waiting,
              (select count(*)::int from inbox) as handled, (select count(*)::int from idempotency) as keys`,
    );
    return row;
  };

  beforeEach(() => fill(100));

  it('is removed when its time is over, and nothing else is', async () => {
    expect(await postgresOutbox(orm).tidy?.()).toBe('idle');
    // Of the first 29 days two events wait; of all hundred, ten.
    expect(await left()).toEqual({ published: 27, waiting: 10, handled: 59, keys: 23 });
  });

  it('is removed in bounded pieces', async () => {
    await fill(12_000);
    const outbox = postgresOutbox(orm);
    expect(await outbox.tidy?.()).toBe('busy');
    expect(await left()).toEqual({ published: 5_800, waiting: 1_200, handled: 7_000, keys: 7_000 });
    expect(await outbox.tidy?.()).toBe('busy');
    expect(await outbox.tidy?.()).toBe('idle');
    expect(await left()).toEqual({ published: 27, waiting: 1_200, handled: 59, keys: 23 });
  });

  it('is removed by whoever publishes the events', async () => {
    const relay = startRelay({ domain: 'orders', outbox: postgresOutbox(orm), bus, log });
    await until(async () => (await left())?.handled === 59, { what: 'what is past its time to be gone' });
    await relay.stop();
  });
});
