import { betweenCrashPoints, crashPoint } from '../core/crash-point.ts';
import { isOutage } from '../core/outage.ts';
import type { Logger, Metrics } from '../telemetry/telemetry.ts';
import { SpanKind, traced } from '../tracing/tracing.ts';
import type { Delivery, EventBus } from './bus.ts';
import type { EventEnvelope } from './envelope.ts';
import type { Inbox } from './inbox.ts';
import { startLoop } from './loop.ts';
import { watchDeadLetters } from './messaging-metrics.ts';
import { keyOf, runsTogether } from './runs-together.ts';

export type EventHandler<Transaction> = (event: EventEnvelope, transaction: Transaction) => Promise<void>;

/** Events of one name, in their order, in one transaction. */
export type TogetherHandler<Transaction> = (
  events: readonly EventEnvelope[],
  transaction: Transaction,
) => Promise<void>;

export interface ConsumerOptions<Transaction> {
  /** The group's name, e.g. `search`: each group gets every event of its domains once. */
  group: string;
  domains: readonly string[];
  bus: EventBus;
  inbox: Inbox<Transaction>;
  /** By event name. Names without a handler are acknowledged and counted. */
  handlers: Readonly<Record<string, EventHandler<Transaction>>>;
  /**
   * By event name, where many events cost less at once: what comes as a crowd is handled in one transaction. If that
   * fails, each of them is handled by itself, so that only the one to blame is buried.
   */
  together?: Readonly<Record<string, TogetherHandler<Transaction>>>;
  /** Names of events whose effect changes nothing when it comes again, because it looks at their sequence: no inbox for them. */
  repeatable?: readonly string[];
  /** False for an event whose handler would do nothing: it is acknowledged without a transaction. */
  concerns?: (event: EventEnvelope) => boolean;
  /** The same by what is stored: false for an event that can change nothing any more, now or later. */
  isNews?: (event: EventEnvelope) => Promise<boolean>;
  log: Logger;
  /** Told how many events were given up on, where somebody looks. */
  metrics?: Metrics;
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
/** In one transaction at most: what waits behind it waits no longer than a moment. */
const MAX_TOGETHER = 200;
const RECEIVE_WAIT_MS = 2_000;
/** What was nothing to the group is acknowledged with what comes next, and by itself when nothing comes for so long. */
const IGNORED_WAIT_MS = 200;
const DEFAULT_MAX_ATTEMPTS = 5;
const DEFAULT_CONCURRENCY = 8;
const DEFAULT_RETRY_DELAY_MS = 100;
/** While a store is away its return is noticed this soon. */
const MAX_OUTAGE_DELAY_MS = 2_000;

/**
 * Runs a group's handlers: at least once from the bus, exactly once in effect
 * by the inbox. An event that keeps failing goes to the dead letters with its
 * reason and lets the others pass; one that cannot be handled because a store
 * or a service is away is not to blame, and waits for as long as that takes.
 */
export async function startConsumer<Transaction>(options: ConsumerOptions<Transaction>): Promise<Consumer> {
  const { group, domains, bus, inbox, handlers, together = {}, concerns = () => true, isNews, log, metrics } = options;
  const maxAttempts = options.maxAttempts ?? DEFAULT_MAX_ATTEMPTS;
  const concurrency = options.concurrency ?? DEFAULT_CONCURRENCY;
  const retryDelayMs = options.retryDelayMs ?? DEFAULT_RETRY_DELAY_MS;
  const member = await bus.join({ group, domains });
  const isRepeatable = ({ name }: EventEnvelope) => options.repeatable?.includes(name) ?? false;
  const stats = { handled: 0, ignored: 0, buried: 0, duplicates: 0 };
  const watch = metrics && watchDeadLetters({ metrics, group, bus, log });
  let stopping = false;
  let isCrowd = options.together !== undefined;

  /** Told with the next that are. One that is lost here comes again, and is nothing to anybody again. */
  let ignored: Delivery[] = [];
  const acknowledge = async (deliveries: readonly Delivery[]): Promise<void> => {
    const all = [...ignored, ...deliveries];
    ignored = [];
    if (all.length === 0) return;
    await member.acknowledge(all);
    crashPoint('consumer.acknowledged');
  };

  /** The effect, as often as it takes; `stopped` leaves the event to whoever comes after the restart. */
  const takeEffect = async (
    { envelope, attempt: first }: Delivery,
    handler: EventHandler<Transaction>,
  ): Promise<
    { ended: 'handled' | 'duplicates' | 'ignored' | 'stopped' } | { ended: 'failed'; attempt: number; error: unknown }
  > => {
    let outages = 0;
    for (let attempt = first; ;) {
      try {
        const ended = await traced(
          `${group} ${envelope.name}`,
          { service: group, kind: SpanKind.CONSUMER, parent: envelope.trace },
          (trace) =>
            betweenCrashPoints('consumer.effect', async () => {
              if (isNews && !(await isNews(envelope))) return 'ignored';
              const effect = (transaction: Transaction) => handler(causedBy(trace, envelope), transaction);
              if (inbox.repeatable && isRepeatable(envelope)) {
                await inbox.repeatable(effect);
                return 'handled';
              }
              return (await inbox.once(group, envelope.id, effect)) ? 'handled' : 'duplicates';
            }),
        );
        return { ended };
      } catch (error) {
        const isAway = isOutage(error);
        if (!isAway && attempt >= maxAttempts) return { ended: 'failed', attempt, error };
        const facts = { err: reasonOf(error), group, event: envelope.name, id: envelope.id, attempt, isAway };
        log.warn(facts, 'event failed; trying again');
        if (stopping) return { ended: 'stopped' };
        const delayMs = isAway
          ? Math.min(retryDelayMs * 2 ** outages, MAX_OUTAGE_DELAY_MS)
          : retryDelayMs * 2 ** (attempt - 1);
        await pause(delayMs * (0.5 + Math.random()));
        if (isAway) outages += 1;
        else attempt += 1;
      }
    }
  };

  /** False when the event is left to be delivered again, and with it what follows it under its key. */
  const handle = async (delivery: Delivery): Promise<boolean> => {
    const { envelope } = delivery;
    const handler = handlers[envelope.name];
    const outcome = handler
      ? await takeEffect(delivery, handler)
      : ({ ended: 'failed', attempt: delivery.attempt, error: new Error('not an event envelope') } as const);
    if (outcome.ended === 'stopped') return false;
    if (outcome.ended === 'failed') {
      const { attempt, error } = outcome;
      const { domain, position } = delivery;
      await member.bury({ domain, position, envelope, attempt }, reasonOf(error));
      stats.buried += 1;
      log.error({ err: error, group, event: envelope.name, id: envelope.id, attempt }, 'event buried');
      return true;
    }
    stats[outcome.ended] += 1;
    // A bus that is away cannot be told: the event comes again, and the inbox knows it.
    if (outcome.ended === 'ignored') ignored.push(delivery);
    else await acknowledge([delivery]);
    return true;
  };

  /** Resolves to those that are still to be handled, each by itself. */
  const handleTogether = async (deliveries: readonly Delivery[]): Promise<readonly Delivery[]> => {
    if (!inbox.onceTogether) return deliveries;
    const { runs, apart } = runsTogether(deliveries, {
      mayJoin: ({ envelope }) => Object.hasOwn(together, envelope.name),
      maxRun: MAX_TOGETHER,
    });
    for (const [at, run] of runs.entries()) {
      const events = run.map(({ envelope }) => envelope);
      try {
        const news = await traced(
          `${group} events`,
          { service: group, kind: SpanKind.CONSUMER, parent: events[0]!.trace },
          (trace) =>
            betweenCrashPoints('consumer.effect', async () => {
              const effect = async (fresh: readonly EventEnvelope[], transaction: Transaction): Promise<void> => {
                for (const ofOneName of chunksByName(fresh.map((event) => causedBy(trace, event)))) {
                  await together[ofOneName[0]!.name]!(ofOneName, transaction);
                }
              };
              if (!inbox.repeatable || !events.every(isRepeatable)) return inbox.onceTogether!(group, events, effect);
              await inbox.repeatable((transaction) => effect(events, transaction));
              return events.length;
            }),
        );
        stats.handled += news;
        stats.duplicates += run.length - news;
      } catch (error) {
        log.warn({ err: reasonOf(error), group, events: run.length }, 'events failed together; each by itself');
        // Those behind it as well: one of them may follow one that failed.
        const left = new Set([...runs.slice(at).flat(), ...apart]);
        return deliveries.filter((delivery) => left.has(delivery));
      }
      await acknowledge(run);
    }
    return apart;
  };

  const isIgnored = (delivery: Delivery): boolean => {
    if (delivery.name !== undefined && !handlers[delivery.name]) return true;
    const event = delivery.envelope;
    if (event.version === 0) return false;
    try {
      return !handlers[event.name] || !concerns(event);
    } catch {
      // Not as it should be: its handler says so, and it is buried.
      return false;
    }
  };

  const loop = startLoop({
    name: `consumer ${group}`,
    log,
    intervalMs: 50,
    async run() {
      const waitMs = ignored.length > 0 ? IGNORED_WAIT_MS : RECEIVE_WAIT_MS;
      const deliveries = await member.receive({ count: isCrowd ? MAX_TOGETHER : RECEIVE_COUNT, waitMs });
      // Most events are nothing to most groups.
      const [nothing, concerning] = parted(deliveries, isIgnored);
      stats.ignored += nothing.length;
      ignored.push(...nothing);
      // What is nothing to the group is read over quickly; of what is handled one by one few are taken at a time.
      isCrowd = options.together !== undefined || (deliveries.length > 0 && concerning.length === 0);
      if (deliveries.length === 0 || ignored.length >= RECEIVE_COUNT) await acknowledge([]);
      const apart = await handleTogether(concerning);
      const lanes = [...Map.groupBy(apart, keyOf).values()];
      const ends = await Promise.allSettled(
        Array.from({ length: Math.min(concurrency, lanes.length) }, async () => {
          for (let lane = lanes.pop(); lane; lane = lanes.pop()) {
            for (const delivery of lane) if (!(await handle(delivery))) break;
          }
        }),
      );
      // Every lane has come to its end by now: the next round must not overtake one of this.
      for (const end of ends) if (end.status === 'rejected') throw end.reason;
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
      await Promise.all([ended, watch?.stop()]);
      await acknowledge([]).catch(() => undefined);
      await member.close();
    },
  };
}

function chunksByName(events: readonly EventEnvelope[]): EventEnvelope[][] {
  const chunks: EventEnvelope[][] = [];
  for (const event of events) {
    const chunk = chunks.at(-1);
    if (chunk?.[0]!.name === event.name) chunk.push(event);
    else chunks.push([event]);
  }
  return chunks;
}

/** What follows from it was caused by its handling here. */
function causedBy(trace: string | undefined, envelope: EventEnvelope): EventEnvelope {
  return trace === envelope.trace ? envelope : { ...envelope, trace };
}

function parted<T>(all: readonly T[], is: (one: T) => boolean): [T[], T[]] {
  const [yes, no]: [T[], T[]] = [[], []];
  for (const one of all) (is(one) ? yes : no).push(one);
  return [yes, no];
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
