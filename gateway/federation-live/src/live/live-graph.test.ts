import { QueryPlanner } from '@apollo/query-planner';
import { parse, validate } from 'graphql';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLiveGraph, type LiveGraph } from './live-graph.ts';
import { SubscriptionRefusedError } from './live-error.ts';
import type { Audience } from './live-ports.ts';
import { memoryLog, type MemoryLog } from '../../testing/memory-log.ts';
import { audience, Recorder } from '../../testing/recorder.ts';
import { toyGraph, type ToyGraph } from '../../testing/toy-graph.ts';

const quiet = { debug: () => undefined, warn: () => undefined, error: () => undefined };
const CHANGED = `subscription Changed($id: ID!, $after: String) {
  lampChanged(id: $id, after: $after) { cursor kind step lamp { name owner { name } room { title } load } }
}`;

let toy: ToyGraph;
let log: MemoryLog;
let graph: LiveGraph;

beforeEach(async () => {
  toy = toyGraph();
  log = memoryLog();
  graph = createLiveGraph({
    supergraph: toy.supergraph,
    services: toy.services,
    log,
    logger: quiet,
    cursorSecret: 'test secret',
    limits: { group: { attempts: 3, retryDelayMs: 5 } },
  });
  await graph.start();
});
afterEach(() => graph.stop());

async function subscribe(
  text: string,
  variables: Record<string, unknown> = {},
  { who = audience(), sink = new Recorder() }: { who?: Audience; sink?: Recorder } = {},
) {
  const document = parse(text);
  expect(validate(graph.schema, document)).toEqual([]);
  const subscription = await graph.subscribe({ document, text, variables }, who, sink);
  return { sink, stop: subscription.stop };
}

const codesOf = async (work: Promise<unknown>): Promise<unknown[]> => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SubscriptionRefusedError);
  return (error as SubscriptionRefusedError).errors.map(({ extensions }) => extensions['code']);
};

it('plans what it was told of before anybody asks, and once, with its name or without', async () => {
  const planning = vi.spyOn(QueryPlanner.prototype, 'buildQueryPlan');
  try {
    graph.warm({ document: parse(CHANGED), text: CHANGED, operationName: 'Changed' });
    expect(planning).toHaveBeenCalledTimes(1);
    const { sink } = await subscribe(CHANGED, { id: 'l1' });
    const named = new Recorder();
    await graph.subscribe(
      { document: parse(CHANGED), text: CHANGED, operationName: 'Changed', variables: { id: 'l1' } },
      audience(),
      named,
    );
    expect([sink.frames.length, named.frames.length]).toEqual([1, 1]);
    expect(planning).toHaveBeenCalledTimes(1);
    expect(graph.counts().groups).toBe(1);
  } finally {
    planning.mockRestore();
  }
});

