import { setTimeout as pause } from 'node:timers/promises';
import { until } from '@marketgraph/platform/testing';
import { Redis } from 'ioredis';
import { expect } from 'vitest';
import { DOMAIN, faultsOf, writeEffect } from './effects.ts';
import { EventsWorld } from './events-world.ts';

const GROUP = 'counting';
const TICKS_PER_SECOND = 10;

/** R13: a consumer is killed with so many events in hand, some of them handled and none acknowledged. */
export async function killAHolder({ held, handled }: { held: number; handled: number }): Promise<string[]> {
  const world = await EventsWorld.open({ claimAfterMs: 1_000 });
  try {
    await world.commit(held);
    const relay = world.relay();
    await until(async () => (await world.bus.read(DOMAIN, { after: '0-0', count: held })).length === held, {
      timeoutMs: 30_000,
      what: 'all events on the stream',
    });
    const env = { GROUP, TAKE: String(held), HANDLE: String(handled) };
    const holder = await world.process('holder', env);
    expect(await holder.said).toBe(String(held));
    holder.child.kill('SIGKILL');
    await holder.exited;
    expect(await world.bus.groupsOf(DOMAIN)).toMatchObject([{ name: GROUP, lag: 0, pending: held }]);

    const consumer = await world.consumer(GROUP);
    await world.allDone(GROUP);
    await until(async () => (await world.bus.groupsOf(DOMAIN))[0]?.pending === 0, { what: 'nothing in hand' });
    expect(consumer.stats()).toMatchObject({ handled: held - handled, duplicates: handled, buried: 0 });
    await relay.stop();
    return faultsOf(await world.effects(GROUP), held);
  } finally {
    await world.close();
  }
}

/** R14: of so many events three can never be handled and two are no events at all; resolves to how many had an effect in the end. */
export async function poison({ events }: { events: number }): Promise<number> {
  const world = await EventsWorld.open();
  const redis = new Redis(world.urls.redisUrl);
  try {
    let mended = false;
    const sick = new Set([`k3 1`, `k3 2`, `k7 ${Math.floor(events / 20)}`]);
    const attempts = new Map<string, number>();
    await world.consumer(GROUP, {
      handler: async (event, em) => {
        const name = `${event.key} ${event.sequence}`;
        if (sick.has(name)) attempts.set(name, (attempts.get(name) ?? 0) + 1);
        if (sick.has(name) && !mended) throw new Error(`cannot digest ${name}`);
        await writeEffect(GROUP)(event, em);
      },
    });
    const junk = [
      await redis.xadd(`events:${DOMAIN}`, '*', 'e', '{"id": "evt_half'),
      await redis.xadd(`events:${DOMAIN}`, '*', 'nothing', 'at all'),
    ];
    world.relay();
    await world.commit(events);
    await world.allDone(GROUP, events - sick.size);
    const letters = await until(
      async () => {
        const found = await world.bus.deadLetters(GROUP, 100);
        return found.length === sick.size + junk.length && found;
      },
      { timeoutMs: 30_000, what: 'five dead letters' },
    );
    const unreadable = letters.filter(({ envelope }) => envelope.version === 0);
    expect(unreadable.map(({ envelope }) => envelope.id).toSorted()).toEqual(junk.toSorted());
    expect(new Set(unreadable.map(({ reason }) => reason))).toEqual(new Set(['not an event envelope']));
    const failed = letters.filter(({ envelope }) => envelope.version !== 0);
    expect(failed.map(({ reason }) => reason).toSorted()).toEqual(
      [...sick].map((one) => `cannot digest ${one}`).toSorted(),
    );
    for (const letter of letters) expect(letter.attempts).toBeLessThanOrEqual(5);
    for (const letter of failed) expect(letter.envelope.id).toMatch(/^evt_/);
    expect([...attempts.values()]).toEqual([5, 5, 5]);
    expect(faultsOf(await world.effects(GROUP), events - sick.size)).toEqual([]);
    await until(async () => (await world.metric('dead_letter_depth', `dead:${GROUP}`)) === letters.length, {
      what: 'the metric of dead letters',
    });

    // Nobody who looks at it twice, or at the same time as somebody else, does harm.
    mended = true;
    await Promise.all([world.bus.redrive(GROUP, 100), world.bus.redrive(GROUP, 100)]);
    await world.allDone(GROUP, events);
    await until(async () => (await world.bus.groupsOf(DOMAIN)).every(({ lag, pending }) => lag + pending === 0));
    const effects = await world.effects(GROUP);
    expect(new Set(effects.map(({ id }) => id)).size).toBe(events);
    // What is no event stays none: it is buried again, and never lost.
    const left = await world.bus.deadLetters(GROUP, 100);
    expect(new Set(left.map(({ envelope }) => envelope.id))).toEqual(new Set(junk));
    return effects.length;
  } finally {
    redis.disconnect();
    await world.close();
  }
}

