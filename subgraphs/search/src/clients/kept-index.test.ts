import { createMetrics } from '@marketgraph/platform/telemetry';
import { beforeEach, describe, expect, it } from 'vitest';
import { keptIndex, SETTLE_MS } from './kept-index.ts';
import type { SearchAnswer, SearchIndex, SearchRequest } from './search-index.ts';

const request = (words: string, more: Partial<SearchRequest> = {}): SearchRequest => ({
  ...{ words, filterBy: '', offset: 0, limit: 10, ...more },
});
const lamp = [request('lamp')];

/** What is asked of the index that all processes share, and by whom it was written to. */
let asked: string[];
let held: string;
let mark: string | null;
let clock: number;
let metrics: ReturnType<typeof createMetrics>;

const answer = (): SearchAnswer => ({ version: held, found: 1, hits: [], facets: [] });
const fakeIndex = () =>
  ({
    async search(requests: readonly SearchRequest[]) {
      asked.push(requests.map(({ words }) => words).join());
      return requests.map(answer);
    },
    async liveFields() {
      asked.push('fields');
      return new Set(['price_EUR']);
    },
    async upsert(version: string) {
      held = version;
      return new Map<string, string>();
    },
    async remove() {
      held = 'removed';
    },
    async goLive(version: string) {
      held = version;
      throw new Error('no answer in time');
    },
    async setSynonyms() {
      held = 'synonyms';
    },
    async addOwnFields() {
      held = 'fields';
    },
  }) as unknown as SearchIndex;

/** One process of the service. */
function aCopy({ maxBytes = 1_000_000, index = fakeIndex() } = {}): SearchIndex {
  return keptIndex(index, {
    mark: {
      read: async () => mark,
      renew: async () => void (mark = `mark ${Math.random()}`),
    },
    maxBytes,
    requests: metrics.counter({ name: 'asked_total', help: '-', labels: ['outcome'] }),
    now: () => clock,
  });
}

/** A copy that has seen what is held for a while. */
async function settledCopy(options?: Parameters<typeof aCopy>[0]): Promise<SearchIndex> {
  const copy = aCopy(options);
  await copy.search([request('anything')]);
  clock += SETTLE_MS;
  asked.length = 0;
  return copy;
}

beforeEach(() => {
  [asked, held, mark, clock] = [[], 'products_v1', 'first', 0];
  metrics = createMetrics();
});

