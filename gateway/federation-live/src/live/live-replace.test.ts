import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LiveGraph } from './live-graph.ts';
import { liveStage, type LiveStage, refusalOf } from '../../testing/live-stage.ts';
import type { Recorder } from '../../testing/recorder.ts';

const CHANGED = `subscription($id: ID!, $after: String) {
  lampChanged(id: $id, after: $after) { cursor kind step lamp { name room { title } } }
}`;
const WITHOUT_STEP = 'subscription($id: ID!) { lampChanged(id: $id) { kind lamp { name } } }';

let stage: LiveStage;
let graph: LiveGraph;
/** Of which subgraphs parts of a plan were asked. */
let fetched: string[];

beforeEach(async () => {
  stage = liveStage();
  fetched = [];
  const { services } = stage.toy;
  const { fetch } = services;
  services.fetch = (service, ...rest) => {
    fetched.push(service);
    return fetch(service === 'halls' ? 'rooms' : service, ...rest);
  };
  graph = await stage.start();
});
afterEach(() => stage.stop());

const publish = (step: number) => stage.log.publish('lamps', ['lampChanged:l1'], { step });
const steps = (sink: Recorder) => sink.events('lampChanged').map(({ step }) => step as number);

/** A schema in which a lamp's shade is known and events have no step. */
const next = () =>
  stage.toy.supergraphWith(({ lamps, ...others }) => ({
    ...others,
    lamps: lamps.replace(' step: Int', ''),
    shades: `extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key"])
      type Query { shades: [String!] }
      type Lamp @key(fields: "id") { id: ID! shade: String }
      type Subscription { shadeChanged(id: ID!, after: String): String }`,
  }));
/** The same for clients; rooms are told by another subgraph. */
const moved = () => stage.toy.supergraphWith(({ rooms, ...others }) => ({ ...others, halls: rooms }));

describe('another supergraph while streams are open', () => {
  it('ends those that are no longer valid with an error that says why, and goes on with the others', async () => {
    const invalid = await stage.subscribe(graph, CHANGED, { id: 'l1' });
    const another = await stage.subscribe(graph, CHANGED, { id: 'l2' });
    const valid = await stage.subscribe(graph, WITHOUT_STEP, { id: 'l1' });
    await graph.replaceSupergraph(next());
    for (const { sink } of [invalid, another]) {
      expect(sink.endCodes).toEqual(['BAD_REQUEST']);
      expect(sink.ended![0]!.message).toMatch(/^The schema has changed: Cannot query field "step"/);
    }
    expect(valid.sink.ended).toBeUndefined();
    expect(graph.counts()).toMatchObject({ groups: 1, subscribers: 1 });
    publish(1);
    await vi.waitFor(() => expect(valid.sink.frames).toHaveLength(2));
    expect(graph.schema.getType('Lamp')?.toString()).toBe('Lamp');
    await expect(stage.subscribe(graph, CHANGED, { id: 'l1' })).rejects.toThrow('Cannot query field "step"');
  });

  it('loses and repeats nothing of a stream that goes on, with events under way all the time', async () => {
    const { sink } = await stage.subscribe(graph, CHANGED, { id: 'l1' });
    let step = 0;
    let calls = 0;
    stage.toy.state.before = async () => {
      calls += 1;
      for (let turns = calls % 7; turns > 0; turns -= 1) await new Promise((resolve) => setImmediate(resolve));
    };
    for (let change = 0; change < 6; change += 1) {
      for (let more = 0; more < 10; more += 1) publish((step += 1));
      await graph.replaceSupergraph(change % 2 === 0 ? moved() : stage.toy.supergraph);
      for (let more = 0; more < 10; more += 1) publish((step += 1));
    }
    await vi.waitFor(() => expect(steps(sink).at(-1)).toBe(step));
    expect(steps(sink)).toEqual(Array.from({ length: step + 1 }, (_, at) => at));
    expect(sink.results.every(({ errors }) => errors === undefined)).toBe(true);
  });

  it('resumes with cursors from before', async () => {
    const { sink, stop } = await stage.subscribe(graph, CHANGED, { id: 'l1' });
    stop();
    publish(1);
    await graph.replaceSupergraph(moved());
    const resumed = await stage.subscribe(graph, CHANGED, { id: 'l1', after: sink.events('lampChanged')[0].cursor });
    await vi.waitFor(() => expect(steps(resumed.sink)).toEqual([1]));
  });

  it('lets subscriptions from before and after share one group', async () => {
    const before = await stage.subscribe(graph, CHANGED, { id: 'l1' });
    const replaced = graph.replaceSupergraph(moved());
    const during = await stage.subscribe(graph, CHANGED, { id: 'l1' });
    await replaced;
    const after = await stage.subscribe(graph, CHANGED, { id: 'l1' });
    expect(graph.counts()).toMatchObject({ groups: 1, subscribers: 3 });
    publish(1);
    await vi.waitFor(() => expect([before, during, after].map(({ sink }) => steps(sink).at(-1))).toEqual([1, 1, 1]));
    expect(graph.counts().runs).toBe(1);
  });

  it('finishes an event under way on the plan it began with', async () => {
    const { sink } = await stage.subscribe(graph, CHANGED, { id: 'l1' });
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    stage.toy.state.before = (service) => (service === 'lamps' ? gate : undefined);
    publish(1);
    await vi.waitFor(() => expect(graph.counts().asked).toBe(2));
    fetched.length = 0;
    await graph.replaceSupergraph(moved());
    release();
    await vi.waitFor(() => expect(steps(sink)).toEqual([0, 1]));
    publish(2);
    await vi.waitFor(() => expect(steps(sink)).toEqual([0, 1, 2]));
    expect(fetched).toEqual(['rooms', 'halls']);
  });

  it('ends a client whose replay is under way and not valid any more', async () => {
    const { sink, stop } = await stage.subscribe(graph, CHANGED, { id: 'l1' });
    stop();
    publish(1);
    publish(2);
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    let asked = 0;
    stage.toy.state.before = (service) => (service === 'lamps' && (asked += 1) === 2 ? gate : undefined);
    const resuming = stage.subscribe(graph, CHANGED, { id: 'l1', after: sink.events('lampChanged')[0].cursor });
    const refusal = refusalOf(resuming);
    await vi.waitFor(() => expect(asked).toBe(2));
    await graph.replaceSupergraph(next());
    release();
    expect(await refusal).toEqual(['BAD_REQUEST']);
    expect(graph.counts()).toMatchObject({ groups: 0, subscribers: 0 });
  });

  it('hears of the events of a subgraph that was not there before', async () => {
    await graph.replaceSupergraph(next());
    stage.toy.services.executeEvent = async (_, { event }) => ({
      data: { shadeChanged: `shade ${(event.envelope?.payload as { step: number } | undefined)?.step ?? 0}` },
    });
    const { sink } = await stage.subscribe(graph, 'subscription { shadeChanged(id: "l1") }');
    stage.log.publish('shades', ['shadeChanged:l1'], { step: 7 });
    await vi.waitFor(() => expect(sink.events('shadeChanged')).toEqual(['shade 0', 'shade 7']));
  });

  it('changes nothing when the log of a new subgraph cannot be read', async () => {
    const { sink } = await stage.subscribe(graph, CHANGED, { id: 'l1' });
    stage.log.broken = true;
    await expect(graph.replaceSupergraph(next())).rejects.toThrow('the log is away');
    stage.log.broken = false;
    publish(1);
    await vi.waitFor(() => expect(steps(sink)).toEqual([0, 1]));
  });
});
