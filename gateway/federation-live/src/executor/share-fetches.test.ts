import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ServiceFetch } from './executor.ts';
import { canonicalJson, shareFetches } from './share-fetches.ts';

const request: ServiceFetch = { service: 'a', query: '{ x }', variables: { one: 1, two: [{ b: 1, a: null }] } };

it('makes equal fetches once, however their variables are written', async () => {
  const made: ServiceFetch[] = [];
  let counted = 0;
  const fetch = shareFetches(
    async (each) => {
      made.push(each);
      return { data: { at: made.length } };
    },
    () => (counted += 1),
  );
  const answers = await Promise.all([
    fetch(request),
    fetch({ ...request, operationName: 'Other', variables: { two: [{ a: null, b: 1 }], one: 1, three: undefined } }),
    fetch({ ...request, service: 'b' }),
    fetch({ ...request, query: '{ y }' }),
    fetch({ ...request, variables: { one: '1' } }),
  ]);
  expect(answers.map(({ data }) => data)).toEqual([1, 1, 2, 3, 4].map((at) => ({ at })));
  expect([made.length, counted]).toEqual([4, 4]);
});

it('shares a failure too, and remembers ten thousand answers and no more', async () => {
  let made = 0;
  const fetch = shareFetches(async ({ query }) => {
    made += 1;
    if (query === 'bad') throw new Error('down');
    return {};
  });
  await expect(fetch({ ...request, query: 'bad' })).rejects.toThrow('down');
  await expect(fetch({ ...request, query: 'bad' })).rejects.toThrow('down');
  expect(made).toBe(1);
  for (let at = 0; at < 10_001; at++) await fetch({ ...request, query: String(at) });
  await fetch({ ...request, query: '5' });
  expect(made).toBe(10_002);
  await fetch({ ...request, query: '10000' });
  expect(made).toBe(10_003);
});

it('writes JSON that says the same, whatever the order', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
  expect(canonicalJson({ b: 1, a: { d: undefined, c: new Date(0) } })).toBe(
    '{"a":{"c":"1970-01-01T00:00:00.000Z"},"b":1}',
  );
});
