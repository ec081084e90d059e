import { type OperationDefinitionNode, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { graphContext, type GraphContext } from '../query/graph-context.ts';
import { noteCacheUse } from './cache-use.ts';
import { createEntityStore } from './entity-store.ts';
import { type AnswerBehind, createKeptAnswers } from './kept-answers.ts';

const operationOf = (text: string) => parse(text).definitions[0] as OperationDefinitionNode;
const page = operationOf('query($id: ID!) { product(id: $id) { title } }');
const MINUTE_MS = 60_000;

function answersOver(options: { mayUse?: (context: GraphContext) => boolean } = {}) {
  let now = 0;
  const store = createEntityStore({ maxBytes: 1024 * 1024, now: () => now });
  const noted: string[] = [];
  const answers = createKeptAnswers({
    store,
    maxBytes: 1024 * 1024,
    mayUse: options.mayUse ?? (() => true),
    note: (service, _, outcome) => void noted.push(`${service} ${outcome}`),
  });
  const keepEntity = (id: string) => {
    store.put(id, {
      service: 'catalog',
      value: { id },
      ids: new Set([id]),
      bytes: 10,
      maxAgeMs: MINUTE_MS,
      askedAt: store.now(),
    });
    return store.get(id)!;
  };
  /** The context of a request for which these entities were all it took. */
  const madeOf = (ids: readonly string[], misses = 0): GraphContext => {
    const context = noteCacheUse(graphContext({ viewer: { kind: 'anonymous' }, timeoutMs: 1_000 }));
    context.cacheUse!.entities.push(...ids.map(keepEntity));
    context.cacheUse!.hit = ids.length;
    context.cacheUse!.miss = misses;
    return context;
  };
  return { store, answers, noted, madeOf, pass: (ms: number) => (now += ms), anybody: () => madeOf([]) };
}

const search = operationOf('query($words: String!) { search(words: $words) { title } }');
const SEARCH_FETCH = {
  query: 'query Search__search__0($words: String!) { search(words: $words) { id } }',
  variables: {},
};

describe('kept answers', () => {
  it('C7 are given again to the same question, and to no other', () => {
    const { answers, madeOf, anybody, noted } = answersOver();
    answers.keep({ operation: page, variables: { id: 'p1' } }, madeOf(['p1', 'r1']), 'the page');
    expect(answers.find({ operation: page, variables: { id: 'p1' } }, anybody())).toBe('the page');
    expect(noted).toEqual(['catalog hit', 'catalog hit']);
    expect(answers.find({ operation: page, variables: { id: 'p2' } }, anybody())).toBeUndefined();
    expect(answers.find({ operation: page }, anybody())).toBeUndefined();
    // The same text in another document is another question: it may belong to another schema.
    const twin = operationOf('query($id: ID!) { product(id: $id) { title } }');
    expect(answers.find({ operation: twin, variables: { id: 'p1' } }, anybody())).toBeUndefined();
  });

  it('C7 end with the first of their entities, by event or by time', () => {
    const { answers, store, madeOf, anybody, pass } = answersOver();
    const query = { operation: page, variables: { id: 'p1' } };
    answers.keep(query, madeOf(['p1', 'r1']), 'the page');
    store.invalidate('catalog', ['other']);
    expect(answers.find(query, anybody())).toBe('the page');
    store.invalidate('catalog', ['r1']);
    expect(answers.find(query, anybody())).toBeUndefined();

    answers.keep(query, madeOf(['p1', 'r1']), 'the new page');
    pass(MINUTE_MS - 1);
    expect(answers.find(query, anybody())).toBe('the new page');
    pass(1);
    expect(answers.find(query, anybody())).toBeUndefined();
  });

  it('end when an entity is said anew, or everything is forgotten', () => {
    const { answers, store, madeOf, anybody } = answersOver();
    const query = { operation: page, variables: { id: 'p1' } };
    answers.keep(query, madeOf(['p1']), 'the page');
    madeOf(['p1']);
    expect(answers.find(query, anybody())).toBeUndefined();
    answers.keep(query, madeOf(['p1']), 'the page');
    store.clear();
    expect(answers.find(query, anybody())).toBeUndefined();
  });

  it('are made of kept entities alone', () => {
    const { answers, madeOf, anybody } = answersOver();
    answers.keep({ operation: page, variables: { id: 'p1' } }, madeOf(['p1'], 1), 'half of it was asked for');
    answers.keep({ operation: page, variables: { id: 'p2' } }, madeOf([]), 'nothing of it is kept');
    answers.keep({ operation: operationOf('mutation { a }') }, madeOf(['p1']), 'a change');
    expect(answers.find({ operation: page, variables: { id: 'p1' } }, anybody())).toBeUndefined();
    expect(answers.find({ operation: page, variables: { id: 'p2' } }, anybody())).toBeUndefined();
    expect(answers.find({ operation: operationOf('mutation { a }') }, anybody())).toBeUndefined();
  });

  describe('behind a root field that is not kept', () => {
    const query = { operation: search, variables: { words: 'lamp' } };
    const said = { search: [{ id: 'p1' }, { id: 'p2' }] };

    /** Of somebody whose request asked one subgraph, and had the rest from the cache. */
    function searched(given: ReturnType<typeof answersOver>, { data = said as object, request = SEARCH_FETCH } = {}) {
      const context = given.madeOf(['p1', 'p2']);
      context.cacheUse!.bypass = 1;
      context.cacheUse!.asked.push({ service: 'search', request, answer: { data } });
      return context;
    }

    it('S4 C7 are given when it says the same again, to whoever asks', () => {
      const given = answersOver();
      given.answers.keep(query, searched(given), 'two lamps');
      const behind = given.answers.find(query, given.anybody()) as AnswerBehind;
      expect(behind).toMatchObject({ service: 'search', request: SEARCH_FETCH });
      expect(given.noted).toEqual([]);
      expect(behind.after({ data: structuredClone(said) })).toBe('two lamps');
      expect(given.noted).toEqual(['catalog hit', 'catalog hit']);
    });

    it('S4 C7 are not given when it says something else, fails in part, or an entity is not what it was', () => {
      const given = answersOver();
      given.answers.keep(query, searched(given), 'two lamps');
      const behind = () => given.answers.find(query, given.anybody()) as AnswerBehind;
      expect(behind().after({ data: { search: [{ id: 'p2' }] } })).toBeUndefined();
      expect(behind().after({ data: { search: [{ id: 'p2' }, { id: 'p1' }] } })).toBeUndefined();
      expect(behind().after({ data: said, errors: [{ message: 'no' }] })).toBeUndefined();
      expect(behind().after({ data: null })).toBeUndefined();
      const asked = behind();
      // While the subgraph was asked.
      given.store.invalidate('catalog', ['p2']);
      expect(asked.after({ data: said })).toBeUndefined();
      expect(given.answers.find(query, given.anybody())).toBeUndefined();
      expect(given.noted).toEqual([]);
    });

    it('are not kept of more than one fetch, of entities that were asked for, or of somebody in particular', () => {
      const given = answersOver();
      const never = (change: (context: GraphContext) => GraphContext | void) => {
        const context = searched(given);
        given.answers.keep(query, change(context) ?? context, 'not to be kept');
        expect(given.answers.find(query, given.anybody())).toBeUndefined();
      };
      never(({ cacheUse }) => void (cacheUse!.bypass += 1));
      never(({ cacheUse }) => void (cacheUse!.miss += 1));
      never(({ cacheUse }) => void (cacheUse!.hit = 0));
      never(({ cacheUse }) => void (cacheUse!.asked[0]!.answer = { data: said, errors: [{ message: 'no' }] }));
      never((context) => ({ ...context, viewer: { kind: 'user' } as never }));
      never(() => searched(given, { request: { ...SEARCH_FETCH, query: 'query { _entities { id } }' } }));
    });
  });

  it('are not for viewers who may not be answered from the cache', () => {
    const sellers = { mayUse: ({ viewer }: GraphContext) => viewer.kind === 'anonymous' };
    const { answers, madeOf } = answersOver(sellers);
    const query = { operation: page, variables: { id: 'p1' } };
    answers.keep(query, madeOf(['p1']), 'the page');
    const seller = graphContext({ viewer: { kind: 'service', name: 'x' } as never, timeoutMs: 1_000 });
    expect(answers.find(query, seller)).toBeUndefined();
  });

  it('take no more room than they were given, and no endless variables', () => {
    const { answers, madeOf, anybody } = answersOver();
    for (let at = 0; at < 100; at += 1) {
      answers.keep({ operation: page, variables: { id: `p${at}` } }, madeOf(['p1']), 'x'.repeat(20_000));
    }
    // Each replaced its entity, so only the last is good; the older ones are not even looked for any more.
    expect(answers.find({ operation: page, variables: { id: 'p99' } }, anybody())).toHaveLength(20_000);
    const long = { operation: page, variables: { id: 'p'.repeat(3_000) } };
    answers.keep(long, madeOf(['p2']), 'the page');
    expect(answers.find(long, anybody())).toBeUndefined();
  });
});
