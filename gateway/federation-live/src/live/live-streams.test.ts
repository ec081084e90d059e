import fc from 'fast-check';
import { parse } from 'graphql';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLiveGraph, type LiveGraph, type LiveGraphOptions } from './live-graph.ts';
import { SubscriptionRefusedError } from './live-error.ts';
import { memoryLog, type MemoryLog } from '../../testing/memory-log.ts';
import { audience, Recorder } from '../../testing/recorder.ts';
import { toyGraph, type ToyGraph } from '../../testing/toy-graph.ts';

const quiet = { debug: () => undefined, warn: () => undefined, error: () => undefined };
const CHANGED =
  'subscription Changed($id: ID!, $after: String) { lampChanged(id: $id, after: $after) { cursor kind step } }';
const document = parse(CHANGED);
const toy: ToyGraph = toyGraph();
const running: LiveGraph[] = [];
let log: MemoryLog;
let graph: LiveGraph;

async function start(options: Partial<LiveGraphOptions> = {}): Promise<LiveGraph> {
  const started = createLiveGraph({
    supergraph: toy.supergraph,
    services: toy.services,
    log,
    logger: quiet,
    cursorSecret: 'test secret',
    ...options,
  });
  running.push(started);
  await started.start();
  return started;
}

beforeEach(async () => {
  log = memoryLog();
  toy.state.before = undefined;
  toy.state.steps.clear();
  graph = await start();
});
afterEach(() => Promise.all(running.splice(0).map((started) => started.stop())));

async function subscribe(id: string, after?: string, { sink = new Recorder(), on = graph, who = audience() } = {}) {
  const { stop } = await on.subscribe({ document, text: CHANGED, variables: { id, after } }, who, sink);
  return { sink, stop };
}

const stepsOf = (sink: Recorder): number[] => sink.events('lampChanged').map(({ step }) => step as number);
const cursorOf = (sink: Recorder, at = -1): string => sink.events('lampChanged').at(at).cursor as string;
const publish = (step: number, eventId?: string) => log.publish('lamps', ['lampChanged:l1'], { step }, eventId);
const codeOf = async (work: Promise<unknown>): Promise<unknown> => {
  const error = await work.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(SubscriptionRefusedError);
  return (error as SubscriptionRefusedError).errors[0]?.extensions['code'];
};
const seen = async (sink: Recorder, count: number) =>
  vi.waitFor(() => expect(sink.frames.length).toBeGreaterThanOrEqual(count));

describe('between the snapshot and the first live event', () => {
  it('nothing is lost and nothing comes twice, wherever events fall', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(6), { minLength: 1, maxLength: 30 }), fc.nat(4), async (pauses, delay) => {
        let step = toy.state.steps.get('l1') ?? 0;
        toy.state.before = () => turns(delay);
        const publishing = (async () => {
          for (const pause of pauses) {
            await turns(pause);
            step += 1;
            // The owner's state is written before its event is published.
            toy.state.steps.set('l1', step);
            publish(step);
          }
        })();
        await turns(pauses.length);
        const { sink, stop } = await subscribe('l1');
        await publishing;
        await vi.waitFor(() => expect(stepsOf(sink).at(-1)).toBe(step), { interval: 2 });
        stop();
        const [first, ...live] = stepsOf(sink);
        // Live steps follow one another to the last; the first of them is at most one after the snapshot.
        expect(live).toEqual(live.map((_, at) => step - live.length + 1 + at));
        expect((live[0] ?? step) - first!).toBeLessThanOrEqual(1);
      }),
      { numRuns: 60 },
    );
  });

  it('what the snapshot shows already is not said again', async () => {
    publish(1);
    publish(2);
    toy.state.steps.set('l1', 2);
    const { sink } = await subscribe('l1');
    publish(3);
    await seen(sink, 2);
    expect(stepsOf(sink)).toEqual([2, 3]);
  });
});

