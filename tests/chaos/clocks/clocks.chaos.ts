import { afterAll, beforeAll, describe, it } from 'vitest';
import { services, WrongClocks, wrongClocks } from './wrong-clocks.ts';

describe('R23 a machine that is wrong about the time', () => {
  let world: WrongClocks;
  beforeAll(async () => {
    world = await WrongClocks.open();
  });
  afterAll(() => world?.close());

  const cells = services.flatMap((service) =>
    (Object.keys(wrongClocks) as (keyof typeof wrongClocks)[]).map((clock) => [service, clock] as const),
  );
  it.each(cells)('%s, %s: what is bought, delivered and held has the same times as ever', (service, clock) =>
    world.play(service, clock),
  );
});
