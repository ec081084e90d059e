import { describe, expect, it } from 'vitest';
import { fightForTheLastUnit } from './last-unit.ts';
import { loseRedisOfAShop } from './store-outages.ts';

/** A little of what `test:chaos` does to the stores at length. */
const SEED = Number(process.env['CHAOS_SEED'] ?? Math.trunc(Math.random() * 2 ** 31));

describe(`stores that are slow or away (CHAOS_SEED=${SEED})`, () => {
  it('R03 has one winner of each of 20 last units, on a slow wire', async () => {
    expect(await fightForTheLastUnit({ rounds: 20, seed: SEED, maxBuyers: 8 })).toEqual([]);
  });

  it('R12 loses no purchase when Redis is away: signing in is closed, reading is not', async () => {
    expect(await loseRedisOfAShop('is away', { shape: 'monolith', awayMs: 5_000 })).toEqual([]);
  });
});