describe('a cursor', () => {
  it('continues after the event it came with: no gap, no repetition, no snapshot', async () => {
    const first = await subscribe('l1');
    publish(1);
    publish(2);
    await seen(first.sink, 3);
    first.stop();
    publish(3);
    log.publish('lamps', ['lampChanged:other'], { step: 99 });
    publish(4);
    const second = await subscribe('l1', cursorOf(first.sink, 1));
    publish(5);
    await seen(second.sink, 4);
    expect(second.sink.events('lampChanged').map(({ kind, step }) => [kind, step])).toEqual([
      ['LIVE', 2],
      ['LIVE', 3],
      ['LIVE', 4],
      ['LIVE', 5],
    ]);
  });

  it('of a snapshot continues with the first event after it, also on an empty log', async () => {
    const { sink, stop } = await subscribe('l1');
    stop();
    publish(1);
    const resumed = await subscribe('l1', cursorOf(sink));
    await seen(resumed.sink, 1);
    expect(stepsOf(resumed.sink)).toEqual([1]);
  });

  it('shows every event exactly once over a hundred cuts', async () => {
    const total = 300;
    const received: number[] = [];
    let after: string | undefined;
    let published = 0;
    for (let cut = 0; cut < 100; cut += 1) {
      const { sink, stop } = await subscribe('l1', after);
      for (let more = 0; more < 3; more += 1) publish((published += 1));
      await seen(sink, 1 + (cut % 3));
      stop();
      const events = sink.events('lampChanged');
      after = events.at(-1).cursor as string;
      received.push(...events.filter(({ kind }) => kind === 'LIVE').map(({ step }) => step as number));
    }
    const { sink } = await subscribe('l1', after);
    await vi.waitFor(() => expect([...received, ...stepsOf(sink)].at(-1)).toBe(total));
    expect([...received, ...stepsOf(sink)]).toEqual(Array.from({ length: total }, (_, at) => at + 1));
  });

  it('skips the second copy of an event that was published again', async () => {
    const { sink, stop } = await subscribe('l1');
    publish(1, 'evt_same');
    await seen(sink, 2);
    publish(1, 'evt_same');
    publish(2);
    await seen(sink, 3);
    expect(stepsOf(sink)).toEqual([0, 1, 2]);
    stop();
    const restarted = await start();
    const resumed = await subscribe('l1', cursorOf(sink, 1), { on: restarted });
    publish(1, 'evt_same');
    publish(3);
    await seen(resumed.sink, 2);
    expect(stepsOf(resumed.sink)).toEqual([2, 3]);
  });

  it('works at another gateway of the same secret', async () => {
    const { sink } = await subscribe('l1');
    publish(1);
    await seen(sink, 2);
    publish(2);
    const { sink: elsewhere } = await subscribe('l1', cursorOf(sink, 1), { on: await start() });
    await seen(elsewhere, 1);
    expect(stepsOf(elsewhere)).toEqual([2]);
  });

  it('is refused when it is forged, foreign, or not one at all', async () => {
    publish(1);
    const { sink } = await subscribe('l1');
    const good = cursorOf(sink);
    const [place, mac] = good.split('.');
    const foreign = await start({ cursorSecret: 'another' });
    const theirs = cursorOf((await subscribe('l1', undefined, { on: foreign })).sink);
    const bad = ['', '.', 'x', 'A'.repeat(5_000), `${place}.`, `.${mac}`, `${place}.${mac}.${mac}`, theirs];
    bad.push(`${Buffer.from('0-0').toString('base64url')}.${mac}`, `${place}.${mac!.slice(0, -1)}`);
    for (const cursor of bad)
      expect([cursor, await codeOf(subscribe('l1', cursor))]).toEqual([cursor, 'BAD_USER_INPUT']);
    expect(await codeOf(subscribe('l2', good))).toBe('BAD_USER_INPUT');
    expect(await codeOf(subscribe('l1', good, { who: audience('b') }))).toBe('BAD_USER_INPUT');
    expect(graph.counts().groups).toBe(1);
  });

  it('is refused when what followed it may be gone', async () => {
    const { sink: empty } = await subscribe('l1');
    publish(1);
    const { sink } = await subscribe('l1');
    publish(2);
    publish(3);
    log.trim('lamps', 2);
    expect(await codeOf(subscribe('l1', cursorOf(sink, 0)))).toBe('CURSOR_EXPIRED');
    expect(await codeOf(subscribe('l1', cursorOf(empty, 0)))).toBe('CURSOR_EXPIRED');
  });

  it('is refused when it is too far back to look through', async () => {
    const bounded = await start({ limits: { replay: { scannedEvents: 20 } } });
    const { sink } = await subscribe('l1', undefined, { on: bounded });
    for (let at = 0; at < 21; at += 1) log.publish('lamps', ['lampChanged:other']);
    expect(await codeOf(subscribe('l1', cursorOf(sink), { on: bounded }))).toBe('CURSOR_EXPIRED');
  });

  it('does not open what its owner has closed meanwhile', async () => {
    const { sink, stop } = await subscribe('l1');
    stop();
    toy.state.secret.add('l1');
    try {
      expect(await codeOf(subscribe('l1', cursorOf(sink)))).toBe('FORBIDDEN');
    } finally {
      toy.state.secret.clear();
    }
  });
});

