import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LiveGraph } from './live-graph.ts';
import type { Audience } from './live-ports.ts';
import { eventWorks } from './event-work.ts';
import { liveStage, type LiveStage } from '../../testing/live-stage.ts';
import { audience } from '../../testing/recorder.ts';

const CHANGED = `subscription($id: ID!, $min: Int = 0, $room: Boolean = true) {
  lampChanged(id: $id, minWatts: $min) { kind step lamp { name owner { name } room @include(if: $room) { title } load } }
}`;
let stage: LiveStage;
let graph: LiveGraph;

beforeEach(async () => {
  stage = liveStage();
  graph = await stage.start();
});
afterEach(() => stage.stop());

const publish = (step: number, watts = 60) => stage.log.publish('lamps', ['lampChanged:l1'], { step, watts });
const listen = (variables: Record<string, unknown>, who?: Audience) =>
  stage.subscribe(graph, CHANGED, { id: 'l1', ...variables }, who ? { who } : {});
/** How often each subgraph was asked since the last time. */
const asked = () => {
  const counts: Record<string, number> = {};
  for (const { service } of stage.toy.state.calls.splice(0)) counts[service] = (counts[service] ?? 0) + 1;
  return counts;
};

describe('groups that one event touches', () => {
  it('ask each subgraph for the same thing once', async () => {
    const clients = await Promise.all(Array.from({ length: 20 }, (_, min) => listen({ min })));
    expect(graph.counts().groups).toBe(20);
    asked();
    const before = graph.counts();
    publish(1);
    await vi.waitFor(() => expect(clients.every(({ sink }) => sink.frames.length === 2)).toBe(true));
    expect(asked()).toEqual({ lamps: 20, people: 1, rooms: 1 });
    expect(graph.counts().fetches - before.fetches).toBe(2);
    expect(graph.counts().runs - before.runs).toBe(20);
    for (const { sink } of clients) expect(sink.results[1]).toEqual(clients[0]!.sink.results[1]);
  });

  it('ask the owner once where only what others add is different', async () => {
    const clients = await Promise.all([true, false].map((room) => listen({ room })));
    asked();
    publish(1);
    await vi.waitFor(() => expect(clients.every(({ sink }) => sink.frames.length === 2)).toBe(true));
    expect(asked()).toMatchObject({ lamps: 1, people: 1 });
    expect(clients.map(({ sink }) => 'room' in sink.events('lampChanged')[1].lamp)).toEqual([true, false]);
  });

  it('of different viewers share nothing', async () => {
    const clients = await Promise.all(['a', 'b', 'c'].map((name) => listen({}, audience(name))));
    asked();
    publish(1);
    await vi.waitFor(() => expect(clients.every(({ sink }) => sink.frames.length === 2)).toBe(true));
    const scopes = (service: string) =>
      stage.toy.state.calls
        .filter((call) => call.service === service)
        .map(({ context }) => (context as { scope: string }).scope);
    expect(scopes('lamps').toSorted()).toEqual(['a', 'b', 'c']);
    expect(scopes('people').toSorted()).toEqual(['a', 'b', 'c']);
  });

  it('share nothing between events', async () => {
    const { sink } = await listen({});
    asked();
    publish(1);
    publish(2);
    await vi.waitFor(() => expect(sink.frames).toHaveLength(3));
    expect(asked()).toEqual({ lamps: 2, people: 2, rooms: 2 });
  });

  it('ask an owner that was away again, each for itself', async () => {
    const quick = await stage.start({ limits: { group: { attempts: 4, retryDelayMs: 1 } } });
    const clients = await Promise.all([true, false].map((room) => stage.subscribe(quick, CHANGED, { id: 'l1', room })));
    stage.toy.state.flaky.set('lamps', 3);
    publish(1);
    await vi.waitFor(() => expect(clients.every(({ sink }) => sink.frames.length === 2)).toBe(true));
    for (const { sink } of clients) expect(sink.events('lampChanged')[1].step).toBe(1);
  });

  it('get their own results, whatever another does with a shared answer', async () => {
    const plain = await listen({});
    const other = 'subscription { lampChanged(id: "l1") { lamp { called: name o: owner { n: name nick } } } }';
    const aliased = await stage.subscribe(graph, other);
    for (let step = 1; step <= 3; step += 1) publish(step);
    await vi.waitFor(() => expect(aliased.sink.frames.length + plain.sink.frames.length).toBe(8));
    for (const event of aliased.sink.events('lampChanged')) {
      expect(event).toEqual({ lamp: { called: 'Lamp l1', o: { n: 'Person p-l1', nick: null } } });
    }
    expect(new Set(plain.sink.events('lampChanged').map(({ lamp }) => JSON.stringify(lamp))).size).toBe(1);
  });
});

describe('what an event has asked', () => {
  it('is let go of when many newer events have come, and asked anew', async () => {
    const workOf = eventWorks();
    const event = publish(1);
    const work = workOf(event);
    let calls = 0;
    const ask = async () => ({ data: { call: (calls += 1) } });
    await work.primaryAs('a', 'key', ask);
    await work.primaryAs('a', 'key', ask);
    expect(calls).toBe(1);
    for (let newer = 0; newer < 100; newer += 1) workOf(event);
    await work.primaryAs('a', 'key', ask);
    await work.primaryAs('a', 'key', ask);
    expect(calls).toBe(3);
  });
});
