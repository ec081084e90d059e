import type { EventLog, LiveLogger, LoggedEvent } from './live-ports.ts';
import { comparePositions, earlierBy, ORIGIN } from './position.ts';

export interface EventSource {
  /** Whether the log has answered lately: what happened before that is known here. */
  isCurrent(): boolean;
  /** Follows these domains too, from now on. */
  add(domains: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

export interface EventSourceOptions {
  log: EventLog;
  domains: readonly string[];
  logger: LiveLogger;
  onEvent(event: LoggedEvent): void;
}

const WAIT_MS = 1_000;
/** A silent log answers every `WAIT_MS`; one that has said nothing for so long may be away, and news unknown. */
const CURRENT_FOR_MS = 3_000;
/** A read that is this late will never come back: its connection is dead without knowing. */
const STUCK_MS = 15_000;
const RETRY_MS = 500;
/** How often a silent log is asked whether it has lost its data. */
const CHECK_MS = 5_000;
/** Ids of events already handed out; a publisher that crashed sends the same event again, under the same id. */
const REMEMBERED_IDS = 50_000;
/** At the start, ids of this much of the past are read, so that a second copy is known as one. */
const PRIMED_MS = 60_000;
const PRIMED_PER_DOMAIN = 1_000;

/**
 * Follows all domains, once for all clients of the process: every event in the
 * order of its domain, none twice. Goes on where it was when the log comes back.
 */
export async function startEventSource({ log, domains, logger, onEvent }: EventSourceOptions): Promise<EventSource> {
  const positions: Record<string, string> = {};
  const seen = new RecentIds(REMEMBERED_IDS);
  const begin = async (domain: string): Promise<void> => {
    const head = await log.head(domain);
    const recent = await log.read(domain, { after: earlierBy(head, PRIMED_MS), count: PRIMED_PER_DOMAIN });
    for (const { position, envelope } of recent) {
      if (comparePositions(position, head) <= 0) seen.isNew(envelope.id);
    }
    positions[domain] = head;
  };
  for (const domain of domains) await begin(domain);
  let follower = log.follow(positions);
  let hasNewDomains = false;
  let stopped = false;
  let wake: (() => void) | undefined;
  let checkedAt = Date.now();
  let readAt = performance.now();

  const follow = async (): Promise<void> => {
    const events = await inTime(follower.next(WAIT_MS), STUCK_MS);
    readAt = performance.now();
    for (const event of events) {
      positions[event.domain] = event.position;
      if (!seen.isNew(event.envelope.id)) continue;
      try {
        onEvent(event);
      } catch (error) {
        logger.error({ err: error, event: event.envelope.name }, 'event could not be handed out');
      }
    }
    if (hasNewDomains) {
      hasNewDomains = false;
      await reopen();
    }
    if (Date.now() - checkedAt < CHECK_MS) return;
    checkedAt = Date.now();
    if (await rewindWhatIsLost(log, positions, logger)) await reopen();
  };

  const reopen = async (): Promise<void> => {
    const old = follower;
    follower = log.follow(positions);
    await old.close().catch(() => undefined);
  };

  const finished = (async () => {
    while (!stopped) {
      try {
        await follow();
      } catch (error) {
        if (stopped) break;
        logger.warn({ err: error }, 'the event log does not answer; trying again');
        await new Promise<void>((resolve) => {
          wake = resolve;
          setTimeout(resolve, RETRY_MS).unref();
        });
        if (!stopped) await reopen().catch(() => undefined);
      }
    }
  })();

  return {
    isCurrent: () => !stopped && performance.now() - readAt < CURRENT_FOR_MS,
    async add(more) {
      const unknown = more.filter((domain) => !Object.hasOwn(positions, domain));
      for (const domain of unknown) await inTime(begin(domain), STUCK_MS);
      // Read from those positions as soon as the wait under way is over.
      if (unknown.length > 0) hasNewDomains = true;
    },
    async stop() {
      stopped = true;
      wake?.();
      await follower.close().catch(() => undefined);
      await inTime(finished, WAIT_MS * 2).catch(() => undefined);
    },
  };
}

/** A log whose newest event is older than one we have read has lost data: what is in it now is read from its start. */
async function rewindWhatIsLost(
  log: EventLog,
  positions: Record<string, string>,
  logger: LiveLogger,
): Promise<boolean> {
  let lost = false;
  for (const [domain, position] of Object.entries(positions)) {
    if (comparePositions(await log.head(domain), position) >= 0) continue;
    logger.warn({ domain, position }, 'the event log went back; reading it from its start');
    positions[domain] = ORIGIN;
    lost = true;
  }
  return lost;
}

/** The last ids, so many and no more. */
class RecentIds {
  private readonly ids = new Set<string>();

  constructor(private readonly size: number) {}

  isNew(id: string): boolean {
    if (this.ids.has(id)) return false;
    this.ids.add(id);
    if (this.ids.size > this.size) {
      const [oldest] = this.ids;
      this.ids.delete(oldest!);
    }
    return true;
  }
}

async function inTime<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
