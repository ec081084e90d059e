import { beforeAll, describe, expect, test } from 'vitest';
import { idsOf, IS_EMULATOR, useTarget } from './target.ts';

interface Place {
  id: string;
  title: string;
  isOpen: boolean;
  visits: number;
  embedding?: number[];
}

const target = useTarget();
let places = '';

const PLACES: readonly Place[] = [
  { id: 'north', title: 'Old harbour', isOpen: true, visits: 1, embedding: [0, 1] },
  { id: 'northeast', title: 'New harbour', isOpen: true, visits: 5, embedding: [3, 3] },
  { id: 'east', title: 'Lighthouse', isOpen: false, visits: 9, embedding: [2, 0] },
  { id: 'south', title: 'Lighthouse keeper', isOpen: true, visits: 3, embedding: [0, -1] },
  { id: 'nowhere', title: 'Harbour of dreams', isOpen: true, visits: 2 },
];

beforeAll(async () => {
  places = target.name('places');
  await target.client.collections().create({
    name: places,
    fields: [
      { name: 'title', type: 'string' },
      { name: 'isOpen', type: 'bool', facet: true },
      { name: 'visits', type: 'int32' },
      { name: 'embedding', type: 'float[]', num_dim: 2, optional: true },
    ],
  });
  await target.client
    .collections(places)
    .documents()
    .import([...PLACES]);
});

interface VectorHit {
  document: Place;
  vector_distance?: number;
  text_match?: number;
  hybrid_search_info?: { rank_fusion_score: number };
}

const search = async (parameters: Record<string, unknown>) => {
  const { results } = await target.client.multiSearch.perform<Place[]>(
    { searches: [{ collection: places, query_by: 'title', ...parameters } as never] },
    {},
  );
  return results[0] as unknown as {
    found: number;
    hits: VectorHit[];
    error?: string;
    code?: number;
    facet_counts: { counts: object[] }[];
  };
};

describe('a search by vector', () => {
  test('finds the nearest first, whatever the length of the vectors, and says how far they are', async () => {
    const answer = await search({ q: '*', vector_query: 'embedding:([0, 7], k: 10)' });
    expect(idsOf(answer)).toEqual(['north', 'northeast', 'east', 'south']);
    expect(answer.found).toBe(4);
    const distances = answer.hits.map((hit) => hit.vector_distance!);
    for (const [at, distance] of [0, 1 - Math.SQRT1_2, 1, 2].entries()) expect(distances[at]).toBeCloseTo(distance, 5);
    expect(answer.hits[0]?.text_match).toBeUndefined();
  });

  test('is limited by `k` and by `distance_threshold`', async () => {
    expect(idsOf(await search({ q: '*', vector_query: 'embedding:([0, 1], k: 2)', per_page: 2 }))).toEqual([
      'north',
      'northeast',
    ]);
    expect(idsOf(await search({ q: '*', vector_query: 'embedding:([0, 1], k: 10, distance_threshold: 0.5)' }))).toEqual(
      ['north', 'northeast'],
    );
  });

  test('keeps to the filter, counts facets, pages and sorts', async () => {
    const open = await search({
      q: '*',
      vector_query: 'embedding:([3, 1], k: 10)',
      filter_by: 'isOpen:=true',
      facet_by: 'isOpen',
    });
    expect(idsOf(open)).toEqual(['northeast', 'north', 'south']);
    expect(open.facet_counts[0]?.counts).toMatchObject([{ value: 'true', count: 3 }]);
    const paged = { q: '*', vector_query: 'embedding:([3, 1], k: 10)', per_page: 2 };
    expect(idsOf(await search({ ...paged, page: 2 }))).toHaveLength(2);
    expect(idsOf(await search({ q: '*', vector_query: 'embedding:([3, 1], k: 10)', sort_by: 'visits:desc' }))[0]).toBe(
      'east',
    );
    const byBoth = await search({
      q: '*',
      vector_query: 'embedding:([3, 1], k: 10)',
      sort_by: 'isOpen:asc,_vector_distance:asc',
    });
    expect(idsOf(byBoth).slice(0, 2)).toEqual(['east', 'northeast']);
  });

  test('finds what is like a document, itself left out', async () => {
    expect(idsOf(await search({ q: '*', vector_query: 'embedding:([], id: north, k: 10)' }))).toEqual([
      'northeast',
      'east',
      'south',
    ]);
  });

  test('follows documents as they come, change and go', async () => {
    const documents = target.client.collections<Place>(places).documents();
    const nearest = async () =>
      idsOf(await search({ q: '*', vector_query: 'embedding:([-1, 0], k: 1)', per_page: 1 }))[0];
    await documents.create({ id: 'west', title: 'Cliff', isOpen: true, visits: 0, embedding: [-1, 0] });
    expect(await nearest()).toBe('west');
    await target.client
      .collections<Place>(places)
      .documents('west')
      .update({ embedding: [1, 0] });
    expect(await nearest()).not.toBe('west');
    await target.client
      .collections<Place>(places)
      .documents('west')
      .update({ embedding: [-2, 0] });
    expect(await nearest()).toBe('west');
    await target.client.collections<Place>(places).documents('west').delete();
    expect(await nearest()).not.toBe('west');
  });
});

