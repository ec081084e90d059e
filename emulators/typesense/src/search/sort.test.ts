import { afterAll, describe, expect, test } from 'vitest';
import { Catalog } from '../store/catalog.ts';
import { parseSearchParameters } from './parameters.ts';
import { search } from './run.ts';

type Hit = { document: { id: string }; text_match?: number; geo_distance_meters?: Record<string, number> };
type Answer = { found: number; hits: Hit[] };

const catalog = new Catalog(':memory:');
afterAll(() => catalog.close());
const places = catalog.createCollection({
  name: 'places',
  fields: [
    { name: 'title', type: 'string', sort: true, optional: true },
    { name: 'kind', type: 'string', facet: true },
    { name: 'place', type: 'geopoint', optional: true },
    { name: 'visits', type: 'int32' },
  ],
  default_sorting_field: 'visits',
});
places.transaction(() => {
  const rows = [
    { id: 'athens', title: 'Athens', kind: 'city', place: [37.9838, 23.7275], visits: 5 },
    { id: 'berlin', title: 'Berlin', kind: 'city', place: [52.52, 13.405], visits: 9 },
    { id: 'potsdam', title: 'Potsdam', kind: 'town', place: [52.3906, 13.0645], visits: 2 },
    { id: 'nowhere', title: '', kind: 'town', visits: 7 },
  ];
  for (const document of rows) places.write({ document, action: 'create', dirtyValues: 'reject' });
});

const run = (parameters: Record<string, string>): Answer =>
  search(catalog, places, parseSearchParameters({ q: '*', query_by: 'title', ...parameters })) as Answer;
const order = (sort_by: string): string[] => run({ sort_by }).hits.map((hit) => hit.document.id);

describe('an order', () => {
  test('by distance puts the nearest first, the placeless last, and says how far', () => {
    const { hits } = run({ sort_by: 'place(52.5, 13.4):asc' });
    expect(hits.map((hit) => hit.document.id)).toEqual(['berlin', 'potsdam', 'athens', 'nowhere']);
    expect(hits[0]?.geo_distance_meters?.['place']).toBeLessThan(3_000);
    expect(hits[2]?.geo_distance_meters?.['place']).toBeGreaterThan(1_700_000);
    expect(order('place(52.5, 13.4):desc').at(-1)).toBe('nowhere');
  });

  test('by distance goes with a filter by radius', () => {
    expect(run({ filter_by: 'place:(52.5, 13.4, 40 km)' }).hits.map((hit) => hit.document.id)).toEqual([
      'berlin',
      'potsdam',
    ]);
    expect(run({ filter_by: 'place:(52.5, 13.4, 10 mi)' }).found).toBe(1);
    expect(() => run({ filter_by: 'place:(52.5, 13.4)' })).toThrow('format');
    expect(() => run({ filter_by: 'place:(52.5, 13.4, 10 yards)' })).toThrow('Unit');
  });

  test('treats an empty string as the highest, unless told otherwise', () => {
    expect(order('title:asc')).toEqual(['athens', 'berlin', 'potsdam', 'nowhere']);
    expect(order('title:desc')).toEqual(['nowhere', 'potsdam', 'berlin', 'athens']);
    expect(order('title(missing_values: first):asc')[0]).toBe('nowhere');
    expect(order('title(missing_values: last):desc').at(-1)).toBe('nowhere');
  });

  test('by filters gives each row the score of the first that holds', () => {
    expect(order('_eval([ (kind:town):3, (visits:>6):2 ]):desc,visits:desc')).toEqual([
      'nowhere',
      'potsdam',
      'berlin',
      'athens',
    ]);
    expect(order('_eval(kind:city && visits:<6):desc,visits:desc')[0]).toBe('athens');
    expect(() => order('_eval():desc')).toThrow('malformed');
    expect(() => order('_eval(nothing:1):desc')).toThrow('nothing');
  });
});

describe('buckets', () => {
  const shop = catalog.createCollection({
    name: 'shop',
    fields: [
      { name: 'title', type: 'string' },
      { name: 'text', type: 'string' },
      { name: 'sales', type: 'int32' },
    ],
  });
  const count = 40;
  shop.transaction(() => {
    for (let at = 0; at < count; at += 1) {
      // The first half says it in the title, the second half only in the text; sales rise within each half.
      const title = at < count / 2 ? 'red lamp' : 'thing';
      const document = { id: String(at), title, text: at < count / 2 ? 'thing' : 'red lamp', sales: at };
      shop.write({ document, action: 'create', dirtyValues: 'reject' });
    }
  });
  const ids = (sort_by: string, page: Record<string, string>): number[] => {
    const parameters = parseSearchParameters({ q: 'lamp', query_by: 'title,text', sort_by, ...page });
    return (search(catalog, shop, parameters) as Answer).hits.map((hit) => Number(hit.document.id));
  };

  test('sort by the next field within, page after page as in one piece', () => {
    const sort = '_text_match(buckets: 2):desc,sales:desc';
    const whole = ids(sort, { per_page: '250' });
    expect(whole.slice(0, 20)).toEqual(Array.from({ length: 20 }, (_, at) => 19 - at));
    expect(whole.slice(20)).toEqual(Array.from({ length: 20 }, (_, at) => 39 - at));
    const pages = [1, 2, 3, 4, 5, 6].flatMap((page) => ids(sort, { per_page: '7', page: String(page) }));
    expect(pages).toEqual(whole);
  });

  test('have the size asked for', () => {
    const sized = ids('_text_match(bucket_size: 10):desc,sales:asc', { per_page: '250' });
    // Equal scores: the row added last ranks first, so the first ten are the later half of the first twenty.
    expect(sized.slice(0, 10)).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
    const single = ids('_text_match(buckets: 1):desc,sales:desc', { per_page: '3' });
    expect(single).toEqual([39, 38, 37]);
  });

  test('may stand behind another field', () => {
    expect(ids('sales:asc,_text_match(buckets: 2):desc', { per_page: '3' })).toEqual([0, 1, 2]);
  });
});
