import { expect } from 'vitest';
import { Random } from '../../simulator/world/random.ts';
import { faultsOf } from './effects.ts';
import { EventsWorld } from './events-world.ts';

const POINTS = ['outbox.read', 'outbox.published', 'outbox.marked'] as const;

/** R10: the relay dies so many times while so many events go out: at each of its points, then at any. */
export async function killTheRelay({
  events,
  kills,
  seed,
}: {
  events: number;
  kills: number;
  seed: number;
}): Promise<string[]> {
  const random = new Random(seed);
  const world = await EventsWorld.open();
  try {
    await world.consumer('r10');
    const plan = Array.from({ length: kills }, (_, at) => POINTS[at] ?? random.pick(POINTS));
    for (const point of plan) {
      await world.commit(Math.floor(events / (kills + 1)));
      const { exited } = await world.process('relay', { CRASH_AT: point });
      expect(await exited).toBe('SIGKILL');
    }
    await world.commit(events - world.committed);
    world.relay();
    await world.allDone('r10');
    return faultsOf(await world.effects('r10'), events);
  } finally {
    await world.close();
  }
}