describe('limits', () => {
  it('ends a client whose snapshot takes longer than its buffer lasts, and keeps the others', async () => {
    const bounded = await start({ limits: { subscriber: { bufferedFrames: 5 } } });
    const fast = await subscribe('l1', undefined, { on: bounded });
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    let held = 0;
    toy.state.before = () => ((held += 1) === 1 ? gate : undefined);
    const sink = new Recorder();
    const slow = subscribe('l1', undefined, { on: bounded, sink });
    await vi.waitFor(() => expect(held).toBe(1));
    for (let step = 1; step <= 8; step += 1) publish(step);
    await seen(fast.sink, 9);
    expect(sink.endCodes).toEqual(['SLOW_CONSUMER']);
    release();
    await slow;
    expect(sink.frames).toEqual([]);
    expect(bounded.counts().subscribers).toBe(1);
  });

  it('ends a group that cannot keep up with its events', async () => {
    const bounded = await start({ limits: { group: { waitingEvents: 10, concurrentRuns: 1 } } });
    const { sink } = await subscribe('l1', undefined, { on: bounded });
    toy.state.before = () => turns(50);
    for (let step = 1; step <= 40; step += 1) publish(step);
    await vi.waitFor(() => expect(sink.endCodes).toEqual(['SLOW_CONSUMER']));
    const resumed = await subscribe('l1', cursorOf(sink), { on: bounded });
    await vi.waitFor(() => expect(stepsOf(resumed.sink).at(-1)).toBe(40));
    const all = [...stepsOf(sink).slice(1), ...stepsOf(resumed.sink)];
    expect(all).toEqual(Array.from({ length: 40 }, (_, at) => at + 1));
  });

  it('keeps the order of events though they run at the same time', async () => {
    const { sink } = await subscribe('l1');
    let call = 0;
    toy.state.before = () => turns((call += 1) % 2 === 0 ? 0 : 30);
    for (let step = 1; step <= 20; step += 1) publish(step);
    await seen(sink, 21);
    expect(stepsOf(sink).slice(1)).toEqual(Array.from({ length: 20 }, (_, at) => at + 1));
  });

  it('says so when the log does not answer in time', async () => {
    const bounded = await start({ limits: { logTimeoutMs: 20 } });
    toy.state.before = () => new Promise(() => undefined);
    expect(await codeOf(subscribe('l1', undefined, { on: bounded }))).toBe('TIMEOUT');
    expect(bounded.counts().groups).toBe(0);
  });

  it('keeps a group for a client that is still catching up when the last other one leaves', async () => {
    const first = await subscribe('l1');
    publish(1);
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const sink = new Recorder();
    sink.hasRoom = false;
    sink.drained = () => gate;
    const resuming = subscribe('l1', cursorOf(first.sink, 0), { sink });
    await seen(sink, 1);
    first.stop();
    release();
    await resuming;
    publish(2);
    await seen(sink, 2);
    expect(stepsOf(sink)).toEqual([1, 2]);
  });

  it('stops a replay for a client that is gone', async () => {
    const { sink, stop } = await subscribe('l1');
    stop();
    for (let step = 1; step <= 50; step += 1) publish(step);
    const gone = new Recorder();
    gone.hasRoom = false;
    gone.drained = async () => {
      if (gone.frames.length === 3) gone.isClosed = true;
    };
    await subscribe('l1', cursorOf(sink), { sink: gone });
    expect(gone.frames).toHaveLength(3);
  });
});

describe('a log that goes away', () => {
  it('is followed from where it was', async () => {
    const { sink } = await subscribe('l1');
    log.broken = true;
    publish(1);
    publish(2);
    log.broken = false;
    await seen(sink, 3);
    expect(stepsOf(sink)).toEqual([0, 1, 2]);
    expect(await codeOf(withBrokenLog(() => subscribe('l9')))).toBe('SUBGRAPH_UNAVAILABLE');
  });

  it('is known to be away after 3 s, and to be back with the first answer', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout'] });
    try {
      const watched = await start();
      expect(watched.isCurrent()).toBe(true);
      await vi.advanceTimersByTimeAsync(10_000);
      expect(watched.isCurrent()).toBe(true);
      log.broken = true;
      await vi.advanceTimersByTimeAsync(2_000);
      expect(watched.isCurrent()).toBe(true);
      await vi.advanceTimersByTimeAsync(2_000);
      expect(watched.isCurrent()).toBe(false);
      log.broken = false;
      await vi.advanceTimersByTimeAsync(2_000);
      expect(watched.isCurrent()).toBe(true);
      await watched.stop();
      expect(watched.isCurrent()).toBe(false);
    } finally {
      vi.useRealTimers();
    }
  });

  it('and has lost its data is read from its start, without repeating what was seen', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] });
    try {
      const { sink } = await subscribe('l1');
      for (let step = 1; step <= 5; step += 1) publish(step, `evt_${step}`);
      await vi.waitFor(() => expect(stepsOf(sink)).toHaveLength(6));
      log.lose();
      publish(5, 'evt_5');
      publish(6, 'evt_6');
      await vi.advanceTimersByTimeAsync(20_000);
      expect(stepsOf(sink)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    } finally {
      vi.useRealTimers();
    }
  });
});

async function withBrokenLog<T>(work: () => Promise<T>): Promise<T> {
  log.broken = true;
  try {
    return await work();
  } finally {
    log.broken = false;
  }
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
