import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CrashPoint, crashPoints, nameOf } from './crash-points.ts';
import { CrashShop } from './crash-shop.ts';

/** A few cells of the matrix that `test:chaos` plays whole: two that money depends on, two by lot. */
const SEED = Number(process.env['CHAOS_SEED'] ?? Math.trunc(Math.random() * 2 ** 31));
const always: CrashPoint[] = [
  { service: 'payments', point: 'provider.capture.after' },
  { service: 'inventory', point: 'stock.change.after', nth: 2 },
];
const [drawn] = fc.sample(fc.shuffledSubarray([...crashPoints], { minLength: 2, maxLength: 2 }), {
  numRuns: 1,
  seed: SEED,
});

describe(`R08 a service dies in the middle of a purchase (CHAOS_SEED=${SEED})`, () => {
  let shop: CrashShop;

  beforeAll(async () => {
    shop = await CrashShop.open();
  });
  afterAll(() => shop?.close());

  it.each([...always, ...drawn!].map((point) => [nameOf(point), point] as const))(
    '%s: the purchase ends CONFIRMED, and nothing is lost',
    async (_, point) => {
      const { purchase, broken, crashed } = await shop.play(point, 'paid');
      expect({ status: purchase.status, broken }).toEqual({ status: 'CONFIRMED', broken: [] });
      if (always.includes(point)) expect(crashed).toBe(true);
    },
  );
});
