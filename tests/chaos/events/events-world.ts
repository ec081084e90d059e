import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import {
  type Consumer,
  createRedisBus,
  type EventBus,
  type EventHandler,
  type NewEvent,
  type Relay,
  startConsumer,
  startRelay,
} from '@marketgraph/platform/messaging';
import {
  appendToOutbox,
  type Database,
  type EntityManager,
  inTransaction,
  messagingTables,
  migrateDatabase,
  openDatabase,
  postgresInbox,
  postgresOutbox,
} from '@marketgraph/platform/postgres';
import { createMetrics, type Metrics } from '@marketgraph/platform/telemetry';
import { silentLog as log, SOURCE_FLAGS, testIds, until } from '@marketgraph/platform/testing';
import { freshDatabase, startTestStores, type Stores } from '@marketgraph/stores/testing';
import pg from 'pg';
import { DOMAIN, type Effect, EVENT, writeEffect } from './effects.ts';

const KEYS = 20;
const PER_TRANSACTION = 50;
const PATIENCE_MS = 120_000;

/** One outbox, one stream, and consumers that write down what they do in the order in which they do it. */
export class EventsWorld {
  readonly ids = testIds();
  readonly metrics: Metrics = createMetrics();
  readonly #sequences = new Map<string, number>();
  readonly #running: { stop(): Promise<void> }[] = [];
  committed = 0;

  private constructor(
    readonly stores: Stores,
    readonly urls: { appUrl: string; redisUrl: string },
    readonly orm: Database,
    readonly bus: EventBus,
  ) {}

  static async open({ claimAfterMs = 1_000 } = {}): Promise<EventsWorld> {
    const stores = await startTestStores({ only: ['postgres', 'redis'] });
    const { appUrl, ownerUrl } = await freshDatabase(stores, 'events');
    const owner = new pg.Client({ connectionString: ownerUrl });
    await owner.connect();
    for (const statement of messagingTables) await owner.query(statement);
    await owner.query(
      'create table effect (position bigserial primary key, consumer text, id text, key text, sequence int)',
    );
    await owner.end();
    await migrateDatabase({ ownerUrl, appUrl, migrations: {}, log });
    const orm = await openDatabase({ url: appUrl, entities: [], log, applicationName: 'events' });
    const redisUrl = stores.redis.admin;
    const bus = await createRedisBus({ url: redisUrl, log, claimAfterMs });
    return new EventsWorld(stores, { appUrl, redisUrl }, orm, bus);
  }

  async close(): Promise<void> {
    await Promise.all(this.#running.map((one) => one.stop()));
    await this.bus.close();
    await this.orm.close();
    await this.stores.stop();
  }

  /**
   * So many events, spread over a few aggregates, each with the next number of its own. Every other transaction writes its
   * events as a crowd, of which one row of the outbox holds many.
   */
  async commit(count: number, name = EVENT): Promise<void> {
    const events: NewEvent[] = Array.from({ length: count }, (_, at) => {
      const key = `k${(this.committed + at) % KEYS}`;
      const sequence = (this.#sequences.get(key) ?? 0) + 1;
      this.#sequences.set(key, sequence);
      return { name, version: 1, key, sequence, payload: { filler: 'x'.repeat(100) } };
    });
    for (let at = 0; at < count; at += PER_TRANSACTION) {
      const some = events.slice(at, at + PER_TRANSACTION);
      const isCrowd = (at / PER_TRANSACTION) % 2 === 1;
      await inTransaction(this.orm, (em) => appendToOutbox(em, some, { ids: this.ids, now: new Date(), isCrowd }));
    }
    this.committed += count;
  }

  relay(): Relay {
    const { orm, bus, metrics } = this;
    const relay = startRelay({ domain: DOMAIN, outbox: postgresOutbox(orm), bus, log, metrics, intervalMs: 20 });
    this.#running.push(relay);
    return relay;
  }

  /** A relay, or another member of this world, as a process that can be killed. */
  async process(entry: 'relay' | 'holder', env: Record<string, string>) {
    const child = spawn(process.execPath, [...SOURCE_FLAGS, join(import.meta.dirname, `${entry}-process.ts`)], {
      env: {
        PATH: process.env['PATH'],
        NODE_ENV: 'test',
        DATABASE_URL: this.urls.appUrl,
        REDIS_URL: this.urls.redisUrl,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit').then(([, signal]) => signal as NodeJS.Signals | null);
    return { child, exited, said: once(child.stdout, 'data').then(([data]) => String(data).trim()) };
  }

  async consumer(
    group: string,
    { handler = writeEffect(group), ...more }: { handler?: EventHandler<EntityManager>; maxAttempts?: number } = {},
  ): Promise<Consumer> {
    const { orm, bus, metrics } = this;
    const consumer = await startConsumer({
      group,
      domains: [DOMAIN],
      bus,
      inbox: postgresInbox(orm),
      handlers: { [EVENT]: handler },
      log,
      metrics,
      retryDelayMs: 5,
      ...more,
    });
    this.#running.push(consumer);
    return consumer;
  }

  /** In the order in which they were committed, as far as one key goes. */
  effects(group: string): Promise<Effect[]> {
    return this.orm.em
      .fork()
      .execute<Effect[]>('select id, key, sequence from effect where consumer = ? order by position', [group]);
  }

  async allDone(group: string, count = this.committed): Promise<void> {
    const done = async () => {
      const [row] = await this.orm.em
        .fork()
        .execute<{ count: string }[]>('select count(*) as count from effect where consumer = ?', [group]);
      return Number(row?.count) >= count;
    };
    await until(done, { timeoutMs: PATIENCE_MS, what: `${count} effects of ${group}` });
  }

  async metric(name: string, label: string): Promise<number | undefined> {
    const text = await this.metrics.text();
    const line = text.split('\n').find((one) => one.startsWith(`${name}{`) && one.includes(label));
    return line === undefined ? undefined : Number(line.split(' ').at(-1));
  }
}
