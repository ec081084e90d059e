import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LiveGraph } from './live-graph.ts';
import { liveStage, type LiveStage, refusalOf } from '../../testing/live-stage.ts';
import { Recorder } from '../../testing/recorder.ts';

const CHANGED = `subscription($id: ID!, $after: String) {
  lampChanged(id: $id, after: $after) { cursor kind step lamp { owner { name } } }
}`;
let stage: LiveStage;
let graph: LiveGraph;

beforeEach(async () => {
  stage = liveStage();
  graph = await stage.start();
});
afterEach(() => stage.stop());

const publish = (step: number) => stage.log.publish('lamps', ['lampChanged:l1'], { step });
const steps = (sink: Recorder) => sink.events('lampChanged').map(({ step }) => step as number);
const askedOwner = () => stage.toy.state.calls.filter(({ service }) => service === 'lamps').length;

/** A cursor, and events that have happened since. */
async function missed(count: number): Promise<string> {
  const { sink, stop } = await stage.subscribe(graph, CHANGED, { id: 'l1' });
  stop();
  for (let step = 1; step <= count; step += 1) publish(step);
  stage.toy.state.calls.length = 0;
  return sink.events('lampChanged')[0].cursor as string;
}

describe('many clients that come back at once', () => {
  it('are each told everything they missed, which is run and read for all of them together', async () => {
    const after = await missed(20);
    const reads = vi.spyOn(stage.log, 'read');
    const clients = await Promise.all(
      Array.from({ length: 50 }, () => stage.subscribe(graph, CHANGED, { id: 'l1', after })),
    );
    publish(21);
    const all = Array.from({ length: 21 }, (_, at) => at + 1);
    await vi.waitFor(() => expect(clients.map(({ sink }) => steps(sink))).toEqual(clients.map(() => all)));
    expect(graph.counts().runs).toBeLessThanOrEqual(21 * 2);
    expect(askedOwner()).toBeLessThanOrEqual(21 * 2 + 2);
    // One look of each at whether its cursor is kept; the pages are read for all.
    expect(reads.mock.calls.length).toBeLessThanOrEqual(50 + 10);
  });

  it('are told what happens meanwhile too, wherever they are', async () => {
    const after = await missed(5);
    let step = 5;
    stage.toy.state.before = async () => {
      if (step < 40) publish((step += 1));
    };
    const clients = await Promise.all(
      Array.from({ length: 20 }, () => stage.subscribe(graph, CHANGED, { id: 'l1', after })),
    );
    await vi.waitFor(() => expect(clients.every(({ sink }) => steps(sink).at(-1) === 40)).toBe(true));
    const all = Array.from({ length: 40 }, (_, at) => at + 1);
    for (const { sink } of clients) expect(steps(sink)).toEqual(all);
  });

  it('are each refused when their owner says so, and asked about again by the next', async () => {
    const after = await missed(1);
    stage.toy.state.secret.add('l1');
    const refusals = await Promise.all(
      Array.from({ length: 10 }, () => refusalOf(stage.subscribe(graph, CHANGED, { id: 'l1', after }))),
    );
    expect(refusals).toEqual(Array.from({ length: 10 }, () => ['FORBIDDEN']));
    expect(askedOwner()).toBeLessThanOrEqual(2);
    stage.toy.state.secret.clear();
    const { sink } = await stage.subscribe(graph, CHANGED, { id: 'l1', after });
    expect(steps(sink)).toEqual([1]);
    expect(graph.counts()).toMatchObject({ groups: 1, subscribers: 1 });
  });

  it('are not held up by those among them that do not read, who are ended', async () => {
    const after = await missed(3);
    const bounded = await stage.start({ limits: { logTimeoutMs: 50 } });
    const stuck = Array.from({ length: 20 }, () => {
      const sink = new Recorder();
      sink.hasRoom = false;
      sink.drained = () => new Promise(() => undefined);
      return refusalOf(stage.subscribe(bounded, CHANGED, { id: 'l1', after }, { sink }));
    });
    const { sink } = await stage.subscribe(bounded, CHANGED, { id: 'l1', after });
    expect(steps(sink)).toEqual([1, 2, 3]);
    expect(await Promise.all(stuck)).toEqual(stuck.map(() => ['SLOW_CONSUMER']));
    expect(bounded.counts()).toMatchObject({ groups: 1, subscribers: 1 });
  });

  it('do not keep a failure of one from the next', async () => {
    const after = await missed(1);
    const quick = await stage.start({ limits: { group: { attempts: 1 } } });
    let call = 0;
    stage.toy.state.before = (service) => {
      // The first call authorises, the second runs the event.
      if (service === 'lamps' && (call += 1) === 2) throw new Error('away');
    };
    const results = await Promise.all(
      [1, 2].map(async (client) => {
        if (client === 2) await vi.waitFor(() => expect(call).toBeGreaterThanOrEqual(2));
        return refusalOf(stage.subscribe(quick, CHANGED, { id: 'l1', after }));
      }),
    );
    expect(results).toEqual([['SUBGRAPH_UNAVAILABLE'], undefined]);
  });
});
