import { describe, expect, it } from 'vitest';
import { createEntityStore, UNNAMED } from './entity-store.ts';

const MIB = 1024 * 1024;
const entity = (ids: string[], options: { bytes?: number; askedAt?: number; service?: string } = {}) => ({
  value: { ids },
  ids: new Set(ids),
  bytes: options.bytes ?? 100,
  service: options.service ?? 'catalog',
  maxAgeMs: 60_000,
  askedAt: options.askedAt ?? Number.MAX_SAFE_INTEGER,
});

describe('what is kept of subgraphs', () => {
  it('is dropped by each id in it, and by no other', () => {
    const store = createEntityStore({ maxBytes: MIB });
    store.put('a', entity(['p1', 'v1']));
    store.put('b', entity(['p2', 'v1']));
    store.put('c', entity(['p3']));
    expect(store.invalidate('catalog', ['v1', 'x'])).toBe(2);
    expect(['a', 'b', 'c'].map((key) => store.get(key) !== undefined)).toEqual([false, false, true]);
    expect(store.invalidate('catalog', ['v1'])).toBe(0);
  });

  it('is dropped by whatever its service says when it stands under no name, on its way too', () => {
    const store = createEntityStore({ maxBytes: MIB });
    store.put('list', entity(['p1', UNNAMED]));
    const askedAt = store.now();
    expect(store.invalidate('reviews', ['p9'])).toBe(0);
    expect(store.put('next', entity([UNNAMED], { askedAt }))).toBe(true);
    expect(store.invalidate('catalog', ['p9'])).toBe(2);
    expect(store.put('late', entity([UNNAMED], { askedAt }))).toBe(false);
  });

  it('is dropped by its own service only', () => {
    const store = createEntityStore({ maxBytes: MIB });
    store.put('a', entity(['p1']));
    expect(store.invalidate('reviews', ['p1'])).toBe(0);
    expect(store.get('a')).toBeDefined();
  });

  it('is dropped with all of its service when an event names too much', () => {
    const store = createEntityStore({ maxBytes: MIB });
    store.put('a', entity(['p1']));
    store.put('b', entity([]));
    store.put('c', entity(['p1'], { service: 'reviews' }));
    expect(store.invalidate('catalog', null)).toBe(2);
    expect(store.entries).toBe(1);
  });

  it('is not what was asked for before a change: the answer may be of the time before', () => {
    const store = createEntityStore({ maxBytes: MIB });
    const askedAt = store.now();
    store.invalidate('catalog', ['p1']);
    expect(store.put('a', entity(['p1'], { askedAt }))).toBe(false);
    expect(store.put('b', entity(['p2'], { askedAt }))).toBe(true);
    expect(store.put('a', entity(['p1'], { askedAt: store.now() }))).toBe(true);
    store.invalidate('catalog', null);
    expect(store.put('c', entity(['p9'], { askedAt }))).toBe(false);
  });

  it('is not what was asked for before everything was dropped, and nothing of it is left', () => {
    const store = createEntityStore({ maxBytes: MIB });
    const askedAt = store.now();
    store.put('a', entity(['p1']));
    store.clear();
    expect(store.put('b', entity(['p2'], { askedAt }))).toBe(false);
    expect([store.entries, store.bytes]).toEqual([0, 0]);
  });

  it('remembers changes in bounds: what is forgotten counts as changed', () => {
    const store = createEntityStore({ maxBytes: MIB });
    const askedAt = store.now();
    for (let id = 0; id < 20_001; id += 1) store.invalidate('catalog', [`p${id}`]);
    expect(store.put('a', entity(['never changed'], { askedAt }))).toBe(false);
    expect(store.put('a', entity(['never changed'], { askedAt: store.now() }))).toBe(true);
  });

  it.each([0, 9_997, 9_998, 9_999, 19_999, 30_000])('knows what has changed behind %i other changes', (others) => {
    const store = createEntityStore({ maxBytes: MIB });
    const askedAt = store.now();
    store.invalidate('catalog', ['p']);
    const next = store.now();
    for (let id = 0; id < others; id += 1) store.invalidate('catalog', [`q${id}`]);
    expect(store.put('a', entity(['p'], { askedAt }))).toBe(false);
    expect(store.put('a', entity(['p'], { askedAt: next }))).toBe(others < 19_999);
    expect(store.put('a', entity(['p'], { askedAt: store.now() }))).toBe(true);
  });

  it('weighs no more than it may, and the oldest makes room', () => {
    const store = createEntityStore({ maxBytes: MIB });
    for (let at = 0; at < 10_000; at += 1) store.put(`key ${at}`, entity([`p${at}`], { bytes: 1_000 }));
    expect(store.bytes).toBeLessThanOrEqual(MIB);
    expect(store.get('key 0')).toBeUndefined();
    expect(store.get('key 9999')).toBeDefined();
    expect(store.invalidate('catalog', ['p0'])).toBe(0);
  });

  it('is no single thing that leaves no room for others, and nothing under too many ids', () => {
    const store = createEntityStore({ maxBytes: MIB });
    expect(store.put('a', entity(['p1'], { bytes: MIB / 4 }))).toBe(false);
    expect(store.put('b', entity(Array.from({ length: 501 }, (_, at) => `p${at}`)))).toBe(false);
    expect(store.entries).toBe(0);
  });

  it('replaces what was kept under the same key, ids included', () => {
    const store = createEntityStore({ maxBytes: MIB });
    store.put('a', entity(['p1', 'v1']));
    store.put('a', entity(['p1', 'v2']));
    expect(store.invalidate('catalog', ['v1'])).toBe(0);
    expect(store.invalidate('catalog', ['v2'])).toBe(1);
  });
});
