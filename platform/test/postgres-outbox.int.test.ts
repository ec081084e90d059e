import { Migration } from '@mikro-orm/migrations';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createRedisBus,
  type EventBus,
  type EventEnvelope,
  type Outbox,
  type OutboxRow,
  startRelay,
} from '../src/messaging/messaging.ts';
import {
  appendToOutbox,
  type Database,
  inTransaction,
  messagingTables,
  migrateDatabase,
  openDatabase,
  postgresOutbox,
} from '../src/postgres/postgres.ts';
import { connectRedis } from '../src/redis/redis.ts';
import { silentLog as log, testIds, until } from '../src/testing/testing.ts';

class Tables extends Migration {
  override up(): void {
    for (const statement of messagingTables) this.addSql(statement);
  }
}

const ids = testIds();
let stores: Stores;
let orm: Database;
let another: Database;
let bus: EventBus;

beforeAll(async () => {
  stores = await startTestStores({ only: ['postgres', 'redis'] });
  const { appUrl, ownerUrl } = stores.postgres.orders;
  await migrateDatabase({ ownerUrl, appUrl, migrations: { '001': Tables }, log });
  orm = await openDatabase({ url: appUrl, entities: [], log, applicationName: 'test' });
  another = await openDatabase({ url: appUrl, entities: [], log, applicationName: 'another' });
  bus = await createRedisBus({ url: stores.redis.orders, log });
});
afterAll(async () => {
  await bus?.close();
  await another?.close();
  await orm?.close();
  await stores?.stop();
});
beforeEach(async () => void (await orm.em.execute('delete from outbox')));

/** Events with these numbers, each a little different from the others. */
const append = (from: number, to: number, into = orm, isCrowd = false): Promise<EventEnvelope[]> =>
  inTransaction(into, (em) =>
    appendToOutbox(
      em,
      Array.from({ length: to - from }, (_, at) => ({
        ...{ name: 'orders.tested', version: 1, key: `key "${at % 3}"`, sequence: from + at },
        ...(at % 2 === 0 ? { topics: [`tested:${at}`, 'a, "b"'] } : {}),
        payload: { text: 'said "so"', none: null, numbers: [1.5, at] },
      })),
      { ids, now: new Date(), isCrowd, ...(from % 2 === 0 ? { trace: '00-1' } : {}) },
    ),
  );

const envelopeOf = ({ envelope }: OutboxRow) =>
  typeof envelope === 'string' ? (JSON.parse(envelope) as EventEnvelope) : envelope;

