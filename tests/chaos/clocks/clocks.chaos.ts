import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { services, WrongClocks, wrongClocks } from './wrong-clocks.ts';

const cells = services.flatMap((service) =>
  (Object.keys(wrongClocks) as (keyof typeof wrongClocks)[]).map((clock) => [service, clock] as const),
);

describe('R23 a machine that is wrong about the time', () => {
  let world: WrongClocks;
  beforeAll(async () => {
    world = await WrongClocks.open();
  });
  afterAll(() => world?.close());

  it.each(cells)('%s, %s: what is bought, delivered and held has the same times as ever', async (service, clock) => {
    expect(await world.play(service, clock)).toEqual({
      status: 'CONFIRMED',
      impossible: [],
      windows: { isTimeToPay: true, isReturnWindow: true, isSameForPayments: true },
      broken: [],
    });
  });
});
