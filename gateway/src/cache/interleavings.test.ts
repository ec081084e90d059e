import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Viewer } from '@marketgraph/platform/graphql';
import { BY_ID, buyer, itemsSupergraph, nobody, ToyItems } from '../../test/support/toy-items.ts';

const supergraph = itemsSupergraph();
const viewers: Viewer[] = [nobody, buyer('alice'), buyer('bob')];
const IDS = ['i1', 'i2', 'i3'];

const step = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('change' as const), id: fc.constantFrom(...IDS) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('publish' as const),
      id: fc.constantFrom(...IDS),
      draftOf: fc.constantFrom(null, 'alice', 'bob'),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('entities' as const),
      viewer: fc.constantFrom(...viewers),
      ids: fc.array(fc.constantFrom(...IDS), { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('one' as const),
      viewer: fc.constantFrom(...viewers),
      id: fc.constantFrom(...IDS),
    }),
  },
);

/** `i1 4 alice`: which item, in which version, for whom. */
interface Shown {
  version: number;
  owner: string;
}

const shownOf = (title: string): Shown => {
  const [, version, owner] = title.split(' ');
  return { version: Number(version), owner: owner! };
};

describe('the entity cache, whatever happens in whatever order', () => {
  it('shows nobody what is another’s, and nothing older than the news that had come', async () => {
    let hits = 0;
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(step, { minLength: 5, maxLength: 40 }), async (scheduler, steps) => {
        const toy = new ToyItems({ supergraph, onTheWay: () => scheduler.schedule(Promise.resolve(), 'on the way') });
        // Of each item the version that the newest delivered event told of.
        const told = new Map<string, number>();
        for (const id of IDS) toy.items.set(id, { version: 1, draftOf: null });

        const check = (viewer: Viewer, id: string, atStart: number, answer: unknown): void => {
          if (answer === null) return;
          const { version, owner } = shownOf((answer as { title: string }).title);
          expect(version).toBeGreaterThanOrEqual(atStart);
          if (owner !== 'all') expect(viewer).toMatchObject({ kind: 'user', userId: owner });
        };
        const alter = (id: string, draftOf: string | null | undefined): void => {
          const before = toy.items.get(id)!;
          const version = before.version + 1;
          toy.items.set(id, { version, draftOf: draftOf === undefined ? before.draftOf : draftOf });
          // Events of one owner come in their order, some time after the change.
          events = events
            .then(() => scheduler.schedule(Promise.resolve(), 'event'))
            .then(() => {
              toy.tell(id);
              told.set(id, version);
            });
        };
        let events = Promise.resolve();
        const running: Promise<void>[] = [];
        const run = (one: (typeof steps)[number]): void => {
          if (one.kind === 'change') return alter(one.id, undefined);
          if (one.kind === 'publish') return alter(one.id, one.draftOf);
          const { viewer } = one;
          const ids = one.kind === 'one' ? [one.id] : one.ids;
          const atStart = ids.map((id) => told.get(id) ?? 1);
          const asked =
            one.kind === 'one'
              ? toy.ask(viewer, { query: BY_ID, variables: { id: one.id } })
              : toy.entities(viewer, ...ids);
          running.push(
            asked.then(({ data, xCache }) => {
              if (xCache === 'hit') hits += 1;
              const found = data as { item?: unknown; _entities?: unknown[] };
              const answers = found._entities ?? [found.item];
              for (const [at, id] of ids.entries()) check(viewer, id, atStart[at]!, answers[at]);
            }),
          );
        };
        const steering = steps.map((one) => scheduler.schedule(Promise.resolve(one), one.kind).then(run));
        try {
          await scheduler.waitIdle();
          await Promise.all([...steering, ...running, events]);
          // Everything has come: what is shown now is how things are.
          for (const viewer of viewers) {
            const asked = toy.entities(viewer, ...IDS);
            await scheduler.waitIdle();
            const { data } = await asked;
            for (const [at, id] of IDS.entries()) {
              const { version, draftOf } = toy.items.get(id)!;
              const mine = draftOf === null || (viewer.kind === 'user' && viewer.userId === draftOf);
              const title = mine ? { title: `${id} ${version} ${draftOf ?? 'all'}` } : null;
              expect((data as { _entities: unknown[] })._entities[at]).toEqual(title);
            }
          }
        } finally {
          toy.cache.stop();
        }
      }),
      { numRuns: 400 },
    );
    // A cache that never answers would keep these promises too.
    expect(hits).toBeGreaterThan(100);
  });
});
