import type { Redis } from '@marketgraph/platform/redis';
import { dirtySince, type Step } from './source-model.ts';
import { waitingSince } from './stream-lag.ts';

const PROGRESS = 'search:progress';

/** Events arrive in lanes; the newest one counts, not the last one written. */
export function eventSeenStep(occurredAt: string): Step {
  return ['call', 'ZADD', PROGRESS, 'GT', Date.parse(occurredAt), 'event'];
}

export async function lastEventAt(redis: Redis): Promise<Date | null> {
  const score = await redis.zscore(PROGRESS, 'event');
  return score === null ? null : new Date(Number(score));
}

/** How long the oldest change waits that a search in this version does not show yet. */
export async function lagMs(
  redis: Redis,
  { version, domains, group }: { version: string; domains: readonly string[]; group: string },
): Promise<number> {
  const waiting = await Promise.all([
    dirtySince(redis, version),
    ...domains.map((domain) => waitingSince(redis, domain, group)),
  ]);
  const now = Date.now();
  return Math.max(0, ...waiting.flatMap((since) => (since === null ? [] : [now - since])));
}
