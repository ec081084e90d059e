import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LiveGraph, LiveGraphOptions } from './live-graph.ts';
import type { PayloadRoots } from './payload-root.ts';
import { liveStage, type LiveStage } from '../../testing/live-stage.ts';

/** What lamps would answer, as far as their events tell it: not the watts. */
const payloadRoots: PayloadRoots = {
  lampChanged({ envelope }, { cursor, kind, key }) {
    const { step, silent, odd } = envelope.payload as { step: number; silent?: boolean; odd?: boolean };
    if (silent) return null;
    if (odd) throw new TypeError('what is this');
    const owner = { __typename: 'Person', id: `p-${key}` };
    const lamp = { __typename: 'Lamp', id: key, name: `Lamp ${key}`, owner };
    return { __typename: 'LampEvent', cursor, kind, step, lamp };
  },
  glowChanged({ envelope }) {
    const { step } = envelope.payload as { step: number };
    return { __typename: 'Candle', id: 'g', hours: step };
  },
};

let stage: LiveStage;
let told: LiveGraph;
let asking: LiveGraph;

beforeEach(async () => {
  stage = liveStage();
  told = await stage.start({ payloadRoots });
  asking = await stage.start();
});
afterEach(() => stage.stop());

const publish = (payload: object, topic = 'lampChanged:l1') => stage.log.publish('lamps', [topic], payload);

describe('an event that tells all that is selected', () => {
  it.each([
    ['of the event alone', 'subscription { lampChanged(id: "l1") { cursor kind step } }'],
    [
      'and of other subgraphs',
      'subscription { lampChanged(id: "l1") { step lamp { owner { name nick } room { title } } } }',
    ],
    [
      'under other names',
      'subscription { it: lampChanged(id: "l1") { n: step __typename l: lamp { __typename k: id } } }',
    ],
    [
      'by fragments, under conditions',
      `subscription($yes: Boolean = true, $no: Boolean = false) { lampChanged(id: "l1", minWatts: 0) { ...F step @skip(if: $yes) } }
       fragment F on LampEvent { lamp { ... on Light { id } name @include(if: $yes) watts @include(if: $no) } }`,
    ],
    [
      'of a union',
      'subscription { glowChanged(id: "l1") { __typename ... on Candle { hours } ... on Lamp { name } } }',
    ],
  ])('is answered without asking its owner, and the same as by the owner: %s', async (_, text) => {
    const byEvent = await stage.subscribe(told, text);
    const byOwner = await stage.subscribe(asking, text);
    const owners = told.counts().asked;
    for (const topic of ['lampChanged:l1', 'glowChanged:l1']) for (const step of [3, 4]) publish({ step }, topic);
    await vi.waitFor(() => expect([byEvent, byOwner].map(({ sink }) => sink.frames.length)).toEqual([3, 3]));
    expect(byEvent.sink.frames.slice(1)).toEqual(byOwner.sink.frames.slice(1));
    expect(byEvent.sink.results.every(({ errors }) => errors === undefined)).toBe(true);
    expect(told.counts()).toMatchObject({ asked: owners, told: 2 });
    expect(asking.counts().told).toBe(0);
  });

  it('is replayed the same way', async () => {
    const text = 'subscription($after: String) { lampChanged(id: "l1", after: $after) { cursor step } }';
    const { sink, stop } = await stage.subscribe(told, text);
    stop();
    publish({ step: 1 });
    const after = sink.events('lampChanged')[0].cursor as string;
    const resumed = await stage.subscribe(told, text, { after });
    expect(resumed.sink.events('lampChanged').map(({ step }) => step)).toEqual([1]);
    expect(told.counts().told).toBe(1);
  });
});

describe('an event that does not', () => {
  it.each([
    ['a field is not in it', 'subscription { lampChanged(id: "l1") { step lamp { watts } } }', {}],
    ['another subgraph needs what is not in it', 'subscription { lampChanged(id: "l1") { step lamp { load } } }', {}],
    ['it says so', 'subscription { lampChanged(id: "l1") { step } }', { silent: true }],
    ['nobody can read it', 'subscription { lampChanged(id: "l1") { step } }', { odd: true }],
    ['it does not fit the schema', 'subscription { lampChanged(id: "l1") { step } }', { step: 1.5, watts: 1 }],
  ])('is asked of its owner: %s', async (_, text, more) => {
    const { sink } = await stage.subscribe(told, text);
    publish({ step: 3, ...more });
    await vi.waitFor(() => expect(sink.frames).toHaveLength(2));
    expect(told.counts()).toMatchObject({ asked: 2, told: 0 });
  });

  it('is asked of its owner where the field of a payload takes arguments', async () => {
    const supergraph = stage.toy.supergraphWith(({ lamps, ...others }) => ({
      ...others,
      lamps: lamps.replace('name: String!', 'name(short: Boolean = false): String!'),
    }));
    const graph = await stage.start({ payloadRoots, supergraph } satisfies Partial<LiveGraphOptions>);
    stage.toy.services.executeEvent = async () => ({ data: { lampChanged: { lamp: { name: 'by the owner' } } } });
    const { sink } = await stage.subscribe(
      graph,
      'subscription { lampChanged(id: "l1") { lamp { name(short: true) } } }',
    );
    publish({ step: 3 });
    await vi.waitFor(() => expect(sink.events('lampChanged').at(-1).lamp.name).toBe('by the owner'));
    await vi.waitFor(() => expect(sink.frames).toHaveLength(2));
    expect(graph.counts()).toMatchObject({ asked: 2, told: 0 });
  });

  it('never decides who may listen: that is asked of the owner', async () => {
    stage.toy.state.secret.add('l1');
    await expect(stage.subscribe(told, 'subscription { lampChanged(id: "l1") { step } }')).rejects.toThrow(
      'No such lamp.',
    );
  });
});
