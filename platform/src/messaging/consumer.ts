import { betweenCrashPoints, crashPoint } from '../core/crash-point.ts';
import type { Logger } from '../telemetry/telemetry.ts';
import type { Delivery, EventBus } from './bus.ts';
import type { EventEnvelope } from './envelope.ts';
import type { Inbox } from './inbox.ts';
import { startLoop } from './loop.ts';

export type EventHandler<Transaction> = (event: EventEnvelope, transaction: Transaction) => Promise<void>;

export interface ConsumerOptions<Transaction> {
  /** The group's name, e.g. `search`: each group gets every event of its domains once. */
  group: string;
  domains: readonly string[];
  bus: EventBus;
  inbox: Inbox<Transaction>;
  /** By event name. Names without a handler are acknowledged and counted. */
  handlers: Readonly<Record<string, EventHandler<Transaction>>>;
  log: Logger;
  maxAttempts?: number;
  /** Keys handled at the same time; events of one key always follow one another. */
  concurrency?: number;
  retryDelayMs?: number;
}

export interface Consumer {
  stats(): { handled: number; ignored: number; buried: number; duplicates: number };
  stop(): Promise<void>;
}

const RECEIVE_COUNT = 64;
const RECEIVE_WAIT_MS = 1_000;
const DEFAULT_MAX_ATTEMPTS = 5;
const DEFAULT_CONCURRENCY = 8;
const DEFAULT_RETRY_DELAY_MS = 100;

/**
 * Runs a group's handlers: at least once from the bus, exactly once in effect
 * by the inbox. An event that keeps failing goes to the dead letters with its
 * reason and lets the others pass.
 */
export async function startConsumer<Transaction>(options: ConsumerOptions<Transaction>): Promise<Consumer> {
  const { group, domains, bus, inbox, handlers, log } = options;
  const maxAttempts = options.maxAttempts ?? DEFAULT_MAX_ATTEMPTS;
  const concurrency = options.concurrency ?? DEFAULT_CONCURRENCY;
  const retryDelayMs = options.retryDelayMs ?? DEFAULT_RETRY_DELAY_MS;
  const member = await bus.join({ group, domains });
  const stats = { handled: 0, ignored: 0, buried: 0, duplicates: 0 };
  let stopping = false;

  const handle = async (delivery: Delivery): Promise<void> => {
    const { envelope } = delivery;
    const handler = handlers[envelope.name];
    if (!handler && envelope.version !== 0) {
      stats.ignored += 1;
      return member.acknowledge([delivery]);
    }
    for (let attempt = delivery.attempt; ; attempt += 1) {
      try {
        if (!handler) throw new Error('not an event envelope');
        const ran = await betweenCrashPoints('consumer.effect', () =>
          inbox.once(group, envelope.id, (transaction) => handler(envelope, transaction)),
        );
        stats[ran ? 'handled' : 'duplicates'] += 1;
        await member.acknowledge([delivery]);
        crashPoint('consumer.acknowledged');
        return undefined;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        if (attempt >= maxAttempts || !handler) {
          stats.buried += 1;
          log.error({ err: error, group, event: envelope.name, id: envelope.id, attempt }, 'event buried');
          return await member.bury({ ...delivery, attempt }, reason);
        }
        log.warn({ err: reason, group, event: envelope.name, id: envelope.id, attempt }, 'event failed; trying again');
        if (stopping) return undefined; // Not acknowledged: it comes again after the restart.
        await pause(retryDelayMs * 2 ** (attempt - 1) * (0.5 + Math.random()));
      }
    }
  };

  const loop = startLoop({
    name: `consumer ${group}`,
    log,
    intervalMs: 50,
    async run() {
      const deliveries = await member.receive({ count: RECEIVE_COUNT, waitMs: RECEIVE_WAIT_MS });
      const byKey = Map.groupBy(deliveries, (delivery) => delivery.envelope.key || delivery.position);
      const lanes = [...byKey.values()];
      await Promise.all(
        Array.from({ length: Math.min(concurrency, lanes.length) }, async () => {
          for (let lane = lanes.pop(); lane; lane = lanes.pop()) {
            for (const delivery of lane) await handle(delivery);
          }
        }),
      );
      return 'busy';
    },
  });

  return {
    stats: () => ({ ...stats }),
    async stop() {
      stopping = true;
      const ended = loop.stop();
      await member.interrupt();
      // What is in hand is finished and acknowledged; what fails now is claimed by the next member.
      await ended;
      await member.close();
    },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
