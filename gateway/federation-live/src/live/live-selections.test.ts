import { parse } from 'graphql';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LiveGraph } from './live-graph.ts';
import { liveStage, type LiveStage, refusalOf } from '../../testing/live-stage.ts';
import { audience, Recorder } from '../../testing/recorder.ts';

let stage: LiveStage;
let graph: LiveGraph;

beforeEach(async () => {
  stage = liveStage();
  graph = await stage.start();
});
afterEach(() => stage.stop());

const publish = (topic: string, step: number) => stage.log.publish('lamps', [topic], { step });

describe('the root of a stream', () => {
  it('may be a union, another of its types with every event, or null', async () => {
    const text = `subscription { glowChanged(id: "l1") {
      __typename
      ... on Lamp { name owner { name } room { title } }
      ... on Candle { hours }
    } }`;
    const { sink } = await stage.subscribe(graph, text);
    for (const step of [7, 0, 8]) publish('glowChanged:l1', step);
    await vi.waitFor(() => expect(sink.frames).toHaveLength(4));
    expect(sink.results).toEqual([
      {
        data: {
          glowChanged: {
            __typename: 'Lamp',
            name: 'Lamp l1',
            owner: { name: 'Person p-l1' },
            room: { title: 'Room of l1' },
          },
        },
      },
      { data: { glowChanged: { __typename: 'Candle', hours: 7 } } },
      { data: { glowChanged: null } },
      { data: { glowChanged: { __typename: 'Candle', hours: 8 } } },
    ]);
  });

  it('may be an interface, with fields that other subgraphs add to its types', async () => {
    const text = 'subscription { it: lightChanged(id: "l1") { id ... on Lamp { room { title } load } } }';
    const { sink } = await stage.subscribe(graph, text);
    publish('lightChanged:l1', 1);
    await vi.waitFor(() => expect(sink.frames).toHaveLength(2));
    const it = { id: 'l1', room: { title: 'Room of l1' }, load: 80 };
    expect(sink.results).toEqual([{ data: { it } }, { data: { it } }]);
  });

  it('is one field and no more, also when nobody validated the document', async () => {
    const refusals = [
      'subscription { a: lampChanged(id: "l1") { kind } b: lampChanged(id: "l2") { kind } }',
      'subscription { ...F } fragment F on Subscription { lampChanged(id: "l1") { kind } myLamps { kind } }',
      'subscription { ... { lampChanged(id: "l1") { kind } } ... { myLamps { kind } } }',
      'subscription { ...Nowhere }',
    ].map((text) => refusalOf(graph.subscribe({ document: parse(text), text }, audience(), new Recorder())));
    expect(await Promise.all(refusals)).toEqual(Array.from({ length: 4 }, () => ['BAD_REQUEST']));
    expect(graph.counts()).toMatchObject({ groups: 0, asked: 0 });
    await expect(
      stage.subscribe(graph, 'subscription { a: lampChanged(id: "l1") { kind } b: myLamps { kind } }'),
    ).rejects.toThrow('only one top level field');
  });

  it('is found by the name of the operation, which must be told where there are several', async () => {
    const text = `subscription A { lampChanged(id: "l1") { kind } } subscription B { lampChanged(id: "l2") { lamp { id } } }`;
    const document = parse(text);
    const sink = new Recorder();
    await graph.subscribe({ document, text, operationName: 'B' }, audience(), sink);
    expect(sink.results).toEqual([{ data: { lampChanged: { lamp: { id: 'l2' } } } }]);
    for (const operationName of [undefined, 'C']) {
      const another = graph.subscribe({ document, text, operationName }, audience(), new Recorder());
      expect(await refusalOf(another)).toEqual(['BAD_REQUEST']);
    }
  });
});

describe('conditions on nested fields', () => {
  const text = `subscription($room: Boolean! = true, $name: Boolean = false, $owner: Boolean!) {
    lampChanged(id: "l1") {
      lamp {
        id
        name @include(if: $name)
        owner @skip(if: $owner) { name @include(if: $name) nick }
        ...R @include(if: $room)
      }
    }
  }
  fragment R on Lamp { room { title @skip(if: $name) id } }`;

  it.each([
    [{ owner: true }, { id: 'l1', room: { title: 'Room of l1', id: 'r-l1' } }],
    [
      { owner: false, room: false },
      { id: 'l1', owner: { nick: null } },
    ],
    [
      { owner: false, name: true },
      { id: 'l1', name: 'Lamp l1', owner: { name: 'Person p-l1', nick: null }, room: { id: 'r-l1' } },
    ],
  ])('are decided by the variables of the subscription, defaults included: %j', async (variables, lamp) => {
    const { sink } = await stage.subscribe(graph, text, variables);
    publish('lampChanged:l1', 1);
    await vi.waitFor(() => expect(sink.frames).toHaveLength(2));
    expect(sink.results).toEqual([{ data: { lampChanged: { lamp } } }, { data: { lampChanged: { lamp } } }]);
  });

  it('spare the subgraphs that only they would need', async () => {
    await stage.subscribe(graph, text, { owner: true, room: false });
    expect(stage.toy.state.calls.map(({ service }) => service)).toEqual(['lamps']);
  });
});

describe('an error of a subgraph', () => {
  it('stands at the path the client knows, beside everything else, and the stream goes on', async () => {
    const text = 'subscription { l: lampChanged(id: "l1") { lamp { o: owner { name n: nick } room { title } } } }';
    const { sink } = await stage.subscribe(graph, text);
    stage.toy.state.shy.add('p-l1');
    publish('lampChanged:l1', 1);
    await vi.waitFor(() => expect(sink.frames).toHaveLength(2));
    expect(sink.results[1]).toMatchObject({
      data: { l: { lamp: { o: { name: 'Person p-l1', n: null }, room: { title: 'Room of l1' } } } },
      errors: [{ message: 'Not for you.', path: ['l', 'lamp', 'o', 'n'], extensions: { code: 'SHY' } }],
    });
    stage.toy.state.shy.clear();
    publish('lampChanged:l1', 2);
    await vi.waitFor(() => expect(sink.frames).toHaveLength(3));
    expect(sink.results[2].errors).toBeUndefined();
  });

  it('goes up to the nearest field that may be null, and to no result at all when there is none', async () => {
    const nested = await stage.subscribe(
      graph,
      'subscription { lightChanged(id: "nowhere") { ... on Lamp { area } } }',
    );
    expect(nested.sink.results[0]).toMatchObject({
      data: { lightChanged: null },
      errors: [{ path: ['lightChanged', 'area'] }],
    });
    const whole = await stage.subscribe(graph, 'subscription { lampChanged(id: "nowhere") { lamp { area } } }');
    expect(whole.sink.results[0]).toMatchObject({ data: null, errors: [{ path: ['lampChanged', 'lamp', 'area'] }] });
    expect(whole.sink.ended).toBeUndefined();
  });
});
