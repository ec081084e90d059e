import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nameOf, payingOutOf, payingOutPoints } from './crash-points.ts';
import { expectedAtProvider, PayingOutShop } from './paying-out-shop.ts';

/** R08 I6: every crash point at which money leaves us again, or units come back. */
describe('R08 a service that dies while money leaves us', () => {
  let shop: PayingOutShop;

  beforeAll(async () => {
    shop = await PayingOutShop.open();
  });
  afterAll(() => shop?.close());

  it.each(payingOutPoints.map((point) => [nameOf(point), payingOutOf(point), point] as const))(
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
