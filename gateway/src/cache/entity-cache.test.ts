import { afterEach, describe, expect, it, vi } from 'vitest';
import { aUser } from '@marketgraph/platform/testing';
import {
  BY_ID,
  BY_SLUG,
  buyer,
  CHANGE,
  itemsSupergraph,
  nobody,
  SEEN_BY,
  ToyItems,
} from '../../test/support/toy-items.ts';

const supergraph = itemsSupergraph();
const made: ToyItems[] = [];
const toyItems = (options: Partial<ConstructorParameters<typeof ToyItems>[0]> = {}): ToyItems => {
  const toy = new ToyItems({ supergraph, ...options });
  for (const id of ['i1', 'i2', 'i3']) toy.items.set(id, { version: 1, draftOf: null });
  made.push(toy);
  return toy;
};
const alice = buyer('alice');
const bob = buyer('bob');
const idsAsked = (toy: ToyItems, at: number) =>
  (toy.asked[at]!.request.variables['representations'] as { id: string }[]).map(({ id }) => id);

afterEach(() => {
  for (const toy of made.splice(0)) toy.cache.stop();
});

describe('the entity cache', () => {
  it('C7 answers what is known of each entity, asks for the rest, and puts both in order', async () => {
    const toy = toyItems();
    expect((await toy.entities(nobody, 'i1', 'i3')).xCache).toBe('miss');
    const mixed = await toy.entities(nobody, 'i3', 'i2', 'i1', 'i2');
    expect(idsAsked(toy, 1)).toEqual(['i2']);
    expect(mixed).toEqual({
      data: { _entities: ['i3', 'i2', 'i1', 'i2'].map((id) => ({ title: `${id} 1 all` })) },
      xCache: 'partial',
    });
    expect((await toy.entities(nobody, 'i2', 'i1')).xCache).toBe('hit');
    expect(toy.asked).toHaveLength(2);
  });

  it('C7 drops what an event of the owner names, by its key, a topic or anything in it, and keeps the rest', async () => {
    const toy = toyItems();
    await toy.entities(nobody, 'i1', 'i2', 'i3');
    for (const item of toy.items.values()) item.version += 1;
    toy.tell('i1', {});
    toy.tell('other', { about: [{ id: 'i2' }] });
    const { data } = await toy.entities(nobody, 'i1', 'i2', 'i3');
    expect(data).toEqual({ _entities: [{ title: 'i1 2 all' }, { title: 'i2 2 all' }, { title: 'i3 1 all' }] });
  });

  it('does not believe an answer that was asked for before the event', async () => {
    let release = (): void => undefined;
    const toy = toyItems({ onTheWay: () => new Promise((resolve) => (release = resolve)) });
    const slow = toy.entities(nobody, 'i1');
    await vi.waitFor(() => expect(toy.asked).toHaveLength(1));
    release();
    await Promise.resolve();
    await Promise.resolve();
    // It has read version 1 and is on its way back.
    toy.items.get('i1')!.version = 2;
    toy.tell('i1');
    release();
    expect((await slow).data).toEqual({ _entities: [{ title: 'i1 1 all' }] });
    const again = toy.entities(nobody, 'i1');
    const letThrough = setInterval(() => release(), 1);
    try {
      expect(await again).toMatchObject({ data: { _entities: [{ title: 'i1 2 all' }] }, xCache: 'miss' });
    } finally {
      clearInterval(letThrough);
    }
  });

  it('asks as nobody in particular, and again as the viewer for what nobody sees', async () => {
    const toy = toyItems();
    toy.items.set('d1', { version: 1, draftOf: 'alice' });
    const seen = await toy.entities(alice, 'i1', 'd1');
    expect(seen.data).toEqual({ _entities: [{ title: 'i1 1 all' }, { title: 'd1 1 alice' }] });
    expect(toy.asked.map(({ viewer }) => viewer)).toEqual([nobody, alice]);
    expect(idsAsked(toy, 1)).toEqual(['d1']);
    expect((await toy.entities(bob, 'd1', 'i1')).data).toEqual({ _entities: [null, { title: 'i1 1 all' }] });
    expect((await toy.entities(nobody, 'd1')).data).toEqual({ _entities: [null] });
    expect((await toy.entities(alice, 'd1')).data).toEqual({ _entities: [{ title: 'd1 1 alice' }] });
  });

  it('keeps the answer of a root field under the id it was asked for, and none that is null', async () => {
    const toy = toyItems();
    toy.items.set('d1', { version: 1, draftOf: 'alice' });
    const byId = (viewer: typeof nobody, id: string) => toy.ask(viewer, { query: BY_ID, variables: { id } });
    expect((await byId(alice, 'i1')).xCache).toBe('miss');
    expect((await byId(bob, 'i1')).xCache).toBe('hit');
    toy.items.get('i1')!.version = 2;
    toy.tell('i1');
    expect((await byId(bob, 'i1')).data).toEqual({ item: { title: 'i1 2 all' } });
    expect((await byId(alice, 'd1')).data).toEqual({ item: { title: 'd1 1 alice' } });
    expect((await byId(nobody, 'd1')).data).toEqual({ item: null });
    expect(await byId(bob, 'd1')).toMatchObject({ data: { item: null }, xCache: 'miss' });
  });

  it('keeps what does not say what it is about until its owner says anything', async () => {
    const toy = toyItems();
    const ask = () => toy.ask(nobody, { query: BY_SLUG, variables: { slug: 'i1' } });
    await ask();
    await toy.entities(nobody, 'i2');
    toy.now += 2_000;
    expect((await ask()).xCache).toBe('hit');
    toy.items.get('i1')!.version = 2;
    toy.tell('i3');
    expect(await ask()).toMatchObject({ data: { item: { title: 'i1 2 all' } }, xCache: 'miss' });
    expect((await toy.entities(nobody, 'i2')).xCache).toBe('hit');
  });

  it('drops all that a domain said when an event of it is about everything', async () => {
    const toy = toyItems();
    await toy.entities(nobody, 'i1', 'i2');
    toy.tell('i3', { everything: true });
    await toy.entities(nobody, 'i1', 'i2');
    expect(idsAsked(toy, 1)).toEqual(['i1', 'i2']);
  });

  it('keeps nothing for longer than the schema says', async () => {
    const toy = toyItems();
    await toy.entities(nobody, 'i1');
    toy.now += 59_999;
    expect((await toy.entities(nobody, 'i1')).xCache).toBe('hit');
    toy.now += 2;
    expect((await toy.entities(nobody, 'i1')).xCache).toBe('miss');
  });

  it('leaves alone what is not public, who may see more, and who has just changed something', async () => {
    const toy = toyItems();
    for (const viewer of [alice, bob]) {
      const answer = await toy.ask(viewer, { query: SEEN_BY, variables: { id: 'i1' } });
      expect(answer).toMatchObject({
        data: { item: { seenBy: viewer.kind === 'user' && viewer.userId } },
        xCache: 'bypass',
      });
    }
    const seller = aUser({ memberships: [{ of: 'ven_1', role: 'VENDOR_ADMIN' }] });
    const moderator = aUser({ roles: ['BUYER', 'MODERATOR'] });
    await toy.entities(nobody, 'i1');
    for (const viewer of [seller, moderator]) {
      expect((await toy.entities(viewer, 'i1')).xCache).toBe('bypass');
      expect(toy.asked.at(-1)!.viewer).toBe(viewer);
    }
    await toy.ask(alice, { query: CHANGE, variables: {} });
    expect((await toy.entities(alice, 'i1')).xCache).toBe('bypass');
    expect((await toy.entities(bob, 'i1')).xCache).toBe('hit');
  });

  it('answers who has changed something in a subgraph of which it is said that this changes nothing here', async () => {
    const toy = toyItems({ unaffected: { items: ['orders'] } });
    await toy.entities(nobody, 'i1');
    const title = { _entities: [{ title: 'i1 1 all' }] };
    expect(await toy.changeElsewhere(alice, 'orders', 'i1')).toMatchObject({ data: title, xCache: 'partial' });
    expect((await toy.entities(alice, 'i1')).xCache).toBe('hit');
    expect((await toy.changeElsewhere(bob, 'stock', 'i1')).xCache).toBe('bypass');
    expect((await toy.entities(bob, 'i1')).xCache).toBe('bypass');
    // And with both, the other one counts.
    await toy.changeElsewhere(alice, 'stock');
    expect((await toy.changeElsewhere(alice, 'orders', 'i1')).xCache).toBe('bypass');
  });

  it('is silent while news of changes does not arrive, and begins anew when it does', async () => {
    const toy = toyItems();
    await toy.entities(nobody, 'i1');
    toy.current = false;
    expect((await toy.entities(nobody, 'i1')).xCache).toBe('bypass');
    await vi.waitFor(() => expect(toy.cache.counts().entries).toBe(0));
    toy.current = true;
    expect((await toy.entities(nobody, 'i1')).xCache).toBe('miss');
    expect((await toy.entities(nobody, 'i1')).xCache).toBe('hit');
  });

  it('is bounded by bytes, and off with none', async () => {
    const toy = toyItems({ maxBytes: 100_000 });
    const ids = Array.from({ length: 1_000 }, (_, at) => `n${at}`);
    for (const id of ids) toy.items.set(id, { version: 1, draftOf: null });
    await toy.entities(nobody, ...ids);
    const { bytes, entries } = toy.cache.counts();
    expect(bytes).toBeLessThanOrEqual(100_000);
    expect(entries).toBeGreaterThan(50);
    const off = toyItems({ maxBytes: 0 });
    await off.entities(nobody, 'i1');
    expect((await off.entities(nobody, 'i1')).xCache).toBe('bypass');
  });
});