describe('a search by words and vector', () => {
  test('fuses both ranks, weighed by `alpha`', async () => {
    const answer = await search({
      q: 'lighthouse',
      vector_query: 'embedding:([0, -1], k: 10, alpha: 0.5, distance_threshold: 1.2)',
    });
    const scores = new Map(answer.hits.map((hit) => [hit.document.id, hit.hybrid_search_info!.rank_fusion_score]));
    // By words the two lighthouses, by direction south and then east, which is at a right angle.
    expect(new Set(scores.keys())).toEqual(new Set(['south', 'east']));
    expect([...scores.values()].reduce((sum, score) => sum + score, 0)).toBeCloseTo(1.5, 4);
    expect(answer.hits.every((hit) => hit.text_match! > 0 && hit.vector_distance !== undefined)).toBe(true);
  });

  test('adds what only the vector finds behind what the words find', async () => {
    const answer = await search({ q: 'dreams', vector_query: 'embedding:([1, 1], k: 1)', per_page: 1 });
    expect(answer.found).toBe(2);
    const both = await search({
      q: 'dreams',
      vector_query: 'embedding:([1, 1], k: 1, distance_threshold: 0.1)',
      sort_by: '_text_match:desc',
    });
    expect(idsOf(both)).toEqual(['nowhere', 'northeast']);
    expect(both.hits[1]?.text_match).toBeUndefined();
  });
});

describe('vectors that are none', () => {
  test.each([
    ['vec:([0, 1])', 404],
    ['title:([0, 1])', 404],
    ['embedding:([0, 1, 2])', 400],
    ['embedding:([0, x])', 400],
    ['embedding', 400],
    ['embedding:([], id: unknown)', 400],
  ])('%s is refused', async (vector_query, code) => {
    expect(await search({ q: '*', vector_query })).toMatchObject({ code });
  });

  test('a document with another number of dimensions is refused', async () => {
    const document = { id: 'flat', title: 'Flat', isOpen: true, visits: 0, embedding: [1, 2, 3] };
    await expect(target.client.collections<Place>(places).documents().create(document)).rejects.toMatchObject({
      httpStatus: 400,
    });
  });

  test.runIf(IS_EMULATOR)('the emulator says what it does not do', async () => {
    expect(await search({ q: '*', vector_query: 'embedding:([0, 1], ef: 10)' })).toMatchObject({ code: 400 });
    expect(await search({ q: '*', vector_query: 'embedding:([])' })).toMatchObject({ code: 400 });
    expect(await search({ q: '*', filter_by: 'embedding:1' })).toMatchObject({ code: 400 });
  });
});
