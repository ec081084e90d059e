import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crashPoints, nameOf } from './crash-points.ts';
import { CrashShop, outcomes } from './crash-shop.ts';

/** R08 asks for three; one takes half an hour. */
const REPEATS = Number(process.env['CHAOS_REPEATS'] ?? 1);
/** From when the service is back. */
const ENDED_WITHIN_MS = 30_000;

/** R08: every crash point × every outcome, so many times. */
describe('R08 a service that dies in the middle of a purchase', () => {
  let shop: CrashShop;
  const reached = new Set<string>();

  beforeAll(async () => {
    shop = await CrashShop.open();
  });
  afterAll(() => shop?.close());

  const cells = crashPoints.flatMap((point) => outcomes.map((outcome) => [nameOf(point), outcome, point] as const));

  it.each(Array.from({ length: REPEATS }, () => cells).flat())(
    '%s, %s: ends as if it had not within 30 s, and nothing is lost',
    async (name, outcome, point) => {
      const { purchase, expected, broken, crashed, endedAfterMs } = await shop.play(point, outcome);
      if (crashed) reached.add(name);
      expect({ status: purchase.status, broken }).toEqual({ status: expected, broken: [] });
      expect(endedAfterMs).toBeLessThanOrEqual(ENDED_WITHIN_MS);
    },
  );

  it('came by every point with at least one outcome', () => {
    expect(crashPoints.map(nameOf).filter((name) => !reached.has(name))).toEqual([]);
  });
});
