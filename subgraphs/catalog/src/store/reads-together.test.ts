import { describe, expect, it, vi } from 'vitest';
import { askTogether, readTogether } from './reads-together.ts';

interface Lamp {
  id: string;
  watts: number;
}

/** A store whose lamps can be changed, and the questions it was asked. */
function aStore() {
  const watts = new Map([
    ['a', 1],
    ['b', 2],
  ]);
  const questions: (readonly string[])[] = [];
  const find = async (ids: readonly string[]): Promise<Lamp[]> => {
    questions.push(ids);
    return ids.flatMap((id) => (watts.has(id) ? [{ id, watts: watts.get(id)! }] : []));
  };
  return { watts, questions, find, read: readTogether(find, ({ id }) => id) };
}

const numbered = (from: number, count: number) => Array.from({ length: count }, (_, at) => `n${from + at}`);

const nextTurn = () =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

describe('reads made at the same moment', () => {
  it('are one question, and each gets what it asked for', async () => {
    const { read, questions } = aStore();
    const found = await Promise.all([read(['a', 'b']), read(['b', 'unknown']), read(['unknown']), read(['b'])]);
    const [a, b] = [
      { id: 'a', watts: 1 },
      { id: 'b', watts: 2 },
    ];
    expect(found).toEqual([[a, b], [b], [], [b]]);
    expect(questions).toEqual([['a', 'b', 'unknown']]);
  });

  it('find several values of one key', async () => {
    const lamps = [
      { id: 'a', watts: 1 },
      { id: 'b', watts: 2 },
      { id: 'a', watts: 3 },
    ];
    const read = readTogether(
      async () => lamps,
      ({ id }) => id,
    );
    expect(await Promise.all([read(['a']), read(['b'])])).toEqual([[lamps[0], lamps[2]], [lamps[1]]]);
  });

  it('read of each what any of them asked for, and all of it when one did', async () => {
    const asked: (readonly string[] | undefined)[] = [];
    const read = readTogether<Lamp>(
      async (_, fields) => {
        asked.push(fields?.toSorted());
        return [];
      },
      ({ id }) => id,
    );
    await Promise.all([read(['a'], ['watts', 'dim']), read(['b'], ['watts', 'base']), read(['c'], [])]);
    await Promise.all([read(['a'], ['watts']), read(['b'])]);
    await read(['a'], []);
    expect(asked).toEqual([['base', 'dim', 'watts'], undefined, []]);
  });

  it('tell what is true after they were made, also while another is on its way', async () => {
    const { read, watts } = aStore();
    const before = read(['a']);
    await before;
    watts.set('a', 60);
    expect(await read(['a'])).toEqual([{ id: 'a', watts: 60 }]);
    const slow = Promise.withResolvers<Lamp[]>();
    const answers = [slow.promise, Promise.resolve([{ id: 'a', watts: 80 }])];
    const readSlowly = readTogether<Lamp>(
      () => answers.shift()!,
      ({ id }) => id,
    );
    const first = readSlowly(['a']);
    await nextTurn();
    // The first is asked already: what comes now is not answered by it.
    expect(await readSlowly(['a'])).toEqual([{ id: 'a', watts: 80 }]);
    slow.resolve([{ id: 'a', watts: 40 }]);
    expect(await first).toEqual([{ id: 'a', watts: 40 }]);
  });

  it('wait while one is on its way, and are one question then', async () => {
    const asked: { ids: readonly string[]; answer(): void }[] = [];
    const read = readTogether<Lamp>(
      (ids) =>
        new Promise((resolve) => {
          asked.push({ ids, answer: () => resolve(ids.map((id) => ({ id, watts: 1 }))) });
        }),
      ({ id }) => id,
    );
    const found: Promise<Lamp[]>[] = [];
    for (const id of ['a', 'b', 'c', 'd', 'e']) {
      found.push(read([id]));
      await nextTurn();
    }
    expect(asked.map(({ ids }) => ids)).toEqual([['a']]);
    asked[0]!.answer();
    expect(await found[0]).toEqual([{ id: 'a', watts: 1 }]);
    await nextTurn();
    expect(asked.map(({ ids }) => ids)).toEqual([['a'], ['b', 'c', 'd', 'e']]);
    for (const { answer } of asked) answer();
    expect((await Promise.all(found)).map(([lamp]) => lamp!.id)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('do not wait long for a store that answers nobody', async () => {
    const questions: number[] = [];
    const read = readTogether<Lamp>(
      async (ids) => {
        questions.push(ids.length);
        return ids.includes('n900') ? ids.map((id) => ({ id, watts: 1 })) : new Promise<Lamp[]>(() => undefined);
      },
      ({ id }) => id,
    );
    for (let from = 0; from < 900; from += 100) {
      void read(numbered(from, 100));
      await nextTurn();
    }
    expect(questions).toEqual([100]);
    expect(await read(['n900'])).toEqual([{ id: 'n900', watts: 1 }]);
    expect(questions).toEqual([100, 200, 200, 200, 200, 1]);
  });

  it('are more than one question when they are about more than 200 ids, and a long list is one of its own', async () => {
    const { read, questions } = aStore();
    await Promise.all([
      read(numbered(0, 150)),
      read(numbered(150, 50)),
      read(numbered(200, 1)),
      read(numbered(300, 201)),
    ]);
    expect(questions.map(({ length }) => length).toSorted((a, b) => a - b)).toEqual([1, 200, 201]);
  });

  it('fail together, and the next are asked anew', async () => {
    const failures = [new Error('away')];
    const read = readTogether<Lamp>(
      async (ids) => {
        if (failures.length > 0) throw failures.pop()!;
        return ids.map((id) => ({ id, watts: 0 }));
      },
      ({ id }) => id,
    );
    const ends = await Promise.allSettled([read(['a']), read(['b'])]);
    expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await read(['a'])).toEqual([{ id: 'a', watts: 0 }]);
  });
});

describe('equal questions of the same moment', () => {
  /** Answers are held back until they are released, the oldest first. */
  function aSlowStore() {
    const answers: { key: string; release(): void; fail(): void }[] = [];
    const together = askTogether<string>();
    let value = 'old';
    return {
      answers,
      change: () => void (value = 'new'),
      ask: (key: string) =>
        together(key, () => {
          const said = `${key} ${value}`;
          const { promise, resolve, reject } = Promise.withResolvers<string>();
          answers.push({ key, release: () => resolve(said), fail: () => reject(new Error('away')) });
          return promise;
        }),
    };
  }

  it('are one, and other questions do not wait for them', async () => {
    const { answers, ask } = aSlowStore();
    const found = Promise.all([ask('a'), ask('b'), ask('a')]);
    await nextTurn();
    await nextTurn();
    expect(answers.map(({ key }) => key)).toEqual(['a', 'b']);
    for (const { release } of answers) release();
    expect(await found).toEqual(['a old', 'b old', 'a old']);
  });

  it('are not answered with what was true before they were asked', async () => {
    const { answers, change, ask } = aSlowStore();
    const first = ask('a');
    await nextTurn();
    await nextTurn();
    change();
    const later = [ask('a'), ask('a')];
    answers[0]!.release();
    expect(await first).toBe('a old');
    await nextTurn();
    await nextTurn();
    answers[1]!.release();
    expect(await Promise.all(later)).toEqual(['a new', 'a new']);
    expect(answers).toHaveLength(2);
  });

  it('wait a moment for one that is on its way, and no longer', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const { answers, ask } = aSlowStore();
      void ask('a');
      await nextTurn();
      await nextTurn();
      const second = ask('a');
      await nextTurn();
      await vi.advanceTimersByTimeAsync(20);
      expect(answers).toHaveLength(2);
      answers[1]!.release();
      expect(await second).toBe('a old');
      answers[0]!.release();
    } finally {
      vi.useRealTimers();
    }
  });

  it('fail together, and the next is asked anew', async () => {
    const { answers, ask } = aSlowStore();
    const failing = Promise.allSettled([ask('a'), ask('a')]);
    await nextTurn();
    await nextTurn();
    const next = ask('a');
    answers[0]!.fail();
    expect((await failing).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await nextTurn();
    await nextTurn();
    answers[1]!.release();
    expect(await next).toBe('a old');
  });
});