describe('a subscription over three subgraphs', () => {
  it('begins with the state and joins fields of the others into every event', async () => {
    const { sink } = await subscribe(CHANGED, { id: 'l1' });
    log.publish('lamps', ['lampChanged:l1'], { step: 1 });
    await vi.waitFor(() => expect(sink.frames).toHaveLength(2));
    const lamp = {
      name: 'Lamp l1',
      owner: { name: 'Person p-l1' },
      room: { title: 'Room of l1' },
      load: 80,
    };
    expect(sink.events('lampChanged')).toEqual([
      { cursor: expect.any(String), kind: 'SNAPSHOT', step: 0, lamp },
      { cursor: expect.any(String), kind: 'LIVE', step: 1, lamp },
    ]);
    expect(sink.results.every((result) => result.errors === undefined)).toBe(true);
  });

  it('hears only of its own topics, in the domain of the owner', async () => {
    const { sink } = await subscribe(CHANGED, { id: 'l1' });
    log.publish('lamps', ['lampChanged:l2'], { step: 1 });
    log.publish('people', ['lampChanged:l1'], { step: 2 });
    log.publish('lamps', ['lampChanged:l1'], { step: 3 });
    await vi.waitFor(() => expect(sink.frames).toHaveLength(2));
    expect(sink.events('lampChanged')[1].step).toBe(3);
  });

  it('takes aliases, defaults, conditions, fragments and interfaces', async () => {
    const text = `subscription($id: ID!, $min: Int = 50, $owner: Boolean = false) {
      it: lampChanged(id: $id, minWatts: $min) { ...Event }
    }
    fragment Event on LampEvent { n: step lamp { ... on Light { key: id } owner @include(if: $owner) { name } } }`;
    const { sink } = await subscribe(text, { id: 'l1' });
    log.publish('lamps', ['lampChanged:l1'], { step: 1, watts: 49 });
    log.publish('lamps', ['lampChanged:l1'], { step: 2, watts: 50 });
    await vi.waitFor(() => expect(sink.frames).toHaveLength(2));
    expect(sink.events('it')).toEqual([
      { n: 0, lamp: { key: 'l1' } },
      { n: 2, lamp: { key: 'l1' } },
    ]);
    expect(graph.counts().skipped).toBe(1);
    const light = await subscribe('subscription { lightChanged(id: "l9") { __typename id ... on Lamp { watts } } }');
    expect(light.sink.events('lightChanged')).toEqual([{ __typename: 'Lamp', id: 'l9', watts: 40 }]);
  });

  it('sends one snapshot per id of a list, and the id of the event later', async () => {
    const text = 'subscription($ids: [ID!]!) { lampsChanged(ids: $ids) { kind lamp { id } } }';
    const { sink } = await subscribe(text, { ids: ['a', 'b', 'a'] });
    log.publish('lamps', ['lampsChanged:b', 'lampsChanged:z']);
    await vi.waitFor(() => expect(sink.frames).toHaveLength(3));
    expect(sink.events('lampsChanged')).toEqual([
      { kind: 'SNAPSHOT', lamp: { id: 'a' } },
      { kind: 'SNAPSHOT', lamp: { id: 'b' } },
      { kind: 'LIVE', lamp: { id: 'b' } },
    ]);
    expect(await codesOf(subscribe(text, { ids: [] }))).toEqual(['BAD_USER_INPUT']);
    const many = Array.from({ length: 101 }, (_, at) => `l${at}`);
    expect(await codesOf(subscribe(text, { ids: many }))).toEqual(['BAD_USER_INPUT']);
  });

  it('watches the caller where the field names no id, and needs one', async () => {
    const text = 'subscription { myLamps { kind lamp { id } } }';
    const { sink } = await subscribe(text, {}, { who: audience('me') });
    log.publish('lamps', ['myLamps:me']);
    await vi.waitFor(() => expect(sink.frames).toHaveLength(2));
    expect(sink.events('myLamps')[1]).toEqual({ kind: 'LIVE', lamp: { id: 'me' } });
    const nobody = audience('anonymous', { ownKey: undefined });
    expect(await codesOf(subscribe(text, {}, { who: nobody }))).toEqual(['UNAUTHENTICATED']);
  });

  it('refuses wrong variables and what cannot be planned', async () => {
    expect(await codesOf(subscribe(CHANGED, {}))).toEqual(['BAD_USER_INPUT']);
    const conditional = 'subscription { lampChanged(id: "l1") @skip(if: false) { kind } }';
    expect(await codesOf(subscribe(conditional))).toEqual(['BAD_REQUEST']);
  });
});

describe('what goes wrong in an event', () => {
  it('answers what it has when another subgraph is down, with an error that says so', async () => {
    const { sink } = await subscribe(CHANGED, { id: 'l1' });
    toy.state.down.add('people');
    log.publish('lamps', ['lampChanged:l1'], { step: 1 });
    toy.state.calls.length = 0;
    await vi.waitFor(() => expect(sink.frames).toHaveLength(2));
    const [, live] = sink.results;
    expect(live.data.lampChanged.lamp).toMatchObject({ owner: null, room: { title: 'Room of l1' } });
    expect(live.errors).toMatchObject([{ message: 'people is down', extensions: { serviceName: 'people' } }]);
  });

  it('makes an error of a null that the schema does not allow', async () => {
    const text = 'subscription { lampChanged(id: "nowhere") { kind lamp { area } } }';
    const { sink } = await subscribe(text);
    expect(sink.results[0].data).toBeNull();
    expect(sink.results[0].errors[0].message).toContain('area');
    expect(sink.results[0].extensions).toBeUndefined();
  });

  it('tries again while the owner is away, and misses nothing', async () => {
    const { sink } = await subscribe(CHANGED, { id: 'l1' });
    toy.state.flaky.set('lamps', 3);
    log.publish('lamps', ['lampChanged:l1'], { step: 1 });
    log.publish('lamps', ['lampChanged:l1'], { step: 2 });
    await vi.waitFor(() => expect(sink.frames).toHaveLength(3));
    expect(sink.events('lampChanged').map(({ step }) => step)).toEqual([0, 1, 2]);
    expect(graph.counts().failed).toBe(3);
  });

  it('ends with a retryable error when the owner stays away', async () => {
    const { sink } = await subscribe(CHANGED, { id: 'l1' });
    toy.state.down.add('lamps');
    log.publish('lamps', ['lampChanged:l1'], { step: 1 });
    await vi.waitFor(() => expect(sink.endCodes).toEqual(['SUBGRAPH_UNAVAILABLE']));
    expect(graph.counts()).toMatchObject({ groups: 0, subscribers: 0 });
  });
});

