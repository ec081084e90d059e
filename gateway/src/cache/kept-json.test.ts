import { describe, expect, it } from 'vitest';
import { idLikes, keep, writable } from './kept-json.ts';

describe('a kept value', () => {
  const value = JSON.parse('{"id":"p1","__proto__":{"id":"x"},"list":[{"id":"v1","n":1},null],"text":"two words"}');

  it('is a copy that nobody can change, while the original stays as it was', () => {
    const kept = keep(value, new Set(['id']));
    expect(JSON.stringify(kept.value)).toBe(JSON.stringify(value));
    expect(() => ((kept.value as { list: { n: number }[] }).list[0]!.n = 2)).toThrow(TypeError);
    value.list[0].n = 7;
    expect((kept.value as { list: { n: number }[] }).list[0]!.n).toBe(1);
  });

  it('is known by its ids and weight', () => {
    const { ids, bytes } = keep(value, new Set(['id']));
    expect([...ids].toSorted()).toEqual(['p1', 'v1', 'x']);
    expect(bytes).toBeGreaterThan(100);
    expect(keep({ ...value, more: 'x'.repeat(1_000) }, new Set()).bytes).toBeGreaterThan(bytes + 1_000);
  });

  it('is copied for who writes into what it is given', () => {
    const { value: kept } = keep({ a: { b: [1] } }, new Set());
    const own = writable({ _entities: [kept, { c: 1 }] }) as { _entities: { a: { b: number[] } }[] };
    own._entities[0]!.a.b.push(2);
    expect(JSON.stringify(kept)).toBe('{"a":{"b":[1]}}');
    expect(JSON.stringify(own)).toBe('{"_entities":[{"a":{"b":[1,2]}},{"c":1}]}');
  });
});

describe('ids of an event', () => {
  it('are all short strings in it, whatever their names', () => {
    const payload = { productId: 'p1', path: [{ id: 'c1', name: 'Reading lamps' }], at: '2026-01-01', n: 4, no: null };
    expect([...idLikes(['p9', payload], 100)!].toSorted()).toEqual(['2026-01-01', 'c1', 'p1', 'p9']);
  });

  it('are all there are when there are too many to look at', () => {
    expect(
      idLikes(
        Array.from({ length: 11 }, (_, at) => `p${at}`),
        10,
      ),
    ).toBeNull();
    expect(idLikes({ numbers: Array.from({ length: 200_000 }, (_, at) => at) }, 10)).toBeNull();
  });
});
