import { crashPoint } from '../core/crash-point.ts';
import type { Logger } from '../telemetry/telemetry.ts';
import type { EventBus } from './bus.ts';
import { startLoop } from './loop.ts';
import type { Outbox } from './outbox.ts';

export interface Relay {
  /** A transaction has just written to the outbox: look now instead of at the next tick. */
  nudge(): void;
  stop(): Promise<void>;
}

export interface RelayOptions {
  domain: string;
  outbox: Outbox;
  bus: EventBus;
  log: Logger;
  /** How long an event waits at most when nobody nudges. */
  intervalMs?: number;
}

const BATCH = 500;
const DEFAULT_INTERVAL_MS = 200;

/**
 * Moves outbox rows to the domain's stream, oldest first. A crash between
 * publishing and marking publishes again: consumers have an inbox for that.
 */
export function startRelay({ domain, outbox, bus, log, intervalMs = DEFAULT_INTERVAL_MS }: RelayOptions): Relay {
  const loop = startLoop({
    name: `relay ${domain}`,
    log,
    intervalMs,
    async run() {
      const published = await outbox.publishNext(BATCH, async (rows) => {
        crashPoint('outbox.read');
        await bus.publish(
          domain,
          rows.map((row) => row.envelope),
        );
        crashPoint('outbox.published');
      });
      if (!published) return 'idle';
      crashPoint('outbox.marked');
      return published === BATCH ? 'busy' : 'idle';
    },
  });
  return {
    nudge: loop.nudge,
    async stop() {
      await loop.stop();
      await outbox.close();
    },
  };
}
