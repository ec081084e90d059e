import { liveError, SubscriptionRefusedError } from './live-error.ts';
import type { EventLog } from './live-ports.ts';

/** A log that is away must not hold a client, or a place for a replay, until it is back. */
export function answeringInTime(log: EventLog, limitMs: number): EventLog {
  return {
    head: (domain) => inTime(log.head(domain), limitMs),
    isTrimmed: (domain) => inTime(log.isTrimmed(domain), limitMs),
    read: (domain, options) => inTime(log.read(domain, options), limitMs),
    follow: (after) => log.follow(after),
  };
}

/** Rejects with the code when the work is not done by then; the work itself goes on. */
export async function inTime<T>(
  work: Promise<T>,
  limitMs: number,
  code: 'TIMEOUT' | 'SLOW_CONSUMER' = 'TIMEOUT',
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = liveError(code, 'The stream could not be opened in time.', { retryable: true });
      reject(new SubscriptionRefusedError([error]));
    }, limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
