import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LiveGraph } from './live-graph.ts';
import { liveStage, type LiveStage } from '../../testing/live-stage.ts';
import { Recorder } from '../../testing/recorder.ts';

const MANY =
  'subscription($ids: [ID!]!, $after: String) { lampsChanged(ids: $ids, after: $after) { cursor step lamp { id } } }';
const ids = ['a', 'b', 'c'];
let stage: LiveStage;
let graph: LiveGraph;

beforeEach(async () => {
  stage = liveStage();
  graph = await stage.start({ coalesces: (field) => field === 'lampsChanged' });
});
afterEach(() => stage.stop());

const publish = (id: string, step: number) => stage.log.publish('lamps', [`lampsChanged:${id}`], { step });
const changes = (sink: Recorder) => sink.events('lampsChanged').map(({ step, lamp }) => `${lamp.id}${step}`);

/** A client that reads nothing until it is told to. */
class SlowRecorder extends Recorder {
  private waiting: (() => void)[] = [];

  constructor() {
    super();
    this.drained = () =>
      this.hasRoom ? Promise.resolve() : new Promise((resolve) => this.waiting.push(() => resolve()));
  }

  read(): void {
    this.hasRoom = true;
    for (const wake of this.waiting.splice(0)) wake();
  }
}

describe('a client of a state stream that reads slower than things happen', () => {
  it('gets the latest of each key, in the order of their last change', async () => {
    const sink = new SlowRecorder();
    await stage.subscribe(graph, MANY, { ids }, { sink });
    const fast = await stage.subscribe(graph, MANY, { ids });
    sink.hasRoom = false;
    for (let step = 1; step <= 20; step += 1) publish('a', step);
    for (let step = 21; step <= 40; step += 1) publish('b', step);
    publish('a', 41);
    publish('c', 42);
    await vi.waitFor(() => expect(changes(fast.sink).at(-1)).toBe('c42'));
    const before = sink.frames.length;
    sink.read();
    await vi.waitFor(() => expect(changes(sink).at(-1)).toBe('c42'));
    expect(changes(sink).slice(before)).toEqual(['b40', 'a41', 'c42']);
    publish('b', 43);
    await vi.waitFor(() => expect(changes(sink).at(-1)).toBe('b43'));
    expect(sink.ended).toBeUndefined();
  });

  it('resumes behind what it was shown, though it was not shown all', async () => {
    const sink = new SlowRecorder();
    const { stop } = await stage.subscribe(graph, MANY, { ids }, { sink });
    const fast = await stage.subscribe(graph, MANY, { ids });
    sink.hasRoom = false;
    for (let step = 1; step <= 5; step += 1) publish('a', step);
    await vi.waitFor(() => expect(changes(fast.sink).at(-1)).toBe('a5'));
    sink.read();
    await vi.waitFor(() => expect(changes(sink).at(-1)).toBe('a5'));
    stop();
    publish('b', 6);
    const after = sink.events('lampsChanged').at(-1).cursor as string;
    const resumed = await stage.subscribe(graph, MANY, { ids, after });
    await vi.waitFor(() => expect(changes(resumed.sink)).toEqual(['b6']));
  });

  it('is ended when even the latest of each key is too much', async () => {
    const bounded = await stage.start({ coalesces: () => true, limits: { subscriber: { bufferedFrames: 2 } } });
    const sink = new SlowRecorder();
    await stage.subscribe(bounded, MANY, { ids }, { sink });
    sink.hasRoom = false;
    for (const id of ['a', 'b', 'a', 'b']) publish(id, 1);
    await vi.waitFor(() => expect(bounded.counts().runs).toBe(4));
    expect(sink.ended).toBeUndefined();
    publish('c', 2);
    await vi.waitFor(() => expect(sink.endCodes).toEqual(['SLOW_CONSUMER']));
    expect(bounded.counts().subscribers).toBe(0);
  });

  it('is told everything when the stream is not one of states', async () => {
    const sink = new SlowRecorder();
    const plain = await stage.start();
    await stage.subscribe(plain, MANY, { ids }, { sink });
    sink.hasRoom = false;
    for (let step = 1; step <= 10; step += 1) publish('a', step);
    await vi.waitFor(() => expect(changes(sink).slice(3)).toEqual(Array.from({ length: 10 }, (_, at) => `a${at + 1}`)));
  });
});

describe('a state stream whose snapshot is on its way', () => {
  it('keeps only the latest of each key for the client, however many events come', async () => {
    const bounded = await stage.start({ coalesces: () => true, limits: { subscriber: { bufferedFrames: 3 } } });
    const { sink: fast } = await stage.subscribe(bounded, MANY, { ids });
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    let held = 0;
    stage.toy.state.before = () => ((held += 1) === 1 ? gate : undefined);
    const sink = new Recorder();
    const opening = stage.subscribe(bounded, MANY, { ids }, { sink });
    await vi.waitFor(() => expect(held).toBe(1));
    for (let step = 1; step <= 50; step += 1) publish(ids[step % 3]!, step);
    await vi.waitFor(() => expect(changes(fast).at(-1)).toBe('c50'));
    release();
    await opening;
    expect(changes(sink).slice(3)).toEqual(['a48', 'b49', 'c50']);
  });
});

describe('a group of a state stream that is behind', () => {
  it('runs only the latest event of each key, and never ends for having waited', async () => {
    const bounded = await stage.start({
      coalesces: () => true,
      limits: { group: { waitingEvents: 3, concurrentRuns: 1 } },
    });
    const { sink } = await stage.subscribe(bounded, MANY, { ids });
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    stage.toy.state.before = () => gate;
    for (let step = 1; step <= 60; step += 1) publish(ids[step % 3]!, step);
    await vi.waitFor(() => expect(bounded.counts().runs).toBe(1));
    // All have been handed to the group before the first has been run.
    await new Promise((resolve) => setImmediate(resolve));
    release();
    await vi.waitFor(() => expect(changes(sink).at(-1)).toBe('a60'));
    expect(changes(sink).slice(3)).toEqual(['b1', 'b58', 'c59', 'a60']);
    expect(sink.ended).toBeUndefined();
    expect(bounded.counts().runs).toBe(4);
  });
});
