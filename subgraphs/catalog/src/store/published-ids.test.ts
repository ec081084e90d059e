import { silentLog } from '@marketgraph/platform/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { KNOWN_MS, publishedIds, type PublishedIds } from './published-ids.ts';

/** What the store says, and what it was asked; the mark that all processes share. */
let published: Set<string>;
let asked: string[][];
let word: string | null;
let clock: number;
let isAway: boolean;
/** The answer of the store is held back while this is there. */
let pending: Promise<void> | undefined;

function aProcess({ maxIds = 100 } = {}): PublishedIds {
  return publishedIds({
    async find(ids) {
      asked.push([...ids]);
      const found = ids.filter((id) => published.has(id));
      await pending;
      return found;
    },
    mark: {
      read: async () => word,
      renew: async () => undefined,
      async renewEverywhere() {
        if (isAway) throw new Error('Redis is away');
        word = `word ${Math.random()}`;
      },
    },
    maxIds,
    log: silentLog,
    now: () => clock,
  });
}

const takeDown = async (process: PublishedIds, id: string) => {
  published.delete(id);
  await process.takenDown();
};
const told = async (process: PublishedIds, ...ids: string[]) => [...(await process.of(ids))].toSorted();

beforeEach(() => {
  [published, asked, word, clock, isAway] = [new Set(['a', 'b', 'c']), [], 'first', 0, false];
  pending = undefined;
});

describe('what is known to be published', () => {
  it('is asked once; what was not is asked each time', async () => {
    const process = aProcess();
    expect(await told(process, 'a', 'draft', 'b')).toEqual(['a', 'b']);
    expect(await told(process, 'a', 'b', 'c')).toEqual(['a', 'b', 'c']);
    expect(await told(process, 'c', 'draft', 'a')).toEqual(['a', 'c']);
    published.add('draft');
    expect(await told(process, 'draft')).toEqual(['draft']);
    expect(await told(process, 'a', 'b', 'c', 'draft')).toEqual(['a', 'b', 'c', 'draft']);
    expect(await told(process)).toEqual([]);
    expect(asked).toEqual([['a', 'draft', 'b'], ['c'], ['draft'], ['draft']]);
  });

  it('is known no more when something is taken down, by this process or another one', async () => {
    const [here, there] = [aProcess(), aProcess()];
    for (const process of [here, there]) expect(await told(process, 'a', 'b')).toEqual(['a', 'b']);
    await takeDown(there, 'a');
    for (const process of [here, there]) expect(await told(process, 'a', 'b')).toEqual(['b']);
  });

  it('is not learnt from an answer that was on its way when something was taken down', async () => {
    const process = aProcess();
    let release: () => void;
    pending = new Promise((resolve) => {
      release = resolve;
    });
    const before = told(process, 'a');
    await Promise.resolve();
    await takeDown(process, 'a');
    release!();
    expect(await before).toEqual(['a']);
    expect(await told(process, 'a')).toEqual([]);
  });

  it('is asked each time while Redis does not say whether it holds, and where nothing is to be known', async () => {
    const [process, ignorant] = [aProcess(), aProcess({ maxIds: 0 })];
    await told(process, 'a');
    word = null;
    await told(process, 'a');
    published.delete('a');
    // As it was before: nobody could be told.
    word = 'first';
    expect(await told(process, 'a')).toEqual([]);
    await told(ignorant, 'a');
    await told(ignorant, 'a');
    expect(asked).toHaveLength(5);
  });

  it('holds for seconds at most where a takedown was told to nobody', async () => {
    const [here, there] = [aProcess(), aProcess()];
    await told(there, 'a', 'b');
    isAway = true;
    await takeDown(here, 'a');
    expect(await told(here, 'a', 'b')).toEqual(['b']);
    clock += KNOWN_MS;
    expect(await told(there, 'a', 'b')).toEqual(['b']);
  });

  it('is of so many products at most', async () => {
    published = new Set(Array.from({ length: 30 }, (_, at) => `p${at}`));
    const process = aProcess({ maxIds: 10 });
    for (const id of published) await told(process, id);
    asked = [];
    for (const id of published) await told(process, id);
    const before = asked.length;
    for (const id of [...published].slice(-10)) await told(process, id);
    expect(before).toBeGreaterThanOrEqual(20);
    expect(asked.length - before).toBeLessThanOrEqual(10);
    expect(await told(process, ...published)).toHaveLength(30);
  });
});