describe('what the index answered', () => {
  it('is kept until something is written, by any copy and in any way', async () => {
    const [one, other] = [await settledCopy(), await settledCopy()];
    const writes: [string, () => Promise<unknown>][] = [
      ['products_v2', () => other.upsert('products_v2', [{ id: 'prd_1' } as never])],
      ['removed', () => other.remove('products_v2', ['prd_1'])],
      ['synonyms', () => one.setSynonyms([])],
      ['fields', () => other.addOwnFields('products_v2', ['price_USD'])],
      // It may have been done all the same.
      ['products_v3', () => expect(other.goLive('products_v3')).rejects.toThrow('no answer')],
    ];
    for (const [after, write] of writes) {
      for (const copy of [one, other]) {
        await copy.search(lamp);
        clock += SETTLE_MS;
        await copy.search(lamp);
        asked.length = 0;
        await copy.search(lamp);
        expect(asked, after).toEqual([]);
      }
      await write();
      for (const copy of [one, other]) expect((await copy.search(lamp))[0]!.version).toBe(after);
    }
  });

  it('is not kept when it was said right after a write, since a node of a cluster may be behind', async () => {
    const copy = await settledCopy();
    await copy.upsert('products_v2', [{ id: 'prd_1' } as never]);
    for (let time = 0; time < 3; time += 1) await copy.search(lamp);
    clock += SETTLE_MS;
    for (let time = 0; time < 3; time += 1) await copy.search(lamp);
    expect(asked).toEqual(['lamp', 'lamp', 'lamp', 'lamp']);
  });

  it('is not kept when something was written while it was on its way', async () => {
    const index = fakeIndex();
    const search = index.search.bind(index);
    const gates: (() => void)[] = [];
    index.search = async (requests) => {
      const before = await search(requests);
      await new Promise<void>((resolve) => void gates.push(resolve));
      return before;
    };
    const copy = aCopy({ index });
    const release = async <T>(answered: Promise<T>): Promise<T> => {
      while (gates.length === 0) await Promise.resolve();
      gates.shift()!();
      return answered;
    };
    await release(copy.search(lamp));
    clock += SETTLE_MS;
    const old = copy.search(lamp);
    while (gates.length === 0) await Promise.resolve();
    await copy.upsert('products_v2', [{ id: 'prd_1' } as never]);
    const fresh = copy.search(lamp);
    while (gates.length < 2) await Promise.resolve();
    expect((await release(old))[0]!.version).toBe('products_v1');
    expect((await release(fresh))[0]!.version).toBe('products_v2');
    clock += SETTLE_MS;
    expect((await release(copy.search(lamp)))[0]!.version).toBe('products_v2');
  });

  it('is that of the same question only, and of nobody in particular', async () => {
    const copy = await settledCopy();
    const near = [request('lamp', { filterBy: 'vendorIds:=[`ven_1`]' })];
    const personal = [request('', { isPersonal: true, vector: { numbers: [1], count: 1, maxDistance: 1 } })];
    for (const question of [lamp, near, personal]) for (const _ of [1, 2]) await copy.search(question);
    for (const _ of [1, 2]) expect(await copy.liveFields()).toEqual(new Set(['price_EUR']));
    expect(asked).toEqual(['lamp', 'lamp', '', '', 'fields']);
  });

  it('is asked for once by all who want it at the same time, and again when that failed', async () => {
    const index = fakeIndex();
    const search = index.search.bind(index);
    let isAway = true;
    index.search = async (requests) => {
      const answers = await search(requests);
      if (isAway) throw new Error('away');
      return answers;
    };
    const copy = aCopy({ index });
    const settled = await Promise.allSettled([1, 2, 3].map(() => copy.search(lamp)));
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(asked).toEqual(['lamp']);
    isAway = false;
    await Promise.all([1, 2, 3].map(() => copy.search(lamp)));
    expect(asked).toEqual(['lamp', 'lamp']);
  });

  it('is not kept while Redis does not say whether anything was written, and counted by what became of it', async () => {
    const copy = await settledCopy();
    await copy.search(lamp);
    await copy.search(lamp);
    mark = null;
    for (const _ of [1, 2]) await copy.search(lamp);
    expect(asked).toEqual(['lamp', 'lamp', 'lamp']);
    const text = await metrics.text();
    expect(text).toContain('asked_total{outcome="kept"} 1');
    expect(text).toContain('asked_total{outcome="asked"} 2');
    expect(text).toContain('asked_total{outcome="bypass"} 2');
  });

  it('takes no more memory than it may, and is forgotten after a minute: others may write to the index too', async () => {
    const small = await settledCopy({ maxBytes: 16_000 });
    const words = Array.from({ length: 100 }, (_, at) => `lamp ${at}`);
    for (const text of words) await small.search([request(text)]);
    asked.length = 0;
    for (const text of words.toReversed()) await small.search([request(text)]);
    expect(asked.length).toBeGreaterThan(30);
    expect(asked.length).toBeLessThan(100);

    const copy = await settledCopy();
    await copy.search(lamp);
    clock += 60_001;
    await copy.search(lamp);
    expect(asked).toEqual(['lamp', 'lamp']);
  });

  it('is asked for anew each time with nothing to keep it in, and other copies still hear of writes', async () => {
    const off = aCopy({ maxBytes: 0 });
    clock += SETTLE_MS;
    for (const _ of [1, 2]) await off.search(lamp);
    expect(asked).toEqual(['lamp', 'lamp']);
    await off.upsert('products_v2', [{ id: 'prd_1' } as never]);
    expect(mark).not.toBe('first');
  });
});
