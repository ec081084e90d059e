import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inRounds, QueueFullError, type RoundsOptions } from './in-rounds.ts';

const fulfilled = <T>(value: T) => ({ status: 'fulfilled' as const, value });

/** Rounds that are over when the test says so. */
function heldRounds(options: Partial<RoundsOptions<number, string>> = {}) {
  const begun: { items: readonly number[]; end(): void }[] = [];
  const ask = inRounds<number, string>({
    ...{ maxItems: 3, maxWaiting: 100, lanes: 1 },
    decide: async (items) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      begun.push({ items, end: resolve });
      await promise;
      return items.map((item) => fulfilled(`${item} decided`));
    },
    ...options,
  });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return { ask, begun, turn };
}

describe('what is asked while a round is under way', () => {
  it('is decided in the next one, in order, and nobody waits for company', async () => {
    const { ask, begun, turn } = heldRounds();
    const first = ask(1);
    await turn();
    expect(begun.map(({ items }) => items)).toEqual([[1]]);
    const others = [2, 3, 4, 5].map(ask);
    await turn();
    expect(begun).toHaveLength(1);
    begun[0]!.end();
    expect(await first).toBe('1 decided');
    await turn();
    begun[1]!.end();
    await turn();
    begun[2]!.end();
    expect(await Promise.all(others)).toEqual([2, 3, 4, 5].map((item) => `${item} decided`));
    expect(begun.map(({ items }) => items)).toEqual([[1], [2, 3, 4], [5]]);
  });

  it('goes into another lane when there is one', async () => {
    const { ask, begun, turn } = heldRounds({ lanes: 2 });
    const first = ask(1);
    await turn();
    const second = ask(2);
    await turn();
    expect(begun.map(({ items }) => items)).toEqual([[1], [2]]);
    for (const { end } of begun) end();
    expect(await Promise.all([first, second])).toEqual(['1 decided', '2 decided']);
  });

  it('waits for the round that has what it needs, and for no other', async () => {
    const { ask, begun, turn } = heldRounds({ lanes: 2, keysOf: (item) => [`ten ${Math.trunc(item / 10)}`] });
    const answers = [ask(11)];
    await turn();
    answers.push(...[12, 21, 13, 22].map(ask));
    await turn();
    // The elevens wait for the first; the others are in the other lane.
    expect(begun.map(({ items }) => items)).toEqual([[11], [21, 22]]);
    answers.push(ask(23), ask(31));
    await turn();
    begun[1]!.end();
    await turn();
    expect(begun.at(-1)!.items).toEqual([23, 31]);
    begun[0]!.end();
    await turn();
    expect(begun.at(-1)!.items).toEqual([12, 13]);
    for (const { end } of begun) end();
    expect(await Promise.all(answers)).toHaveLength(7);
  });

  it('is refused when too many wait, and the others are not harmed', async () => {
    const { ask, begun, turn } = heldRounds({ maxWaiting: 2 });
    const first = ask(1);
    await turn();
    const waiting = [ask(2), ask(3)];
    await expect(ask(4)).rejects.toBeInstanceOf(QueueFullError);
    begun[0]!.end();
    await turn();
    begun[1]!.end();
    expect(await Promise.all([first, ...waiting])).toHaveLength(3);
  });

  it('has an answer of its own, also when it is a failure', async () => {
    const ask = inRounds<number, number>({
      ...{ maxItems: 9, maxWaiting: 9, lanes: 1 },
      decide: async (items) =>
        items.map((item) =>
          item % 2 ? fulfilled(item) : { status: 'rejected' as const, reason: new Error(`not ${item}`) },
        ),
    });
    const answers = await Promise.allSettled([1, 2, 3].map(ask));
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('is told what went wrong with all of it, and the next round begins', async () => {
    let rounds = 0;
    const ask = inRounds<number, number>({
      ...{ maxItems: 2, maxWaiting: 9, lanes: 1 },
      decide: async (items) => {
        rounds += 1;
        if (rounds === 1) throw new Error('the store is away');
        return rounds === 2 ? [] : items.map(fulfilled);
      },
    });
    const answers = await Promise.allSettled([1, 2, 3, 4, 5].map(ask));
    expect(answers.slice(0, 2)).toMatchObject([
      { reason: new Error('the store is away') },
      { reason: new Error('the store is away') },
    ]);
    expect(answers.slice(2).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  });

  it('has in its turn what it needs, in whichever lane, and everybody comes to it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ keys: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd')), turns: fc.nat(4) }), {
          maxLength: 40,
        }),
        fc.record({ maxItems: fc.integer({ min: 1, max: 5 }), lanes: fc.integer({ min: 1, max: 4 }) }),
        async (wanted, limits) => {
          const under = new Map<string, number>();
          const seen = new Map<string, number[]>();
          let lanes = 0;
          const ask = inRounds<number, number>({
            ...{ ...limits, maxWaiting: 1_000, keysOf: (at) => wanted[at]!.keys },
            decide: async (items) => {
              lanes += 1;
              expect(lanes).toBeLessThanOrEqual(limits.lanes);
              const keys = new Set(items.flatMap((at) => wanted[at]!.keys));
              for (const key of keys) under.set(key, (under.get(key) ?? 0) + 1);
              expect([...under.values()].every((count) => count <= 1)).toBe(true);
              for (const at of items) for (const key of wanted[at]!.keys) seen.set(key, [...(seen.get(key) ?? []), at]);
              for (let turn = 0; turn < Math.max(...items.map((at) => wanted[at]!.turns)); turn += 1) await undefined;
              for (const key of keys) under.set(key, 0);
              lanes -= 1;
              return items.map(fulfilled);
            },
          });
          expect(await Promise.all(wanted.map((_, at) => ask(at)))).toEqual(wanted.map((_, at) => at));
          for (const order of seen.values()) expect(order).toEqual(order.toSorted((a, b) => a - b));
        },
      ),
    );
  });

  it('is in exactly one round, no round is over its limits, and they follow the order in which was asked', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 60 }),
        fc.record({ maxItems: fc.integer({ min: 1, max: 8 }), maxWeight: fc.integer({ min: 1, max: 20 }) }),
        async (weights, limits) => {
          const rounds: number[][] = [];
          const ask = inRounds<number, number>({
            ...{ ...limits, maxWaiting: 1_000, lanes: 1, weightOf: (at) => weights[at]! },
            decide: async (items) => {
              rounds.push([...items]);
              await undefined;
              return items.map(fulfilled);
            },
          });
          const answers = await Promise.all(weights.map((_, at) => ask(at)));
          expect(answers).toEqual(weights.map((_, at) => at));
          expect(rounds.flat()).toEqual(answers);
          for (const round of rounds) {
            const weight = round.reduce((sum, at) => sum + weights[at]!, 0);
            expect(round.length).toBeLessThanOrEqual(limits.maxItems);
            expect(round.length === 1 || weight <= limits.maxWeight).toBe(true);
          }
        },
      ),
    );
  });
});
