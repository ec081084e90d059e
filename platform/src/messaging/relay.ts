import { crashPoint } from '../core/crash-point.ts';
import type { Logger, Metrics } from '../telemetry/telemetry.ts';
import { type EventBus, EventsLostError } from './bus.ts';
import { startLoop } from './loop.ts';
import { watchStream } from './messaging-metrics.ts';
import type { Outbox } from './outbox.ts';

export interface Relay {
  stop(): Promise<void>;
}

export interface RelayOptions {
  domain: string;
  outbox: Outbox;
  bus: EventBus;
  log: Logger;
  /** Told how much waits, where somebody looks. */
  metrics?: Metrics;
  /** How often it looks for what nobody told it of: events of a process that died between its commit and the relay. */
  intervalMs?: number;
}

/** What a batch of a feed tells is published at once: each time costs a lease, a mark and what the store needs to write them down. */
const BATCH = 1_000;
const DEFAULT_INTERVAL_MS = 2_000;
/** Another process publishes just now, and may have looked before what we were told of was there. */
const AFTER_ANOTHER_MS = 20;
/** What is written so soon after a batch goes out together: each costs a transaction, and wakes everybody who listens. */
const GATHER_MS = 20;
/** An idle relay asks this often whether the bus still has what it was given; a busy one does with each batch. */
const LOOK_EVERY_MS = 1_000;
/** As many as a stream keeps: of older ones nobody could have been waiting for any. */
const REPUBLISH_AT_MOST = 200_000;
const TIDY_EVERY_MS = 60 * 60 * 1_000;

/**
 * Moves outbox rows to the domain's stream, oldest first. A crash between
 * publishing and marking publishes again: consumers have an inbox for that.
 * What a bus that lost its data has forgotten is published again as well.
 */
export function startRelay(options: RelayOptions): Relay {
  const { domain, outbox, bus, log, metrics, intervalMs = DEFAULT_INTERVAL_MS } = options;
  const watch = metrics && watchStream({ metrics, domain, outbox, bus, log });
  let lookedAt = Number.NEGATIVE_INFINITY;

  const publishAgain = async (keptMark: number): Promise<'busy'> => {
    const events = await outbox.requeueAfter(keptMark, REPUBLISH_AT_MOST);
    log.warn({ domain, keptMark, events }, 'the event bus has lost events; they are published again');
    if (events >= REPUBLISH_AT_MOST) await bus.setMark(domain, await outbox.lastMark());
    return 'busy';
  };

  let gathering: Promise<void> | undefined;
  const loop = startLoop({
    name: `relay ${domain}`,
    log,
    intervalMs,
    async run() {
      await gathering;
      gathering = undefined;
      try {
        const published = await outbox.publishNext(BATCH, async (rows, marks) => {
          crashPoint('outbox.read');
          await bus.publish(
            domain,
            rows.map((row) => row.envelope),
            marks,
          );
          crashPoint('outbox.published');
        });
        if (published === null) return AFTER_ANOTHER_MS;
        if (published > 0) {
          crashPoint('outbox.marked');
          if (published >= BATCH) return 'busy';
          gathering = pause(GATHER_MS);
          return 'idle';
        }
      } catch (error) {
        if (error instanceof EventsLostError) return await publishAgain(error.keptMark);
        throw error;
      }
      if (performance.now() - lookedAt < LOOK_EVERY_MS) return 'idle';
      lookedAt = performance.now();
      // In this order: the bus is given a mark before the outbox is.
      const last = await outbox.lastMark();
      const kept = await bus.markOf(domain);
      return kept < last ? await publishAgain(kept) : 'idle';
    },
  });
  outbox.onWritten(() => loop.nudge());
  const tidy = outbox.tidy?.bind(outbox);
  const tidying = tidy && startLoop({ name: `tidying ${domain}`, log, intervalMs: TIDY_EVERY_MS, run: () => tidy() });
  return {
    async stop() {
      await Promise.all([loop.stop(), tidying?.stop(), watch?.stop()]);
      await outbox.close();
    },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
