import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LiveGraph } from './live-graph.ts';
import { liveStage, type LiveStage } from '../../testing/live-stage.ts';
import type { Recorder } from '../../testing/recorder.ts';

const ONE = 'subscription($id: ID!) { lampChanged(id: $id) { kind step } }';
const MANY = 'subscription($ids: [ID!]!) { lampsChanged(ids: $ids) { step lamp { id } } }';
const NAME = 'lamps.changed';
let stage: LiveStage;
let graph: LiveGraph;

beforeEach(async () => {
  stage = liveStage();
  graph = await stage.start();
});
afterEach(() => stage.stop());

/** The state is saved: a snapshot has it from now on. The log of these tests counts sequences from 1. */
function save(id: string, step: number, topic = `lampChanged:${id}`, name = NAME): void {
  stage.toy.state.steps.set(id, step);
  stage.toy.state.shows.set(id, { name, key: topic, sequence: step });
}
/** The event of a change comes to the log, after whatever time. */
const publish = (step: number, topic = 'lampChanged:l1') => stage.log.publish('lamps', [topic], { step });
const stepsOf = (sink: Recorder) => sink.events('lampChanged').map(({ step }) => step as number);

describe('a snapshot that is ahead of the log', () => {
  it('is not followed by what it holds, but by what is newer', async () => {
    save('l1', 2);
    const { sink } = await stage.subscribe(graph, ONE, { id: 'l1' });
    for (const step of [1, 2, 3, 4]) publish(step);
    await vi.waitFor(() => expect(stepsOf(sink).at(-1)).toBe(4));
    expect(stepsOf(sink)).toEqual([2, 3, 4]);
  });

  it('is not followed by what came while it was taken', async () => {
    let isFirst = true;
    stage.toy.state.before = async (service) => {
      if (service !== 'lamps' || !isFirst) return;
      isFirst = false;
      save('l1', 2);
      const { runs } = graph.counts();
      publish(1);
      // Run by the group, and waiting for the snapshot.
      await vi.waitFor(() => expect(graph.counts().runs).toBe(runs + 1));
    };
    const { sink } = await stage.subscribe(graph, ONE, { id: 'l1' });
    for (const step of [2, 3]) publish(step);
    await vi.waitFor(() => expect(stepsOf(sink).at(-1)).toBe(3));
    expect(stepsOf(sink)).toEqual([2, 3]);
  });

  it('holds events of its own name and key only', async () => {
    save('a', 3, 'lampsChanged:a');
    save('c', 9, 'lampsChanged:c', 'lamps.broken');
    const { sink } = await stage.subscribe(graph, MANY, { ids: ['a', 'b', 'c'] });
    for (const [at, id] of ['a', 'b', 'a', 'c', 'a', 'a'].entries()) publish(at + 1, `lampsChanged:${id}`);
    const told = () => sink.events('lampsChanged').map(({ step, lamp }) => `${lamp.id}${step}`);
    await vi.waitFor(() => expect(told().at(-1)).toBe('a6'));
    expect(told()).toEqual(['a3', 'b0', 'c9', 'b2', 'c4', 'a5', 'a6']);
  });

  it('tells every later step once and in order, however far the log is behind', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('save', 'publish'), { minLength: 1, maxLength: 30 }),
        fc.nat(30),
        fc.nat(3),
        async (moves, subscribeAt, delay) => {
          const before = stage.toy.state.steps.get('l1') ?? 0;
          let [saved, published] = [before, before];
          stage.toy.state.before = () => turns(delay);
          let watching: ReturnType<LiveStage['subscribe']> | undefined;
          for (const [at, move] of [...moves, 'save'].entries()) {
            if (at === subscribeAt) watching = stage.subscribe(graph, ONE, { id: 'l1' });
            if (move === 'save') save('l1', (saved += 1));
            else if (published < saved) publish((published += 1));
            await turns(1);
          }
          const { sink, stop } = await (watching ?? stage.subscribe(graph, ONE, { id: 'l1' }));
          const first = stepsOf(sink)[0]!;
          save('l1', (saved += 1));
          while (published < saved) publish((published += 1));
          await vi.waitFor(() => expect(stepsOf(sink).at(-1)).toBe(saved), { interval: 2 });
          stop();
          expect(stepsOf(sink)).toEqual(Array.from({ length: saved - first + 1 }, (_, at) => first + at));
        },
      ),
      { numRuns: 60 },
    );
  });
});

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