describe('the outbox of a relational store', () => {
  it('publishes what its process wrote without reading it again, among what others wrote, in order', async () => {
    const outbox = postgresOutbox(orm);
    outbox.onWritten(() => undefined);
    const published: OutboxRow[] = [];
    const publish = () => outbox.publishNext(100, async (batch) => void published.push(...batch));
    const written = [...(await append(0, 5)), ...(await append(5, 8, another)), ...(await append(8, 9))];
    expect(await publish()).toBe(9);
    expect(await publish()).toBe(0);
    expect(published.map(envelopeOf)).toEqual(written);
    // Its own come as they were written, those of others as they are read.
    expect(published.map(({ envelope }) => typeof envelope)).toEqual([
      ...Array.from({ length: 5 }, () => 'string'),
      ...Array.from({ length: 3 }, () => 'object'),
      'string',
    ]);
    expect(await outbox.requeue(new Date(0))).toBe(9);
    expect(await publish()).toBe(9);
    expect(published.slice(9).map(({ envelope }) => envelope)).toEqual(written);
  });

  it('keeps many events of one change in few rows, and publishes them as it does others: by whoever is the relay, in order', async () => {
    const [own, other] = [postgresOutbox(orm), postgresOutbox(another)];
    own.onWritten(() => undefined);
    const written = [
      ...(await append(0, 1, orm, true)),
      ...(await append(1, 251, orm, true)),
      ...(await append(251, 253)),
    ];
    const rows = await orm.em.execute<{ key: string; sequence: string; count: number }[]>(
      'select key, sequence, count from outbox order by position',
    );
    expect(rows.map(({ count }) => count)).toEqual([1, 100, 100, 50, 1, 1]);
    expect(rows.map(({ sequence }) => Number(sequence))).toEqual([0, 1, 101, 201, 251, 252]);
    expect(await own.backlog()).toMatchObject({ count: 253 });
    const publishAll = async (outbox: Outbox) => {
      const [batches, published]: [number[], EventEnvelope[]] = [[], []];
      for (;;) {
        const batch = await outbox.publishNext(40, async (all) => void published.push(...all.map(envelopeOf)));
        if (!batch) return { batches, published };
        batches.push(batch);
      }
    };
    // As many as were asked for while there is more, and a row is not taken apart.
    const batches = [101, 100, 50, 2];
    expect(await publishAll(own)).toEqual({ batches, published: written });
    const mark = await own.lastMark();
    expect(await own.requeue(new Date(0))).toBe(253);
    expect(await publishAll(other)).toEqual({ batches, published: written });
    // The newest ten are two rows of one and part of a row of fifty, which comes whole.
    expect(await own.requeueAfter(mark, 10)).toBe(52);
    expect((await publishAll(other)).published).toEqual(written.slice(201));
    expect(await own.backlog()).toEqual({ count: 0 });
  });

  it('keeps nothing of what another relay has published, or what was never committed', async () => {
    const outbox = postgresOutbox(orm);
    outbox.onWritten(() => undefined);
    const published: OutboxRow[] = [];
    const written = await append(0, 3);
    await expect(
      inTransaction(orm, async (em) => {
        await appendToOutbox(em, [{ name: 'orders.tested', version: 1, key: 'k', sequence: 9, payload: {} }], {
          ...{ ids, now: new Date() },
        });
        throw new Error('undone');
      }),
    ).rejects.toThrow('undone');
    expect(await postgresOutbox(another).publishNext(100, async () => undefined)).toBe(3);
    expect(await outbox.publishNext(100, async () => undefined)).toBe(0);
    await outbox.requeue(new Date(0));
    expect(await outbox.publishNext(100, async (batch) => void published.push(...batch))).toBe(3);
    expect(published.map(({ envelope }) => envelope)).toEqual(written);
  });

  it('gives again what was published after a mark, the newest of it when that is too much', async () => {
    const outbox = postgresOutbox(orm);
    const sequences: number[] = [];
    const publish = () =>
      outbox.publishNext(100, async (batch) => void sequences.push(...batch.map((row) => envelopeOf(row).sequence)));
    await append(0, 2);
    await publish();
    const mark = await outbox.lastMark();
    await append(2, 5);
    await publish();
    expect(await outbox.lastMark()).toBeGreaterThan(mark);
    expect(await outbox.requeueAfter(mark, 100)).toBe(3);
    await publish();
    expect(await outbox.requeueAfter(0, 2)).toBe(2);
    await publish();
    expect(sequences).toEqual([0, 1, 2, 3, 4, 2, 3, 4, 3, 4]);
    expect(await outbox.requeueAfter(await outbox.lastMark(), 100)).toBe(0);
  });

  it('sends what is written in quick succession in few batches, each event once and in order', async () => {
    const batches: number[][] = [];
    const publish: EventBus['publish'] = (domain, envelopes, marks) => {
      batches.push(envelopes.map((envelope) => envelopeOf({ position: '', envelope }).sequence));
      return bus.publish(domain, envelopes, marks);
    };
    const outbox = postgresOutbox(orm);
    const relay = startRelay({ domain: 'crowded', outbox, bus: { ...bus, publish }, log });
    try {
      const begin = performance.now();
      for (let event = 0; event < 60; event += 1) await append(event, event + 1);
      await until(async () => (await outbox.backlog()).count === 0, { what: 'all to be out', intervalMs: 5 });
      const gathered = (performance.now() - begin) / 15;
      expect(batches.flat()).toEqual(Array.from({ length: 60 }, (_, event) => event));
      expect(batches.length).toBeLessThanOrEqual(2 + gathered);
    } finally {
      await relay.stop();
    }
  });
});

describe('a script of Redis', () => {
  it('is sent once and named from then on, and again to a server that has forgotten it', async () => {
    const redis = await connectRedis(stores.redis.orders, { log, name: 'test' });
    const script = `return { KEYS[1], ARGV[1], '${ids.next('evt')}' }`;
    const ask = () => redis.eval(script, 1, 'orders:key', 'value') as Promise<string[]>;
    const admin = await connectRedis(stores.redis.admin, { log, name: 'admin' });
    const sentWhole = async () => Number(/cmdstat_eval:calls=(\d+)/.exec(await admin.info('commandstats'))?.[1] ?? 0);
    try {
      const before = await sentWhole();
      const first = await ask();
      expect(first.slice(0, 2)).toEqual(['orders:key', 'value']);
      expect(await ask()).toEqual(first);
      expect(await sentWhole()).toBe(before + 1);
      await admin.script('FLUSH');
      expect(await ask()).toEqual(first);
      expect(await sentWhole()).toBe(before + 2);
      await expect(redis.eval('return redis.call("NO SUCH COMMAND")', 0)).rejects.toThrow('Unknown Redis command');
    } finally {
      await redis.quit();
      await admin.quit();
    }
  });
});
