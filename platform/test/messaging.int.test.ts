import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Migration } from '@mikro-orm/migrations';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Consumer,
  type ConsumerOptions,
  createRedisBus,
  type EventBus,
  type EventHandler,
  startConsumer,
  startRelay,
  type TogetherHandler,
} from '../src/messaging/messaging.ts';
import {
  appendToOutbox,
  type Database,
  type EntityManager,
  inTransaction,
  messagingTables,
  migrateDatabase,
  onceByKey,
  openDatabase,
  postgresInbox,
  postgresOutbox,
  sqlStateOf,
} from '../src/postgres/postgres.ts';
import { connectRedis } from '../src/redis/redis.ts';
import { silentLog as log, SOURCE_FLAGS, testIds, until } from '../src/testing/testing.ts';

class First extends Migration {
  override up(): void {
    for (const statement of messagingTables) this.addSql(statement);
    this.addSql('create table effect (key text not null, value text not null)');
    this.addSql('create table journal (line text not null)');
  }
}

const ids = testIds();
let stores: Stores;
let orm: Database;
let bus: EventBus;

beforeAll(async () => {
  stores = await startTestStores({ only: ['postgres', 'redis'] });
  const { appUrl, ownerUrl } = stores.postgres.orders;
  const migration = { ownerUrl, appUrl, migrations: { '001': First }, appendOnly: ['journal'], log };
  await Promise.all([migrateDatabase(migration), migrateDatabase(migration)]);
  orm = await openDatabase({ url: appUrl, entities: [], log, applicationName: 'test' });
  bus = await createRedisBus({ url: stores.redis.orders, log, claimAfterMs: 300 });
});

afterAll(async () => {
  await bus?.close();
  await orm?.close();
  await stores?.stop();
});

const commit = (key: string, sequence: number, name = 'orders.tested') =>
  inTransaction(orm, (em) =>
    appendToOutbox(em, [{ name, version: 1, key, sequence, topics: [`tested:${key}`], payload: { key, sequence } }], {
      ids,
      now: new Date(),
    }),
  );

const consume = (
  group: string,
  handlers: Record<string, EventHandler<EntityManager>>,
  together?: Record<string, TogetherHandler<EntityManager>>,
  { isNews, repeatable }: Pick<ConsumerOptions<EntityManager>, 'isNews' | 'repeatable'> = {},
): Promise<Consumer> =>
  startConsumer({
    together,
    isNews,
    repeatable,
    group,
    domains: ['orders'],
    bus,
    inbox: postgresInbox(orm),
    handlers,
    log,
    maxAttempts: 3,
    retryDelayMs: 5,
  });

const writeEffect: EventHandler<EntityManager> = async (event, em) => {
  await em.execute('insert into effect (key, value) values (?, ?)', [event.key, String(event.sequence)]);
};

const effectsOf = async (key: string): Promise<string[]> =>
  (await orm.em.fork().execute<{ value: string }[]>('select value from effect where key = ?', [key])).map(
    (row) => row.value,
  );

const writtenKeys = async (): Promise<string[]> =>
  (await orm.em.fork().execute<{ key: string }[]>("select key from effect where value = 'written'")).map(
    ({ key }) => key,
  );

