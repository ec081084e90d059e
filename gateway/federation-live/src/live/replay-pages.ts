import type { EventLog, LoggedEvent } from './live-ports.ts';
import { comparePositions } from './position.ts';

/** Reads the log for replays. */
export interface ReplayPages {
  /** Up to `count` events after a position; whatever is there up to `until` is among them, if it fits. */
  read(domain: string, options: { after: string; count: number; until: string }): Promise<LoggedEvent[]>;
  /** Forgets what it has read. */
  clear(): void;
}

const KEPT_PAGES = 16;

/**
 * Clients of a gateway that was restarted come back at once, most of them with
 * the same cursor, and read the same pages. A page that is full, or reaches as
 * far as is asked, is as good as new: events are only added behind it.
 */
export function replayPages(log: EventLog): ReplayPages {
  const pages = new Map<string, Promise<LoggedEvent[]>>();
  return {
    async read(domain, { after, count, until }) {
      const key = `${domain} ${after} ${count}`;
      const known = await pages.get(key)?.catch(() => undefined);
      const last = known?.at(-1);
      if (known && last && (known.length >= count || comparePositions(last.position, until) >= 0)) return known;
      const page = log.read(domain, { after, count });
      pages.delete(key);
      pages.set(key, page);
      if (pages.size > KEPT_PAGES) pages.delete(pages.keys().next().value!);
      return page;
    },
    clear: () => pages.clear(),
  };
}
