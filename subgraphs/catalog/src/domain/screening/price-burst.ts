import type { Flag } from '../moderation-case.ts';

const MIN_JUMPS = 20;
const MIN_SHARE = 0.25;

/** A vendor that doubled or halved a large part of its prices within an hour: a mistake in a feed, a stolen account, or worse. */
export function priceBurst(
  vendorId: string,
  { jumped, offers }: { jumped: number; offers: number },
  now: Date,
): Flag | undefined {
  if (jumped < MIN_JUMPS || jumped < MIN_SHARE * offers) return undefined;
  const share = Math.min(1, jumped / Math.max(1, offers));
  return {
    kind: 'PRICE_BURST',
    score: Math.round(50 + 40 * share),
    reason: `${jumped} of ${offers} prices were changed to less than half or more than twice within an hour.`,
    basis: `${vendorId} ${now.toISOString().slice(0, 10)}`,
  };
}