describe('the entity cache in front of a subgraph that fails', () => {
  const away = {
    data: null,
    errors: [{ message: 'away', path: ['_entities', 0], extensions: { code: 'SUBGRAPH_UNAVAILABLE' } }],
  };

  it('hands on that it is away, and does not ask again', async () => {
    const toy = toyItems();
    toy.answerWith = away;
    expect(await toy.entities(alice, 'i1', 'i2')).toEqual({ ...away, xCache: 'miss' });
    expect(toy.asked).toHaveLength(1);
    toy.answerWith = undefined;
    expect((await toy.entities(alice, 'i1')).data).toEqual({ _entities: [{ title: 'i1 1 all' }] });
  });

  it('answers what is known, and says of each gap why it is one', async () => {
    const toy = toyItems();
    await toy.entities(nobody, 'i2');
    toy.answerWith = away;
    const { data, errors } = await toy.entities(nobody, 'i1', 'i2', 'i3');
    expect(data).toEqual({ _entities: [null, { title: 'i2 1 all' }, null] });
    expect(errors).toEqual([0, 2].map((at) => ({ ...away.errors[0], path: ['_entities', at] })));
  });

  it('moves an error to where the entity stands in the question, and keeps only the others', async () => {
    const toy = toyItems();
    await toy.entities(nobody, 'i2');
    toy.answerWith = {
      data: { _entities: [{ title: 'fine' }, { title: null }] },
      errors: [{ message: 'broken', path: ['_entities', 1, 'title'] }],
    };
    const { errors } = await toy.entities(nobody, 'i2', 'i1', 'i3');
    expect(errors).toEqual([{ message: 'broken', path: ['_entities', 2, 'title'] }]);
    toy.answerWith = undefined;
    const { data } = await toy.entities(nobody, 'i1', 'i3');
    expect(data).toEqual({ _entities: [{ title: 'fine' }, { title: 'i3 1 all' }] });
  });

  it('keeps nothing of an answer with an error about nothing in particular', async () => {
    const toy = toyItems();
    toy.answerWith = { data: { _entities: [{ title: 'maybe' }] }, errors: [{ message: 'broken' }] };
    expect((await toy.entities(nobody, 'i1')).errors).toEqual([{ message: 'broken' }]);
    toy.answerWith = undefined;
    expect((await toy.entities(nobody, 'i1')).data).toEqual({ _entities: [{ title: 'i1 1 all' }] });
  });
});