describe('from outbox to effect', () => {
  it('X1 X2 delivers every committed event once and in order per key, and none of a rolled-back transaction', async () => {
    const relay = startRelay({ domain: 'orders', outbox: postgresOutbox(orm), bus, log, intervalMs: 20 });
    const consumer = await consume('orderly', { 'orders.tested': writeEffect });
    try {
      for (let n = 1; n <= 40; n += 1) await commit('a', n);
      await expect(
        inTransaction(orm, async (em) => {
          await appendToOutbox(em, [{ name: 'orders.tested', version: 1, key: 'a', sequence: 99, payload: {} }], {
            ids,
            now: new Date(),
          });
          throw new Error('rolled back');
        }),
      ).rejects.toThrow('rolled back');
      await until(async () => (await effectsOf('a')).length === 40, { what: '40 effects' });
      expect(await effectsOf('a')).toEqual(Array.from({ length: 40 }, (_, n) => String(n + 1)));
      expect((await postgresOutbox(orm).backlog()).count).toBe(0);
    } finally {
      await relay.stop();
      await consumer.stop();
    }
  });

  it('X2 publishes the events of all committed rows and of no others, however often the writer is killed', async () => {
    const env = { ...process.env, DATABASE_URL: stores.postgres.orders.appUrl, REDIS_URL: stores.redis.orders };
    const head = await bus.head('orders');
    for (let kill = 0; kill < 8; kill += 1) {
      const writer = spawn(process.execPath, [...SOURCE_FLAGS, join(import.meta.dirname, 'writer.ts')], {
        env,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let written = 0;
      writer.stdout.on('data', (chunk: Buffer) => (written += chunk.toString().split('\n').length - 1));
      const more = 1 + Math.floor(Math.random() * 25);
      await until(() => written >= more, { timeoutMs: 30_000, intervalMs: 1, what: `${more} rows` });
      writer.kill('SIGKILL');
      await once(writer, 'exit');
    }
    const relay = startRelay({ domain: 'orders', outbox: postgresOutbox(orm), bus, log, intervalMs: 20 });
    try {
      await until(async () => (await postgresOutbox(orm).backlog()).count === 0, { what: 'an empty outbox' });
    } finally {
      await relay.stop();
    }
    const published = new Set<string>();
    for (let after = head; ;) {
      const deliveries = await bus.read('orders', { after, count: 500 });
      if (deliveries.length === 0) break;
      for (const { envelope, position } of deliveries) {
        if (envelope.name === 'orders.written') published.add(envelope.key);
        after = position;
      }
    }
    expect([...published].toSorted()).toEqual((await writtenKeys()).toSorted());
  });

  it('two relays of one outbox publish each event once, and those of one key in their order', async () => {
    const head = await bus.head('orders');
    const relays = Array.from({ length: 3 }, () =>
      startRelay({ domain: 'orders', outbox: postgresOutbox(orm), bus, log, intervalMs: 1 }),
    );
    try {
      for (let n = 1; n <= 150; n += 1) {
        await commit('turns', n, 'orders.turns');
      }
      await until(async () => (await postgresOutbox(orm).backlog()).count === 0, { what: 'an empty outbox' });
    } finally {
      await Promise.all(relays.map((relay) => relay.stop()));
    }
    const published = await bus.read('orders', { after: head, count: 500 });
    const sequences = published.flatMap(({ envelope }) => (envelope.key === 'turns' ? [envelope.sequence] : []));
    expect(sequences).toEqual(Array.from({ length: 150 }, (_, at) => at + 1));
  });

  it('does not wait for its next look when something was written in its process', async () => {
    const outbox = postgresOutbox(orm);
    const inAnHour = 60 * 60 * 1_000;
    const relay = startRelay({ domain: 'orders', outbox, bus, log, intervalMs: inAnHour });
    try {
      for (let n = 1; n <= 3; n += 1) {
        await commit('nudged', n, 'orders.nudged');
        await until(async () => (await outbox.backlog()).count === 0, { what: `event ${n} to be out` });
      }
    } finally {
      await relay.stop();
    }
  });

  it('has one effect of an event published twice', async () => {
    const consumer = await consume('twice', { 'orders.twice': writeEffect });
    const relay = startRelay({ domain: 'orders', outbox: postgresOutbox(orm), bus, log, intervalMs: 20 });
    try {
      await commit('twice', 1, 'orders.twice');
      await until(async () => (await effectsOf('twice')).length === 1);
      expect(await postgresOutbox(orm).requeue(new Date(0))).toBeGreaterThan(0);
      await until(() => consumer.stats().duplicates > 0, { what: 'the duplicate' });
      expect(await effectsOf('twice')).toEqual(['1']);
    } finally {
      await relay.stop();
      await consumer.stop();
    }
  });

  it('acknowledges what is nothing to a group also when nothing else comes, and keeps no memory of it', async () => {
    const told = (n: number) => ({
      ...{ id: ids.next('evt'), name: 'orders.stale', version: 1, occurredAt: new Date().toISOString() },
      ...{ key: 'stale', sequence: n, payload: {} },
    });
    const consumer = await consume('uninterested', { 'orders.stale': writeEffect }, undefined, {
      isNews: async ({ sequence }) => sequence > 2,
    });
    const pending = async () => (await bus.groupsOf('orders')).find(({ name }) => name === 'uninterested')!;
    try {
      await bus.publish('orders', [told(1), told(2), told(3)]);
      await until(async () => (await effectsOf('stale')).length > 0, { what: 'the effect of what is news' });
      await until(async () => (await pending()).pending === 0, { what: 'all of them to be acknowledged' });
      expect(await effectsOf('stale')).toEqual(['3']);
      expect(consumer.stats()).toMatchObject({ handled: 1, duplicates: 0, buried: 0 });
      const remembered = await orm.em.fork().execute<unknown[]>("select 1 from inbox where consumer = 'uninterested'");
      expect(remembered).toHaveLength(1);
    } finally {
      await consumer.stop();
    }
  });

  it('buries an event that always fails, lets the others pass, and handles it after a redrive', async () => {
    let broken = true;
    const consumer = await consume('poison', {
      'orders.poison': async (event, em) => {
        if (broken && event.sequence === 2) throw new Error('cannot digest');
        await writeEffect(event, em);
      },
    });
    try {
      const envelope = (n: number) => ({
        id: ids.next('evt'),
        name: 'orders.poison',
        version: 1,
        occurredAt: new Date().toISOString(),
        key: 'p',
        sequence: n,
        payload: {},
      });
      await bus.publish('orders', [envelope(1), envelope(2), envelope(3)]);
      await until(async () => (await effectsOf('p')).length === 2);
      const [letter] = await until(async () => {
        const letters = await bus.deadLetters('poison', 10);
        return letters.length === 1 && letters;
      });
      expect(letter).toMatchObject({ reason: 'cannot digest', attempts: 3, envelope: { sequence: 2 } });
      broken = false;
      expect(await bus.redrive('poison', 10)).toBe(1);
      await until(async () => (await effectsOf('p')).includes('2'));
      expect(await bus.deadLetters('poison', 10)).toEqual([]);
    } finally {
      await consumer.stop();
    }
  });

  it('buries what is no event, and again after a redrive', async () => {
    const redis = await connectRedis(stores.redis.orders, { log, name: 'test' });
    const common = { group: 'halves', domains: ['halves'], bus, inbox: postgresInbox(orm), handlers: {}, log };
    const consumer = await startConsumer<EntityManager>(common);
    try {
      const position = await redis.xadd('events:halves', '*', 'e', '{"half":');
      for (const times of [1, 2]) {
        await until(() => consumer.stats().buried === times, { what: 'it to be buried' });
        expect((await bus.deadLetters('halves', 10)).map(({ envelope }) => envelope.id)).toEqual([position]);
        await bus.redrive('halves', 10);
      }
    } finally {
      await consumer.stop();
      await redis.quit();
    }
  });

  describe('a crowd of events', () => {
    const crowd = (name: string, sequences: readonly number[]) =>
      sequences.map((sequence) => ({
        ...{ id: ids.next('evt'), name, version: 1, occurredAt: new Date().toISOString() },
        ...{ key: `${name}-${sequence % 3}`, sequence, payload: {} },
      }));
    const numbers = Array.from({ length: 150 }, (_, at) => at + 1);
    const ofKey = (key: number) => numbers.filter((number) => number % 3 === key).map(String);

    it('is handled together, once each and in order per key, also when it comes twice', async () => {
      const sizes: number[] = [];
      const events = crowd('orders.crowd', numbers);
      await bus.publish('orders', events);
      const consumer = await consume(
        'crowd',
        { 'orders.crowd': writeEffect },
        {
          'orders.crowd': async (together, em) => {
            sizes.push(together.length);
            for (const event of together) await writeEffect(event, em);
          },
        },
      );
      try {
        await until(() => consumer.stats().handled === numbers.length, { what: 'the crowd' });
        expect(Math.max(...sizes)).toBeGreaterThan(1);
        await bus.publish('orders', [...events, ...crowd('orders.crowd', [152])]);
        await until(() => consumer.stats().handled === numbers.length + 1, { what: 'what is new in the second crowd' });
        expect(consumer.stats()).toMatchObject({ duplicates: numbers.length, buried: 0 });
        for (const key of [0, 1]) expect(await effectsOf(`orders.crowd-${key}`)).toEqual(ofKey(key));
        expect(await effectsOf('orders.crowd-2')).toEqual([...ofKey(2), '152']);
      } finally {
        await consumer.stop();
      }
    });

    it('that changes nothing when it comes again is not remembered, and one that fails loses that one only', async () => {
      const once: EventHandler<EntityManager> = async (event, em) => {
        if (event.sequence === 77) throw new Error('cannot digest');
        if (!(await effectsOf(event.key)).includes(String(event.sequence))) await writeEffect(event, em);
      };
      const all: TogetherHandler<EntityManager> = async (events, em) => {
        for (const event of events) await once(event, em);
      };
      const events = crowd('orders.repeatable', numbers);
      const name = 'orders.repeatable';
      const consumer = await consume('repeatable', { [name]: once }, { [name]: all }, { repeatable: [name] });
      try {
        await bus.publish('orders', [...events, ...events]);
        await until(() => consumer.stats().buried === 2, { what: 'the one to blame, both times' });
        await until(() => consumer.stats().handled >= 2 * (numbers.length - 1), { what: 'all others, both times' });
        for (const key of [0, 1, 2]) {
          const wanted = ofKey(key).filter((number) => number !== '77');
          expect((await effectsOf(`orders.repeatable-${key}`)).toSorted()).toEqual(wanted.toSorted());
        }
        const remembered = await orm.em.fork().execute(`select 1 from inbox where consumer = 'repeatable'`);
        expect(remembered).toEqual([]);
      } finally {
        await consumer.stop();
      }
    });

    it('with one that always fails loses that one only, and keeps nothing of a try that failed', async () => {
      await bus.publish('orders', crowd('orders.spoilt', numbers));
      const poisoned: EventHandler<EntityManager> = async (event, em) => {
        if (event.sequence === 77) throw new Error('cannot digest');
        await writeEffect(event, em);
      };
      const consumer = await consume(
        'spoilt',
        { 'orders.spoilt': poisoned },
        {
          'orders.spoilt': async (together, em) => {
            for (const event of together) await poisoned(event, em);
          },
        },
      );
      try {
        await until(() => consumer.stats().handled === numbers.length - 1, { what: 'all but one' });
        await until(() => consumer.stats().buried === 1, { what: 'the one to blame' });
        expect((await bus.deadLetters('spoilt', 10)).map(({ envelope }) => envelope.sequence)).toEqual([77]);
        for (const key of [0, 1, 2]) {
          const effects = await effectsOf(`orders.spoilt-${key}`);
          expect(effects.toSorted()).toEqual(
            ofKey(key)
              .filter((number) => number !== '77')
              .toSorted(),
          );
        }
      } finally {
        await consumer.stop();
      }
    });
  });

  it('hands what a dead member held to another', async () => {
    const dead = await bus.join({ group: 'heirs', domains: ['orders'], from: 'now' });
    await bus.publish('orders', [
      { id: ids.next('evt'), name: 'orders.left', version: 1, occurredAt: '', key: 'left', sequence: 7, payload: {} },
    ]);
    expect(await dead.receive({ count: 10, waitMs: 1_000 })).toHaveLength(1);
    await dead.close();
    const consumer = await consume('heirs', { 'orders.left': writeEffect });
    try {
      await until(async () => (await effectsOf('left')).length === 1, { what: 'the claimed event' });
    } finally {
      await consumer.stop();
    }
  });

  it('follows a stream from a position and reads what is between two', async () => {
    const head = await bus.head('orders');
    const follower = bus.follow({ orders: head });
    const event = {
      id: ids.next('evt'),
      name: 'orders.seen',
      version: 1,
      occurredAt: '',
      key: 'f',
      sequence: 1,
      payload: {},
    };
    const [position] = await bus.publish('orders', [event]);
    const [delivery] = await follower.next(5_000);
    expect(delivery).toMatchObject({ position, envelope: event });
    expect(await bus.read('orders', { after: head, count: 10 })).toMatchObject([{ position }]);
    await follower.close();
  });

  it('tells what an event is called without reading it where the name stands in front, and never another name', async () => {
    const head = await bus.head('orders');
    const rest = '"version":1,"occurredAt":"","key":"k","sequence":1';
    const texts = [
      `{"name":"orders.plain",${rest},"payload":{}}`,
      `{"id":"evt_1","trace":"00-1","name":"orders.behind",${rest},"payload":{}}`,
      `{"payload":{"name":"orders.not"},"name":"orders.late",${rest}}`,
      `{"id":"\\",\\"name\\":\\"orders.not","name":"orders.quoted",${rest},"payload":{}}`,
      '{"id":"evt_2","name":"orders.broken",',
    ];
    await bus.publish('orders', texts);
    const deliveries = await bus.read('orders', { after: head, count: 10 });
    expect(deliveries.map(({ name }) => name)).toEqual([
      'orders.plain',
      'orders.behind',
      undefined,
      undefined,
      'orders.broken',
    ]);
    expect(deliveries.map(({ envelope }) => envelope.name)).toEqual([
      'orders.plain',
      'orders.behind',
      'orders.late',
      'orders.quoted',
      'unreadable',
    ]);
  });

  it('knows whether a stream has been trimmed', async () => {
    const small = await createRedisBus({ url: stores.redis.orders, log, keepEvents: 10 });
    const events = Array.from({ length: 250 }, (_, at) => {
      const id = ids.next('evt');
      return { id, name: 'small.seen', version: 1, occurredAt: '', key: 'k', sequence: at, payload: {} };
    });
    try {
      expect(await small.isTrimmed('small')).toBe(false);
      await small.publish('small', events.slice(0, 5));
      expect(await small.isTrimmed('small')).toBe(false);
      await small.publish('small', events.slice(5));
      expect(await small.isTrimmed('small')).toBe(true);
    } finally {
      await small.close();
    }
  });
});

describe('a key of idempotency', () => {
  const call = (input: unknown, work: () => Promise<unknown>) =>
    inTransaction(orm, (em) => onceByKey(em, { principal: 'usr_1', operation: 'test', key: 'key-0001', input }, work));

  it('P2 lets twenty parallel calls have one effect and one answer', async () => {
    let effects = 0;
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        call({ b: 1, a: 2 }, async () => {
          effects += 1;
          return { id: 'x1' };
        }),
      ),
    );
    expect(effects).toBe(1);
    expect(new Set(answers.map((answer) => JSON.stringify('answer' in answer && answer.answer)))).toEqual(
      new Set(['{"id":"x1"}']),
    );
    expect(answers.filter((answer) => answer.kind === 'first')).toHaveLength(1);
  });

  it('refuses another input with the same key, whatever the order of its fields', async () => {
    expect((await call({ a: 2, b: 1 }, async () => 'never')).kind).toBe('replay');
    expect((await call({ a: 3 }, async () => 'never')).kind).toBe('reused');
  });
});

describe('a table that may only grow', () => {
  it('I2 lets the application insert and read, and refuses to change or delete', async () => {
    const em = orm.em.fork();
    await em.execute("insert into journal (line) values ('one')");
    for (const statement of ["update journal set line = 'two'", 'delete from journal', 'truncate journal']) {
      const failure = await em.execute(statement).then(
        () => null,
        (error: unknown) => error,
      );
      expect(sqlStateOf(failure), statement).toBe('42501');
    }
  });
});
