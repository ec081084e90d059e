import { describe, expect, it } from 'vitest';
import { type CategoryState, MAX_CATEGORY_DEPTH, placeCategory } from './category.ts';

const details = { slug: 'lamps', name: 'Lamps', language: 'en' };
function aCategory(id: string, parent: CategoryState | null = null): CategoryState {
  const outcome = placeCategory(null, { ...details, slug: id }, { id, parent });
  if (!outcome.ok) throw new Error(outcome.rejection[0]?.message);
  return outcome.value;
}

describe('a category', () => {
  it('knows its path from the root', () => {
    expect(aCategory('c', aCategory('b', aCategory('a'))).path).toEqual(['a', 'b', 'c']);
  });

  it('cannot stand below itself, at any distance', () => {
    const a = aCategory('a');
    const b = aCategory('b', a);
    const c = aCategory('c', b);
    for (const parent of [a, b, c]) {
      expect(placeCategory(a, details, { id: 'a', parent })).toMatchObject({
        ok: false,
        rejection: [{ field: ['parentId'] }],
      });
    }
    expect(placeCategory(c, details, { id: 'c', parent: a })).toMatchObject({ ok: true, value: { path: ['a', 'c'] } });
  });

  it('is not placed deeper than the tree may be', () => {
    let parent = aCategory('l1');
    for (let depth = 2; depth <= MAX_CATEGORY_DEPTH; depth += 1) parent = aCategory(`l${depth}`, parent);
    expect(placeCategory(null, details, { id: 'x', parent })).toMatchObject({
      ok: false,
      rejection: [{ code: 'INVALID' }],
    });
  });

  it('keeps its schema and its translations when only the name changes', () => {
    const attributeSchema = [{ key: 'watts', type: 'number' }];
    const first = placeCategory(
      null,
      { ...details, attributeSchema, translations: [{ language: 'de', name: 'Lampen' }] },
      { id: 'a', parent: null },
    );
    if (!first.ok) throw new Error('refused');
    const second = placeCategory(first.value, { ...details, name: 'Lights' }, { id: 'a', parent: null });
    expect(second).toMatchObject({
      ok: true,
      value: { version: 2, names: [{ name: 'Lights' }, { name: 'Lampen' }], attributeSchema: [{ key: 'watts' }] },
    });
  });
});
