import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crashPoints, nameOf } from './crash-points.ts';
import { CrashShop, outcomes } from './crash-shop.ts';

/** R08: every crash point × every outcome. */
describe('R08 a service that dies in the middle of a purchase', () => {
  let shop: CrashShop;
  const reached = new Set<string>();

  beforeAll(async () => {
    shop = await CrashShop.open();
  });
  afterAll(() => shop?.close());

  it.each(crashPoints.flatMap((point) => outcomes.map((outcome) => [nameOf(point), outcome, point] as const)))(
    '%s, %s: ends as if it had not, and nothing is lost',
    async (name, outcome, point) => {
      const { purchase, expected, broken, crashed } = await shop.play(point, outcome);
      if (crashed) reached.add(name);
      expect({ status: purchase.status, broken }).toEqual({ status: expected, broken: [] });
    },
  );

  it('came by every point with at least one outcome', () => {
    expect(crashPoints.map(nameOf).filter((name) => !reached.has(name))).toEqual([]);
  });
});