/** R15: nobody consumes while so many events come; resolves to how many a second were handled afterwards. */
export async function fallBehind({ events }: { events: number }): Promise<{ perSecond: number; faults: string[] }> {
  const world = await EventsWorld.open();
  try {
    const first = await world.consumer(GROUP);
    await first.stop();
    world.relay();
    await world.commit(events);
    await until(async () => (await world.metric('stream_consumer_lag', `group="${GROUP}"`)) === events, {
      timeoutMs: 60_000,
      what: 'the lag of all events',
    });
    const [state] = await world.bus.groupsOf(DOMAIN);
    const [oldest] = await world.bus.read(DOMAIN, { after: '0-0', count: 1 });
    expect(state?.oldestAt).toBe(Number(oldest!.position.split('-')[0]));
    expect(await world.bus.isTrimmed(DOMAIN)).toBe(false);

    const begin = performance.now();
    await world.consumer(GROUP);
    await world.allDone(GROUP);
    const perSecond = Math.round((events / (performance.now() - begin)) * 1_000);
    await until(async () => (await world.metric('stream_consumer_lag', `group="${GROUP}"`)) === 0, {
      timeoutMs: 10_000,
      what: 'a lag of nothing',
    });
    return { perSecond, faults: faultsOf(await world.effects(GROUP), events) };
  } finally {
    await world.close();
  }
}

/**
 * A group is away for so many seconds while so many events come each second; resolves to what its metrics say at the
 * end of it, beside what is true.
 */
export async function lagOfAnAbsence({ perSecond, seconds }: { perSecond: number; seconds: number }): Promise<{
  lag: number | undefined;
  unread: number;
  oldestSeconds: number | undefined;
  awaySeconds: number;
}> {
  const world = await EventsWorld.open();
  try {
    const consumer = await world.consumer(GROUP);
    await consumer.stop();
    world.relay();
    const begin = performance.now();
    const awaySeconds = () => (performance.now() - begin) / 1_000;
    const perTick = perSecond / TICKS_PER_SECOND;
    for (let tick = 0; tick < seconds * TICKS_PER_SECOND; tick += 1) {
      // Events come at their own pace, so what is late is made up for.
      await pause(Math.max((tick / TICKS_PER_SECOND - awaySeconds()) * 1_000, 0));
      await world.commit(perTick);
    }
    const unread = perSecond * seconds;
    const oldest = () => world.metric('stream_oldest_pending_seconds', `group="${GROUP}"`);
    await until(async () => ((await oldest()) ?? 0) >= seconds - 1, {
      timeoutMs: 10_000,
      what: 'the age of the oldest',
    });
    return {
      lag: await world.metric('stream_consumer_lag', `group="${GROUP}"`),
      unread,
      oldestSeconds: await oldest(),
      awaySeconds: awaySeconds(),
    };
  } finally {
    await world.close();
  }
}
