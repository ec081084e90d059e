import { describe, expect, it } from 'vitest';
import { aHistory, harmed, Listeners } from './hostile-order.ts';
import { type Loss, losses, loseRedis } from './redis-lost.ts';
import { killTheRelay } from './relay-kills.ts';
import { fallBehind, killAHolder, poison } from './stream-faults.ts';

/** A little of what `test:chaos` does to the streams at length. */
const SEED = Number(process.env['CHAOS_SEED'] ?? Math.trunc(Math.random() * 2 ** 31));

describe(`the way of an event, with accidents (CHAOS_SEED=${SEED})`, () => {
  it('R10 loses nothing, does nothing twice and keeps the order of each aggregate while the relay is killed', async () => {
    expect(await killTheRelay({ events: 1_000, kills: 3, seed: SEED })).toEqual([]);
  });

  it('R11 leaves every listener with the same knowledge when all comes twice and out of order', async () => {
    const history = aHistory();
    const [calm, hostile] = [await Listeners.open(), await Listeners.open()];
    try {
      await Promise.all([calm.hear(history), hostile.hear(harmed(history, SEED))]);
      const known = await calm.digest();
      expect(JSON.stringify(known).length).toBeGreaterThan(10_000);
      expect(await hostile.digest()).toEqual(known);
    } finally {
      await Promise.all([calm.close(), hostile.close()]);
    }
  });

  it('R13 hands on what a killed consumer held, done or not, and does none of it twice', async () => {
    expect(await killAHolder({ held: 200, handled: 50 })).toEqual([]);
  });

  it('R14 O21 buries what cannot be handled with its reason, does all the rest, and takes it up again when asked', async () => {
    expect(await poison({ events: 1_000 })).toBe(1_000);
  });

  it('R15 keeps what nobody has read, says how much that is, and catches up', async () => {
    expect((await fallBehind({ events: 3_000 })).faults).toEqual([]);
  });

  // Away for a while is what `outages-slice` does, to a whole shop.
  const forgetful = (Object.keys(losses) as Loss[]).filter((loss) => loss !== 'is away');
  it.each(forgetful)('R12 loses no event when Redis %s', async (loss) => {
    expect(await loseRedis(loss, { events: 300, awayMs: 0 })).toEqual([]);
  });
});
