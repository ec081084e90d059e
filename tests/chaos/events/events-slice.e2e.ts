import { describe, it } from 'vitest';
import { type Loss, losses, loseRedis } from './redis-lost.ts';
import { killTheRelay } from './relay-kills.ts';
import { fallBehind, killAHolder, poison } from './stream-faults.ts';

/** A little of what `test:chaos` does to the streams at length. */
const SEED = Number(process.env['CHAOS_SEED'] ?? Math.trunc(Math.random() * 2 ** 31));

describe(`the way of an event, with accidents (CHAOS_SEED=${SEED})`, () => {
  it('R10 loses nothing, does nothing twice and keeps the order of each aggregate while the relay is killed', () =>
    killTheRelay({ events: 1_000, kills: 4, seed: SEED }));

  it('R13 hands on what a killed consumer held, done or not, and does none of it twice', () =>
    killAHolder({ held: 200, handled: 50 }));

  it('R14 O21 buries what cannot be handled with its reason, does all the rest, and takes it up again when asked', () =>
    poison({ events: 1_000 }));

  it('R15 keeps what nobody has read, says how much that is, and catches up', async () => {
    await fallBehind({ events: 3_000 });
  });

  it.each(Object.keys(losses) as Loss[])('R12 loses no event when Redis %s', (loss) =>
    loseRedis(loss, { events: 300, awayMs: 3_000 }),
  );
});
