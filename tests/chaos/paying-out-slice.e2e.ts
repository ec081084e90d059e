import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CrashPoint, nameOf, payingOutOf } from './crash-points.ts';
import { expectedAtProvider, PayingOutShop } from './paying-out-shop.ts';

/** A cell of what `test:chaos` plays whole: the money has left, and we have not written so. */
const points: CrashPoint[] = [{ service: 'payments', point: 'provider.transfer.after' }];

describe('R08 a service dies while money leaves us', () => {
  let shop: PayingOutShop;

  beforeAll(async () => {
    shop = await PayingOutShop.open();
  });
  afterAll(() => shop?.close());

  it.each(points.map((point) => [nameOf(point), payingOutOf(point), point] as const))(
    '%s: the order is %s once, by the provider’s record too, and nothing is lost',
    async (_name, _ending, point) => {
      const { crashed, order, paidOut, broken } = await shop.play(point);
      expect({ crashed, paidOut, broken }).toEqual({
        crashed: true,
        paidOut: expectedAtProvider(point, order),
        broken: [],
      });
    },
  );
});
