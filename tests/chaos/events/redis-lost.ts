import { setTimeout as pause } from 'node:timers/promises';
import { until } from '@marketgraph/platform/testing';
import { Redis } from 'ioredis';
import { expect } from 'vitest';
import { expectThat } from '../../story/report.ts';
import { DOMAIN, faultsOf } from './effects.ts';
import { EventsWorld } from './events-world.ts';

const GROUP = 'careful';
const PER_STEP = 50;

/** Each takes a world whose events flow, harms its Redis, and returns when Redis is there again. */
export const losses = {
  async 'is emptied'({ redis }) {
    await redis.flushall();
  },
  async 'is killed and comes back empty'({ world }) {
    await world.stores.outageOf('redis').begin();
    await world.stores.outageOf('redis').end();
  },
  async 'comes back as it was some time ago'({ world, redis }) {
    await redis.save();
    // What happens now is what the Redis that comes back does not know.
    await world.allDone(GROUP, world.committed + 4 * PER_STEP);
    await world.stores.outageOf('redis').begin();
    await world.stores.outageOf('redis').end();
  },
  async 'is away'({ world, awayMs }) {
    await world.stores.outageOf('redis').begin();
    const before = world.committed;
    await pause(awayMs);
    expectThat(world.committed > before, 'events wait in the outbox', world.committed);
    await world.stores.outageOf('redis').end();
  },
} as const satisfies Record<string, (harm: { world: EventsWorld; redis: Redis; awayMs: number }) => Promise<void>>;

export type Loss = keyof typeof losses;

/** R12, for the streams: events are committed all the while, and each has its effect once, in order, whatever Redis forgot. */
export async function loseRedis(loss: Loss, { events, awayMs }: { events: number; awayMs: number }): Promise<string[]> {
  const world = await EventsWorld.open();
  const redis = new Redis(world.urls.redisUrl);
  redis.on('error', () => undefined);
  let isLoading = true;
  const load = (async () => {
    while (isLoading) {
      await world.commit(PER_STEP);
      await pause(20);
    }
  })();
  try {
    const consumer = await world.consumer(GROUP);
    world.relay();
    await world.allDone(GROUP, events);
    await losses[loss]({ world, redis, awayMs });
    // The load goes on for a while after Redis is back.
    const then = world.committed;
    await until(() => world.committed > then + events, { timeoutMs: 60_000, what: 'more events' });
    isLoading = false;
    await load;
    await world.allDone(GROUP);
    await until(async () => (await world.bus.groupsOf(DOMAIN)).every(({ lag, pending }) => lag + pending === 0), {
      timeoutMs: 60_000,
      what: 'nothing under way',
    });
    expect(consumer.stats().buried).toBe(0);
    return faultsOf(await world.effects(GROUP), world.committed);
  } finally {
    isLoading = false;
    await load.catch(() => undefined);
    redis.disconnect();
    await world.close();
  }
}
