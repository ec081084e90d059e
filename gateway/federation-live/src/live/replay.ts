import { refused } from './live-error.ts';
import type { EventLog, LoggedEvent } from './live-ports.ts';
import { comparePositions, earlierBy, justBefore, ORIGIN } from './position.ts';
import type { ReplayPages } from './replay-pages.ts';

export interface ReplayLimits {
  /** Events of the domain that are looked through for one client. Who is further behind starts with a snapshot. */
  scannedEvents: number;
  /** A domain's event may be published twice within this time; its second copy is recognised that far back. */
  republishedWithinMs: number;
}

export const defaultReplayLimits: ReplayLimits = { scannedEvents: 50_000, republishedWithinMs: 30_000 };

const PAGE = 500;
/** Of the events before the cursor, only so many are read for their ids. */
const MAX_LOOKBACK = 2_000;

/** Reads a domain's events from a position on, for some topics, each event once. */
export interface Replay {
  /** Where it is: everything up to here has been handed out. */
  readonly position: string;
  /** Hands out what is there up to `until`, oldest first. */
  run(until: string, deliver: (event: LoggedEvent) => Promise<'go on' | 'stop'>): Promise<void>;
}

/** Rejects with CURSOR_EXPIRED when events after the position may be gone already. */
export async function openReplay(
  log: EventLog,
  pages: ReplayPages,
  { domain, topics, after, limits }: { domain: string; topics: readonly string[]; after: string; limits: ReplayLimits },
): Promise<Replay> {
  if (!(await isKept(log, domain, after))) expired();
  const concerns = (event: LoggedEvent) => event.envelope.topics?.some((topic) => topics.includes(topic)) ?? false;
  const seen = await idsBefore(pages, domain, after, limits, concerns);
  let position = after;
  let scanned = 0;

  return {
    get position() {
      return position;
    },
    async run(until, deliver) {
      while (comparePositions(position, until) < 0) {
        const page = await pages.read(domain, { after: position, count: PAGE, until });
        if (page.length === 0) return;
        for (const event of page) {
          if (comparePositions(event.position, until) > 0) return;
          scanned += 1;
          if (scanned > limits.scannedEvents) expired();
          position = event.position;
          if (!concerns(event) || seen.has(event.envelope.id)) continue;
          seen.add(event.envelope.id);
          if ((await deliver(event)) === 'stop') return;
        }
      }
    },
  };
}

/**
 * A position is that of an event, so the event is still there or has been
 * trimmed with what followed it; `0-0` is good as long as nothing was trimmed.
 */
async function isKept(log: EventLog, domain: string, position: string): Promise<boolean> {
  if (position === ORIGIN) return !(await log.isTrimmed(domain));
  const [event] = await log.read(domain, { after: justBefore(position), count: 1 });
  return event?.position === position;
}

async function idsBefore(
  pages: ReplayPages,
  domain: string,
  position: string,
  limits: ReplayLimits,
  concerns: (event: LoggedEvent) => boolean,
): Promise<Set<string>> {
  const ids = new Set<string>();
  let at = earlierBy(position, limits.republishedWithinMs);
  for (let read = 0; read < MAX_LOOKBACK && comparePositions(at, position) < 0; read += PAGE) {
    const page = await pages.read(domain, { after: at, count: PAGE, until: position });
    for (const event of page) {
      if (comparePositions(event.position, position) > 0) return ids;
      if (concerns(event)) ids.add(event.envelope.id);
      at = event.position;
    }
    if (page.length === 0) break;
  }
  return ids;
}

function expired(): never {
  return refused('CURSOR_EXPIRED', 'This cursor is too old. Subscribe without it to get the current state.');
}