describe('access', () => {
  it('is asked of the owner first; a refusal ends the subscription', async () => {
    toy.state.secret.add('l1');
    expect(await codesOf(subscribe(CHANGED, { id: 'l1' }))).toEqual(['FORBIDDEN']);
    expect(graph.counts()).toMatchObject({ groups: 0, subscribers: 0 });
  });

  it('is asked with every event', async () => {
    const { sink } = await subscribe(CHANGED, { id: 'l1' });
    toy.state.secret.add('l1');
    log.publish('lamps', ['lampChanged:l1'], { step: 1 });
    await vi.waitFor(() => expect(sink.endCodes).toEqual(['FORBIDDEN']));
    expect(sink.frames).toHaveLength(1);
  });

  it('is asked again without an event when somebody changed', async () => {
    const mine = await subscribe(CHANGED, { id: 'l1' }, { who: audience('a') });
    const other = await subscribe(CHANGED, { id: 'l1' }, { who: audience('b') });
    toy.state.secret.add('l1');
    await graph.recheck(({ subject }) => subject === 'a');
    expect(mine.sink.endCodes).toEqual(['FORBIDDEN']);
    expect(other.sink.ended).toBeUndefined();
    expect(mine.sink.frames).toHaveLength(1);
  });

  it('ends when the session has ended', async () => {
    let session: { scope: string } | null = { scope: 'a' };
    const who = audience('a', { context: async () => session });
    const { sink } = await subscribe(CHANGED, { id: 'l1' }, { who });
    session = null;
    log.publish('lamps', ['lampChanged:l1'], { step: 1 });
    await vi.waitFor(() => expect(sink.endCodes).toEqual(['UNAUTHENTICATED']));
    expect(sink.frames).toHaveLength(1);
  });
});

describe('identical subscriptions', () => {
  it('share one plan run and one text per event', async () => {
    const clients = await Promise.all(Array.from({ length: 50 }, () => subscribe(CHANGED, { id: 'l1' })));
    expect(graph.counts()).toMatchObject({ groups: 1, subscribers: 50 });
    log.publish('lamps', ['lampChanged:l1'], { step: 1 });
    log.publish('lamps', ['lampChanged:l1'], { step: 2 });
    await vi.waitFor(() => expect(clients.every(({ sink }) => sink.frames.length === 3)).toBe(true));
    expect(graph.counts().runs).toBe(2);
    expect(new Set(clients.map(({ sink }) => sink.frames[2])).size).toBe(1);
    // Those who came together were also shown one state together.
    expect(graph.counts().snapshots).toBeLessThanOrEqual(2);
  });

  it('are told apart by caller, variables and text, not by the cursor or the order of keys', async () => {
    await subscribe(CHANGED, { id: 'l1' });
    await subscribe(CHANGED, { after: null, id: 'l1' });
    expect(graph.counts().groups).toBe(1);
    await subscribe(CHANGED, { id: 'l2' });
    await subscribe(CHANGED, { id: 'l1' }, { who: audience('b') });
    await subscribe(`${CHANGED} `, { id: 'l1' });
    expect(graph.counts().groups).toBe(4);
  });

  it('leave nothing behind when the last one stops', async () => {
    const first = await subscribe(CHANGED, { id: 'l1' });
    const second = await subscribe(CHANGED, { id: 'l1' });
    first.stop();
    first.stop();
    expect(graph.counts()).toMatchObject({ groups: 1, subscribers: 1 });
    second.stop();
    expect(graph.counts()).toMatchObject({ groups: 0, subscribers: 0 });
    log.publish('lamps', ['lampChanged:l1'], { step: 1 });
    const { sink } = await subscribe(CHANGED, { id: 'l2' });
    log.publish('lamps', ['lampChanged:l2'], { step: 1 });
    await vi.waitFor(() => expect(sink.frames).toHaveLength(2));
    expect(graph.counts().runs).toBe(1);
    expect(first.sink.frames).toHaveLength(1);
  });
});
