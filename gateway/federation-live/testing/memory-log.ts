import type { EventLog, LoggedEvent } from '../src/live/live-ports.ts';
import { comparePositions, ORIGIN } from '../src/live/position.ts';

export interface MemoryLog extends EventLog {
  publish(domain: string, topics: readonly string[], payload?: unknown, id?: string): LoggedEvent;
  /** Drops all but the newest events of a domain. */
  trim(domain: string, keep: number): void;
  /** Loses everything, as a server without a disk would. */
  lose(): void;
  /** Fails everything until mended. */
  broken: boolean;
}

/** A log in memory, for tests: positions count from 1. */
export function memoryLog(): MemoryLog {
  const streams = new Map<string, LoggedEvent[]>();
  const trimmed = new Set<string>();
  const waiting = new Set<() => void>();
  let next = 1;
  let ids = 0;
  const of = (domain: string) => streams.get(domain) ?? [];
  const check = () => {
    if (log.broken) throw new Error('the log is away');
  };

  const log: MemoryLog = {
    broken: false,
    publish(domain, topics, payload = {}, id = `evt_${(ids += 1)}`) {
      const event: LoggedEvent = {
        domain,
        position: `${next}-0`,
        envelope: {
          id,
          name: `${domain}.changed`,
          key: topics[0] ?? '',
          sequence: next,
          occurredAt: '2026-01-01T00:00:00.000Z',
          topics,
          payload,
        },
      };
      next += 1;
      streams.set(domain, [...of(domain), event]);
      for (const wake of waiting) wake();
      return event;
    },
    trim(domain, keep) {
      streams.set(domain, of(domain).slice(-keep));
      trimmed.add(domain);
    },
    lose() {
      streams.clear();
      next = 1;
    },
    async head(domain) {
      check();
      return of(domain).at(-1)?.position ?? ORIGIN;
    },
    async isTrimmed(domain) {
      check();
      return trimmed.has(domain);
    },
    async read(domain, { after, count }) {
      check();
      return of(domain)
        .filter(({ position }) => comparePositions(position, after) > 0)
        .slice(0, count);
    },
    follow(after) {
      const positions = { ...after };
      let closed = false;
      return {
        async next(waitMs) {
          for (let waited = false; ; waited = true) {
            if (closed) throw new Error('closed');
            check();
            const news = Object.keys(positions).flatMap((domain) =>
              of(domain).filter(({ position }) => comparePositions(position, positions[domain]!) > 0),
            );
            for (const { domain, position } of news) positions[domain] = position;
            if (news.length > 0 || waited) return news;
            await new Promise<void>((resolve) => {
              const wake = () => {
                clearTimeout(timer);
                waiting.delete(wake);
                resolve();
              };
              const timer = setTimeout(wake, waitMs);
              waiting.add(wake);
            });
          }
        },
        async close() {
          closed = true;
          for (const wake of waiting) wake();
        },
      };
    },
  };
  return log;
}
