import { describe, expect, it } from 'vitest';
import { type Loss, losses, loseRedis } from './redis-lost.ts';
import { killTheRelay } from './relay-kills.ts';
import { fallBehind, killAHolder, lagOfAnAbsence, poison } from './stream-faults.ts';

const SEED = Number(process.env['CHAOS_SEED'] ?? Math.trunc(Math.random() * 2 ** 31));
const TEN_MINUTES = { timeout: 600_000 };
const harms = [1, 2, 3].flatMap((time) => (Object.keys(losses) as Loss[]).map((loss) => [loss, time] as const));

describe(`the way of an event, with accidents (CHAOS_SEED=${SEED})`, () => {
  it('R10 loses none of 10,000 events while the relay is killed 50 times', TEN_MINUTES, async () => {
    expect(await killTheRelay({ events: 10_000, kills: 50, seed: SEED })).toEqual([]);
  });

  it('R13 hands on what a killed consumer held', async () => {
    expect(await killAHolder({ held: 200, handled: 100 })).toEqual([]);
  });

  it('R14 O21 buries five of 1,000 and does the rest', async () => {
    expect(await poison({ events: 1_000 })).toBe(1_000);
  });

  it('R15 catches up with 30,000 events', TEN_MINUTES, async () => {
    const { perSecond, faults } = await fallBehind({ events: 30_000 });
    process.stdout.write(`R15: ${perSecond} events per second\n`);
    expect(faults).toEqual([]);
  });

  it(
    'R15 X6 says within a twentieth how far a group is behind that was away for a minute, and for how long',
    TEN_MINUTES,
    async () => {
      const { lag, unread, oldestSeconds, awaySeconds } = await lagOfAnAbsence({ perSecond: 100, seconds: 60 });
      expect(Math.abs(lag! - unread)).toBeLessThanOrEqual(unread / 20);
      expect(Math.abs(oldestSeconds! - awaySeconds)).toBeLessThanOrEqual(awaySeconds / 20);
    },
  );

  it.each(harms)('R12 loses no event when Redis %s, time %i', TEN_MINUTES, async (loss) => {
    expect(await loseRedis(loss, { events: 3_000, awayMs: 60_000 })).toEqual([]);
  });
});
